"""A statement to print and to keep: tagged PDF (PDF/UA-1), typeset by Typst from the document's plain values.

Values reach the template as JSON, never as its source, so no name can become markup. Fonts are Typst's own.
"""

import json
from datetime import UTC, datetime, time
from io import BytesIO
from pathlib import Path

import segno
import typst

from market.documents.document import StatementDocument
from market.documents.month_svg import month_svg

TEMPLATE = Path(__file__).with_name("statement.typ")


def as_pdf(document: StatementDocument) -> bytes:
    """The document on A4; the same document gives the same bytes."""
    issued = int(datetime.combine(document.issued, time(), UTC).timestamp())
    made: bytes = typst.compile(
        TEMPLATE,
        format="pdf",
        sys_inputs=_inputs(document),
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        timestamp=issued,
    )
    return made


def _inputs(document: StatementDocument) -> dict[str, str]:
    chart = month_svg(document.days, document.words["bought"], document.words["sold"])
    plain = document.as_plain() | {"chart": chart, "code": _code(document.log_head)}
    return {"document": json.dumps(plain, ensure_ascii=False)}


def _code(text: str) -> str:
    """The text as a QR code for another's camera (SVG); nothing for none."""
    if not text:
        return ""
    target = BytesIO()
    segno.make(text, error="m").save(target, kind="svg", scale=4, border=2, dark="#1c2733", xmldecl=False)
    return target.getvalue().decode()
