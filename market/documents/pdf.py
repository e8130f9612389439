"""A statement to print and to keep, from the document's plain values."""

from io import BytesIO
from pathlib import Path

import segno

from market.documents.document import StatementDocument
from market.documents.month_svg import month_svg
from market.documents.typesetting import typeset

TEMPLATE = Path(__file__).with_name("statement.typ")


def as_pdf(document: StatementDocument) -> bytes:
    """The document on A4; the same document gives the same bytes."""
    chart = month_svg(document.days, document.words["bought"], document.words["sold"])
    plain = document.as_plain() | {"chart": chart, "code": _code(document.log_head)}
    return typeset(TEMPLATE, "document", plain, document.issued)


def _code(text: str) -> str:
    """The text as a QR code for another's camera (SVG); nothing for none."""
    if not text:
        return ""
    target = BytesIO()
    segno.make(text, error="m").save(target, kind="svg", scale=4, border=2, dark="#1c2733", xmldecl=False)
    return target.getvalue().decode()
