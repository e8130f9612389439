"""Statements as tables: XLSX in the reader's words, CSV and JSON for programs; no text in them is run."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from decimal import Decimal
from io import BytesIO, StringIO

import xlsxwriter
from xlsxwriter.format import Format

from community.spreadsheets import harmless, write_csv
from market.documents.document import StatementDocument

COLUMNS = ("kind", "label", "energy_kwh", "amount_eur", "amount_exact_eur", "posted")
# The words of the document that head the same columns for people.
HEADINGS = ("code", "line", "energy", "amount", "exact", "counts")
THE_READERS_DATE = 14  # the number of Excel's own format that follows its reader's locale
WIDTHS = (18, 40, 14, 14, 22, 10)


def csv_of(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A table of texts and plain numbers, UTF-8; no text in it is run."""
    text = StringIO()
    write_csv(text, columns, rows)
    return text.getvalue().encode()


def as_json(document: StatementDocument) -> bytes:
    """The document's plain values; energies in Wh, money in n€ and cents."""
    return json.dumps(document.as_plain(), ensure_ascii=False, indent=1).encode()


def as_csv(document: StatementDocument) -> bytes:
    """The lines as a table: kWh and euros with a decimal point, UTF-8 with a mark so that spreadsheets see it."""
    text = StringIO()
    lines = [
        (
            line.kind,
            line.label,
            None if line.energy_wh is None else Decimal(line.energy_wh).scaleb(-3),
            Decimal(line.amount_cents).scaleb(-2),
            Decimal(line.amount_neur).scaleb(-9),
            "yes" if line.posted else "no",
        )
        for line in document.lines
    ]
    facts = [("fact", f"{label}: {value}", "", "", "", "") for label, value in document.facts]
    write_csv(text, COLUMNS, [*lines, *facts])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(document: StatementDocument) -> bytes:
    """The lines and the days as a workbook; the same document gives the same bytes."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {"title": document.title, "author": "Azotea", "created": datetime.combine(document.issued, time())}
    )
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00 [$€-1]"})
    energy, exact = book.add_format({"num_format": "#,##0.000"}), book.add_format({"num_format": "0.000000000"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(document.words["statement"][:31])
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, harmless(document.title), bold)
    sheet.write_string(1, 0, harmless(f"{document.home} · {document.community}"))
    sheet.merge_range(2, 0, 2, len(COLUMNS) - 1, harmless(document.legal_text), wrapped)
    sheet.set_row(2, 48)
    for column, name in enumerate(HEADINGS):
        sheet.write_string(4, column, document.words[name], bold)
    for row, line in enumerate(document.lines, start=5):
        sheet.write_string(row, 0, line.kind)
        sheet.write_string(row, 1, harmless(line.label))
        if line.energy_wh is not None:
            sheet.write_number(row, 2, line.energy_wh / 1_000, energy)
        sheet.write_number(row, 3, line.amount_cents / 100, money)
        sheet.write_number(row, 4, line.amount_neur / 1e9, exact)
        sheet.write_string(row, 5, document.words["yes" if line.posted else "no"])
    _write_facts(book, document)
    _write_days(book, document, bold, energy)
    book.close()
    return target.getvalue()


def _write_days(book: xlsxwriter.Workbook, document: StatementDocument, bold: Format, energy: Format) -> None:
    """A sheet of what was bought and sold day by day; days are written as the reader's spreadsheet writes them."""
    words, day = document.words, book.add_format({"num_format": THE_READERS_DATE})
    sheet = book.add_worksheet(words["days"][:31])
    sheet.set_column(0, 2, 16)
    for column, name in enumerate((words["day"], f"{words['bought']}, kWh", f"{words['sold']}, kWh")):
        sheet.write_string(0, column, name, bold)
    for row, one in enumerate(document.days, start=1):
        sheet.write_datetime(row, 0, datetime.combine(one.day, time()), day)
        sheet.write_number(row, 1, one.bought_wh / 1_000, energy)
        sheet.write_number(row, 2, one.sold_wh / 1_000, energy)


def _write_facts(book: xlsxwriter.Workbook, document: StatementDocument) -> None:
    """A sheet of prices, energy, congestion and the virtual battery."""
    sheet = book.add_worksheet(document.words["facts"][:31])
    sheet.set_column(0, 0, 60)
    sheet.set_column(1, 1, 40)
    for row, (label, value) in enumerate(document.facts):
        sheet.write_string(row, 0, harmless(label))
        sheet.write_string(row, 1, harmless(value))
