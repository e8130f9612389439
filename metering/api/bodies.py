"""What a request's body holds: strict JSON, JSON lines or CSV, packed or not, within its limits."""

import csv
import gzip
import io
import zlib
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from metering.api import strict
from metering.api.problems import BadJson, TooLarge

JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 4 * MOST_BYTES
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
            lines = raw.split(b"\n")
            return raw, {collection: [strict.parse(line) for line in lines if line.strip()]}
        return raw, {collection: _table(raw)}
    except strict.NotStrict as error:
        raise BadJson(str(error)) from error


def _unpacked(request: Request) -> bytes:
    too_large = TooLarge(_("At most 5 MiB fit in one call, 20 MiB unpacked: split the upload."))
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
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
        unpacked = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(MOST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadJson(_("The gzip body is damaged.")) from error
    if len(unpacked) > MOST_UNPACKED:
        raise too_large
    return unpacked


def _table(raw: bytes) -> list[dict[str, Any]]:
    """Rows of a CSV with a header of field names; empty cells are fields left out."""
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), strict=True)
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise strict.NotStrict(_("Not CSV in UTF-8: %(message)s.") % {"message": str(error)}) from error
    return [{name: _cell(name, value) for name, value in row.items() if value not in {"", None}} for row in rows]


def _cell(name: str | None, value: Any) -> Any:
    """A cell as JSON would say it: whole numbers where the field is one."""
    text = value if isinstance(value, str) else ",".join(value)
    digits = text.removeprefix("-")
    return int(text) if name in WHOLE and digits.isascii() and digits.isdigit() and len(digits) < 18 else text
