"""From bytes to text: compression and encodings, with a limit on what they may unfold to."""

import bz2
import gzip
import io
import zlib

from metering.formats.facts import UnreadableFile

MOST_BYTES = 200 * 1024 * 1024
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def text_of(content: bytes) -> str:
    """The file's text: bz2 and gzip unfolded, UTF-8 with or without mark, UTF-16 with one, else Latin-9.

    Raises `UnreadableFile` with `empty`, `spreadsheet`, `too-large` or `damaged`.
    """
    content = _unfolded(content)
    if content.startswith(_SPREADSHEETS):
        raise UnreadableFile("spreadsheet")
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "iso8859-15"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not text.strip():
            raise UnreadableFile("empty")
        if "\x00" in text:
            break
        return text
    raise UnreadableFile("not-text")


def _unfolded(content: bytes) -> bytes:
    try:
        if content.startswith(b"BZh"):
            return _limited(bz2.BZ2File(io.BytesIO(content)))
        if content.startswith(b"\x1f\x8b"):
            return _limited(gzip.GzipFile(fileobj=io.BytesIO(content)))
    except (OSError, EOFError, zlib.error, ValueError) as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile("damaged") from error
    return content


def _limited(file: bz2.BZ2File | gzip.GzipFile) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UnreadableFile("too-large", most_mib=MOST_BYTES // 2**20)
    return content
