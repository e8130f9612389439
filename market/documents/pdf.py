"""A statement to print and to keep: tagged PDF (PDF/UA-1), typeset by Typst from the document's plain values.

Values reach the template as JSON, never as its source, so no name can become markup. Fonts are Typst's own.
"""

import json
from datetime import UTC, datetime, time
from pathlib import Path

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
    return {"document": json.dumps(document.as_plain() | {"chart": chart}, ensure_ascii=False)}
