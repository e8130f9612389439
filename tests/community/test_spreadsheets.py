"""No cell of an exported table begins a formula, and nothing writes a table by another way."""

import csv
import io
import re
from decimal import Decimal

import pytest

from community.spreadsheets import harmless, write_csv
from tests.architecture.test_house_rules import ROOT, SOURCES

EVIL = [
    "=HYPERLINK(1)", "=cmd|' /C calc'!A0", "+1+1", "-1", "-1+1", "-A1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "＠x",
    '=1"",', "-",
]  # fmt: skip


def table(header, rows):
    text = io.StringIO(newline="")
    write_csv(text, header, rows)
    return list(csv.reader(io.StringIO(text.getvalue(), newline="")))


@pytest.mark.parametrize("evil", EVIL)
def test_a_formula_is_led_by_an_apostrophe_wherever_it_stands(evil):
    class Told:
        def __str__(self):
            return evil

    assert table([evil], [[evil, Told()]]) == [[f"'{evil}"], [f"'{evil}", f"'{evil}"]]


@pytest.mark.parametrize("good", ["Ana", "2026-11-23", "a=b", "", "'=1", "Ático 3º-A"])
def test_what_is_no_formula_stays(good):
    assert harmless(good) == good


@pytest.mark.parametrize(
    "evil",
    ["Ana;=1+1;", "Ana\t=1+1\t", "Ana\n=1+1", 'Ana;"=1+1"', "Ana;@SUM(1)", "=1;=1+1;", "Ana\r\n-1+1", "-;＝1"],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_begins_a_formula_whatever_a_spreadsheet_takes_for_its_end(evil, separator):
    text = io.StringIO(newline="")
    write_csv(text, ["name", "note"], [["Berta", evil], [evil, "x"]])

    # As spreadsheets read what was quoted for a comma: a quote in the midst of a cell is a letter.
    cells = [
        cell for row in csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=separator) for cell in row
    ]

    assert [cell for cell in cells if cell.lstrip('"').startswith(tuple("=+-@＝＋－＠"))] == []


def test_numbers_stay_numbers():
    assert table(["a"], [[-5, 0.5, None, Decimal(-1).scaleb(-9)]])[1] == ["-5", "0.5", "", "-0.000000001"]


def test_csv_is_written_in_one_place_and_workbooks_know_no_formulas():
    writers = [str(p.relative_to(ROOT)) for p in SOURCES if re.search(r"csv\.(Dict)?[wW]riter\(", p.read_text())]
    books = {str(p.relative_to(ROOT)): p.read_text() for p in SOURCES if "xlsxwriter.Workbook(" in p.read_text()}

    assert [name for name in writers if not name.startswith("benchmarks/")] == ["community/spreadsheets.py"]
    assert list(books) == ["market/documents/sheets.py"]
    for text in books.values():
        assert '"strings_to_formulas": False, "strings_to_urls": False' in text
        assert not re.search(r"\.write(_formula|_url|_row|_column|_rich_string)?\(", text)
