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
_WITHOUT_LETTERS = re.compile(
    r"[^\u0000-\u052f\u1e00-\u22ff\ufb00-\ufb04]"
    # And what it lacks of these.
    r"|[\u019b\u025c\u0261\u0264\u026a\u026c\u0282\u0287\u029d\u029e\u0500-\u050f\u0514-\u0519\u051e-\u052f"
    r"\u2041\u2043\u2053\u20d0-\u20ff\u211f\u2121\u2123\u2125\u2152\u2185-\u218b]"
)


def typeset(template: Path, name: str, values: dict[str, Any], day: date) -> bytes:
    """The template's PDF with `values` as its input `name`, dated `day`."""
    said = json.dumps(values, ensure_ascii=False)
    try:
        return _compiled(template, {name: said}, day)
    except BaseException as error:
        # Some letters that it lacks have its compiler panic, which is no Exception and would end the process.
        if not isinstance(error, typst.TypstError) and type(error).__name__ != "PanicException":
            raise
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
