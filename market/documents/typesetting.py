"""Typst, as every document uses it: A4, tagged (PDF/UA-1), Typst's own fonts, the same values the same bytes.

Values reach a template as JSON, never as its source, so no name can become markup.
"""

import json
import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import typst

# What Typst's own serif has letters for: Latin, Greek and Cyrillic with their signs. A tagged PDF must not show
# the empty box that stands for any other, so a question mark does.
_WITHOUT_LETTERS = re.compile(r"[^\u0000-\u052f\u1e00-\u22ff\ufb00-\ufb04]")


def typeset(template: Path, name: str, values: dict[str, Any], day: date) -> bytes:
    """The template's PDF with `values` as its input `name`, dated `day`."""
    said = json.dumps(values, ensure_ascii=False)
    try:
        return _compiled(template, {name: said}, day)
    except typst.TypstError:
        return _compiled(template, {name: _WITHOUT_LETTERS.sub("?", said)}, day)


def _compiled(template: Path, inputs: dict[str, str], day: date) -> bytes:
    made: bytes = typst.compile(
        template,
        format="pdf",
        sys_inputs=inputs,
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        timestamp=int(datetime.combine(day, time(), UTC).timestamp()),
    )
    return made
