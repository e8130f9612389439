"""A pilot's report as PDF: tables and sentences, typeset by Typst."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from market.documents.typesetting import typeset

TEMPLATE = Path(__file__).with_name("report.typ")


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of texts under a heading; its first column names the row."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """All that a report says. `figures` are label, value and note of its main numbers."""

    language: str
    title: str
    made: date
    made_text: str
    sentence: str
    range: str
    figures: tuple[tuple[str, str, str], ...]
    tables: tuple[ReportTable, ...]
    notes_title: str
    notes: tuple[str, ...]


def as_report_pdf(document: ReportDocument) -> bytes:
    """The report on A4, tagged (PDF/UA-1); the same report gives the same bytes."""
    said = asdict(document) | {"made": document.made.isoformat()}
    return typeset(TEMPLATE, "report", said, document.made)
