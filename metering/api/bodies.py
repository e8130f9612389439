"""What a request's body holds: strict JSON, JSON lines or CSV, packed or not, within its limits."""

import csv
import io
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from metering.api import strict
from metering.api.problems import BadJson, TooLarge
from metering.api.rows import MOST_ROWS
from metering.formats import UnreadableFile
from metering.formats.decoding import GZIP, unfolded

JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 4 * MOST_BYTES
MOST_COLUMNS = 20
BEYOND = "beyond the header"  # how cells are called for which the header has no name
WHOLE = ("energy_wh", "power_w", "register_wh")


def body_of(request: Request, collection: str) -> tuple[bytes, Any]:
    """The request's unpacked body, and `{collection: rows}` as a JSON body says it whatever its type is.

    Raises `TooLarge`, `UnsupportedMediaType` and `BadJson`.
    """
    kind = (request.content_type or "").partition(";")[0].strip().casefold()
    if kind not in {JSON, LINES, CSV}:
        raise UnsupportedMediaType(
            kind or "none", detail=_("Send application/json, application/x-ndjson or text/csv.")
        )
    raw = _unpacked(request)
    try:
        if kind == JSON:
            return raw, strict.parse(raw)
        if kind == LINES:
            lines = (line for line in raw.split(b"\n") if line.strip())
            # One more than fit is enough to be told so.
            return raw, {collection: [strict.parse(line) for line in islice(lines, MOST_ROWS + 1)]}
        return raw, {collection: _table(raw)}
    except strict.NotStrict as error:
        raise BadJson(str(error)) from error


def _unpacked(request: Request) -> bytes:
    too_large = TooLarge(CAUSES["too-large"])
    told = request.META.get("CONTENT_LENGTH") or ""
    if told.isdecimal() and int(told[:20]) > MOST_BYTES:
        raise too_large
    raw: bytes = request._request.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise too_large
    encoding = request.headers.get("Content-Encoding", "identity").strip().casefold()
    if encoding == "identity":
        return raw
    if encoding != "gzip":
        raise UnsupportedMediaType(encoding, detail=_("Pack the body with gzip or not at all."))
    try:
        if not raw.startswith(GZIP):
            raise UnreadableFile("damaged")
        return unfolded(raw, MOST_UNPACKED)
    except UnreadableFile as error:
        if error.code in {"too-large", "too-tight"}:
            raise TooLarge(CAUSES[error.code]) from error
        raise BadJson(CAUSES.get(error.code, CAUSES["damaged"])) from error


# Why a packed body is not unfolded.
CAUSES = {
    "too-large": gettext_lazy("At most 5 MiB fit in one call, 20 MiB unpacked: split the upload."),
    "damaged": gettext_lazy("The gzip body is damaged."),
    "too-tight": gettext_lazy("The gzip body unfolds to more than a hundred times its size: send it unpacked."),
    "many-members": gettext_lazy("The gzip body has too many parts: pack it as one."),
    "nested": gettext_lazy("The gzip body is packed twice: pack it once."),
}


def _table(raw: bytes) -> list[dict[str, Any]]:
    """Rows of a CSV with a header of field names; empty cells are fields left out."""
    reader = csv.DictReader(io.StringIO(_text(raw)), strict=True)
    try:
        names = list(reader.fieldnames or [])
        if len(names) > MOST_COLUMNS or len(set(names)) < len(names):
            raise strict.NotStrict(
                _("The header names at most %(most)d fields, each of them once.") % {"most": MOST_COLUMNS}
            )
        rows = list(islice(reader, MOST_ROWS + 1))
    except csv.Error as error:
        place = {"line": reader.line_num}
        raise strict.NotStrict(_("Not CSV from line %(line)d on: is a quotation mark open?") % place) from error
    return [
        {name or BEYOND: _cell(name, value) for name, value in row.items() if value is not None and value != ""}
        for row in rows
    ]


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise strict.NotStrict(_("The body is not UTF-8.")) from error


def _cell(name: str | None, value: Any) -> Any:
    """A cell as JSON would say it: whole numbers where the field is one."""
    text = value if isinstance(value, str) else ",".join(value)
    digits = text.removeprefix("-")
    return int(text) if name in WHOLE and digits.isascii() and digits.isdigit() and len(digits) < 18 else text
