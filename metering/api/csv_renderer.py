"""Rows as CSV, for `Accept: text/csv`; whatever is no list of rows stays JSON."""

import io
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer

from community.spreadsheets import write_csv


class CsvRenderer(BaseRenderer):
    """A header of field names and a line a row."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if not isinstance(data, list):
            return bytes(JSONRenderer().render(data))
        text = io.StringIO(newline="")
        names = list(data[0]) if data else ["channel", "start", "energy_wh"]
        write_csv(text, names, ([row[name] for name in names] for row in data))
        return text.getvalue().encode()
