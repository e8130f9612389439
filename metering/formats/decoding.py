"""From bytes to text: compression and encodings, with a limit on what they may unfold to."""

import bz2
import zlib

from metering.formats.facts import UnreadableFile

MOST_BYTES = 200 * 1024 * 1024
FREE_BYTES = 5 * 1024 * 1024  # up to here it does not matter how tightly a file is packed
MOST_RATIO = 100
MOST_MEMBERS = 20
CHUNK = 1024 * 1024
GZIP, BZIP = b"\x1f\x8b", b"BZh"
PACKED = (GZIP, BZIP)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"(\xb5/\xfd")
_SPREADSHEETS = (b"\xd0\xcf\x11\xe0",)
_WORKBOOK = (b"[Content_Types].xml", b"xl/", b"application/vnd.oasis")  # what an XLSX or ODS begins with


def text_of(content: bytes) -> str:
    """The file's text: bz2 and gzip unfolded, UTF-8 with or without mark, UTF-16 with one, else Latin-9.

    Raises `UnreadableFile` with `empty`, `spreadsheet`, `archive`, `not-text` or what `unfolded` raises.
    """
    content = unfolded(content)
    if content.startswith(_ZIP):  # nothing of it is unfolded, whatever it holds
        raise UnreadableFile("spreadsheet" if any(one in content[:4096] for one in _WORKBOOK) else "archive")
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


def unfolded(content: bytes, most_bytes: int | None = None) -> bytes:
    """What gzip or bzip2 packed, and anything else as it is; at most `most_bytes` (`MOST_BYTES`) are unfolded.

    Raises `UnreadableFile`: `too-large`, `too-tight` (a bomb), `many-members`, `nested` or `damaged`.
    """
    if not content.startswith(PACKED):
        return content
    most_bytes = most_bytes or MOST_BYTES
    most = min(most_bytes, max(FREE_BYTES, MOST_RATIO * len(content)))
    parts, size, rest = [], 0, content
    for _member in range(MOST_MEMBERS):
        unpacker = _Unpacker(rest)
        while not unpacker.eof:
            part = unpacker.next(min(most - size + 1, CHUNK))
            size += len(part)
            if size > most:
                facts = {"most_mib": most_bytes // 2**20} if most == most_bytes else {"ratio": MOST_RATIO}
                raise UnreadableFile("too-large" if most == most_bytes else "too-tight", **facts)
            parts.append(part)
        rest = unpacker.rest
        if not rest.startswith(PACKED):  # what follows the last member is padding
            break
    else:
        raise UnreadableFile("many-members", most=MOST_MEMBERS)
    whole = b"".join(parts)
    if whole.startswith(PACKED):
        raise UnreadableFile("nested")
    return whole


class _Unpacker:
    """One member of a packed file, unfolded piece by piece."""

    def __init__(self, content: bytes) -> None:
        self.zip = zlib.decompressobj(wbits=31) if content.startswith(GZIP) else None
        self.bzip = None if self.zip else bz2.BZ2Decompressor()
        self.waiting = content

    @property
    def eof(self) -> bool:
        return bool(self.zip.eof if self.zip else self.bzip and self.bzip.eof)

    @property
    def rest(self) -> bytes:
        """What follows the member."""
        return self.zip.unused_data if self.zip else self.bzip.unused_data if self.bzip else b""

    def next(self, most: int) -> bytes:
        """At most so many bytes more. Raises `UnreadableFile`: `damaged`, also where the member breaks off."""
        given, self.waiting = self.waiting, b""
        try:
            if self.zip:
                part = self.zip.decompress(given, most)
                self.waiting = self.zip.unconsumed_tail
            else:
                assert self.bzip is not None
                part = self.bzip.decompress(given, most)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise UnreadableFile("damaged") from error
        if not part and not self.eof and not self.waiting:
            raise UnreadableFile("damaged")
        return part
