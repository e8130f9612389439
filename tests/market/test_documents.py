"""A statement's files: the same numbers to the cent in each, harmless to spreadsheets, readable and one's own."""

import csv
import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO, StringIO
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader

from community.lines import LineField
from market.documents import Day, DocumentLine, StatementDocument, as_csv, as_json, as_pdf, as_xlsx
from market.services.closing import correct_month
from market.services.statements import close_month
from tests import factories as make
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, cleared, homes, metered, street, usual

__all__ = ["homes", "street"]

WORDS = {
    name: name
    for name in (
        "statement", "document", "issued", "version", "lines", "line", "exact", "owed", "posted", "days", "bought",
        "sold", "facts", "fact", "figure", "changes", "computed", "proof", "proof_text", "code", "energy", "amount",
        "counts", "yes", "no", "day",
    )
} | {"decimal": ",", "group": "."}  # fmt: skip


def document(**changes):
    plain = StatementDocument(
        language="es", title="Extracto", community="Calle", home="Ana", month=date(2026, 11, 1), version=1,
        issued=date(2026, 12, 4), issued_text="4 de diciembre de 2026", public_id="0000", legal_mode="simulation", legal_text="Nada se debe.",
        sentence="Ahorro", owed_cents=-1_234_567,
        lines=(
            DocumentLine("bought", "Comprado", 123_456, -12_345_678_901_234, -1_234_568, True),
            DocumentLine("rent", "Renta", None, 5_000_001, 1, True, "nota"),
        ),
        facts=(("Precio", "0,1"),), days=(Day(date(2026, 11, 1), 1_000, 2_500),), chart_text="Por días",
        changes=(), computed=(("Comprado", "así"),), words=WORDS,
    )  # fmt: skip
    return replace(plain, **changes)


def sheet(content, number=1):
    """Texts and numbers of a worksheet by cell."""
    with zipfile.ZipFile(BytesIO(content)) as book:
        names = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
        strings = [
            "".join(one.itertext())
            for one in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).findall("m:si", names)
        ]
        cells = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")).iter(f"{{{names['m']}}}c")
        found = {}
        for cell in cells:
            value = cell.find("m:v", names)
            if value is not None:
                found[cell.get("r")] = strings[int(value.text)] if cell.get("t") == "s" else float(value.text)
            assert cell.find("m:f", names) is None, "no formula anywhere"
        return found


def text_of(pdf):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_every_form_has_the_same_cents():
    one = document()

    plain = json.loads(as_json(one))
    table = list(csv.DictReader(StringIO(as_csv(one).decode("utf-8-sig"))))
    rows, facts = ([row for row in table if (row["kind"] == "fact") == told] for told in (False, True))
    cells = sheet(as_xlsx(one))
    pdf = text_of(as_pdf(one))

    assert [line["amount_cents"] for line in plain["lines"]] == [-1_234_568, 1]
    assert [(row["amount_eur"], row["amount_exact_eur"], row["energy_kwh"]) for row in rows] == [
        ("-12345.68", "-12345.678901234", "123.456"), ("0.01", "0.005000001", ""),
    ]  # fmt: skip
    assert (cells["D6"], cells["C6"], cells["D7"]) == (-12_345.68, 123.456, 0.01)
    assert "−12.345,68" in pdf
    assert "−12.345,678901234" in pdf
    assert "+0,01" in pdf
    assert [row["label"] for row in facts] == ["Precio: 0,1"]
    assert sheet(as_xlsx(one), 2)["B1"] == "0,1"


def test_the_pdf_carries_the_logs_head_in_letters_and_as_a_code():
    head = "localhost/log/calle/1\n12\nH4qiBX+8LTnWCYhz16PEfmmnzluuLz69M5ZOVr2OxBQ="

    with_head, without = as_pdf(document(log_head=head)), as_pdf(document())

    assert "H4qiBX+8LTnWCYhz16PEfmmnzluuLz69M5ZOVr2OxBQ=" in text_of(with_head).replace(" ", "")
    assert "proof_text" in text_of(with_head)
    assert "proof_text" not in text_of(without)
    assert json.loads(as_json(document(log_head=head)))["log_head"] == head


def test_the_same_statement_is_the_same_file():
    for write in (as_pdf, as_xlsx, as_csv, as_json):
        assert write(document()) == write(document())


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx"])
def test_no_text_is_a_formula(name):
    line = replace(document().lines[0], label=name)
    one = document(home=name, title=name, lines=(line,))

    table = list(csv.DictReader(StringIO(as_csv(one).decode("utf-8-sig"))))
    rows, facts = ([row for row in table if (row["kind"] == "fact") == told] for told in (False, True))
    cells = sheet(as_xlsx(one))

    assert rows[0]["label"] == f"'{name}"
    assert cells["A1"] == f"'{name}"
    assert cells["B6"] == f"'{name}"


def test_no_name_is_markup_in_the_pdf():
    name = '#read("/etc/passwd") *x* $y$ <a> \\ "]}'

    pdf = text_of(as_pdf(document(home=name, title=name, lines=(replace(document().lines[0], label=name),))))

    assert '#read("/etc/passwd") *x* $y$ <a> \\ "]}' in pdf


@pytest.mark.parametrize(
    ("name", "shown"), [("Casa 漢字 🌞", "Casa ?? ?"), ("Ωmega Żółć Ђ", "Ωmega Żółć Ђ"), ("집 안", "? ?")]
)
def test_letters_that_the_font_lacks_are_question_marks_and_never_the_end_of_the_pdf(name, shown):
    assert shown in text_of(as_pdf(document(home=name)))


# Letters of Arabic that the font lacks, by which the typesetter loses count.
PANICKING = (*range(0x883, 0x88F), *range(0x898, 0x8A0), *range(0x8A4, 0x8A7), 0x8E6)


@pytest.mark.parametrize("name", ["\u0261rup\u025c", " ".join(chr(code) for code in PANICKING)])
def test_no_letters_that_a_form_takes_end_the_process_that_makes_the_pdf(name):
    assert LineField(max_length=120).clean(name)

    assert "Casa" in text_of(as_pdf(document(community=name, home=f"Casa {name}", title=name)))


def test_whatever_shows_may_stand_in_a_name_and_the_pdf_is_made():
    letters = [chr(code) for code in range(0x30000) if chr(code).isprintable()]

    assert as_pdf(document(home=" ".join(letters))).startswith(b"%PDF-")


def test_the_pdf_says_its_language_and_title_and_is_tagged():
    reader = PdfReader(BytesIO(as_pdf(document())))

    catalogue = reader.trailer["/Root"]
    assert catalogue["/Lang"] == "es"
    assert catalogue["/MarkInfo"]["/Marked"]
    assert reader.metadata.title == "Extracto"
    assert "pdfuaid" in catalogue["/Metadata"].get_object().get_data().decode()


@pytest.fixture
def carla(street, homes):
    carla = homes[2]
    carla.member = make.member(street, "Carla")
    carla.save()
    cleared(street, usual(homes))
    metered(homes)
    return carla


@pytest.mark.django_db
def test_a_closed_month_is_downloaded_in_every_form_with_the_figures_of_the_page(client, street, homes, carla):
    client.force_login(carla.member.user)
    assert client.get("/months/2026-11/statement.pdf").status_code == 404, "it is still open"
    close_month(community=street, month=NOVEMBER, at=CLOSING)

    page = client.get("/months/2026-11/", headers={"accept-language": "en"}).content.decode()
    answers = {
        form: client.get(f"/months/2026-11/statement.{form}", headers={"accept-language": "en"})
        for form in ("pdf", "xlsx", "csv", "json")
    }

    assert "/months/2026-11/statement.pdf" in page
    assert {form: answer.headers["content-type"].split(";")[0] for form, answer in answers.items()} == {
        "pdf": "application/pdf", "csv": "text/csv", "json": "application/json",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }  # fmt: skip
    said = json.loads(answers["json"].content)
    bought = next(line for line in said["lines"] if line["kind"] == "bought")
    assert (bought["energy_wh"], bought["amount_neur"], bought["amount_cents"]) == (600, -90_000_000, -9)
    assert said["legal_text"].startswith("This is a simulation. Nothing is owed")
    pdf = text_of(answers["pdf"].content)
    assert "Statement of November 2026" in pdf
    assert "−0.09" in pdf
    assert "0.150 €/kWh" in pdf.replace("\xa0", " ")
    assert f'filename="azotea-2026-11-{carla.pk}.pdf"' in answers["pdf"].headers["content-disposition"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "heads", "days", "yes"),
    [
        ("es", ("Código", "Línea", "Energía, kWh", "Importe, €"), ("Día", "comprado, kWh", "vendido, kWh"), "sí"),
        ("ca", ("Codi", "Línia", "Energia, kWh", "Import, €"), ("Dia", "comprat, kWh", "venut, kWh"), "sí"),
        ("en", ("Code", "Line", "Energy, kWh", "Amount, €"), ("Day", "bought, kWh", "sold, kWh"), "yes"),
    ],
)
def test_the_workbook_is_headed_in_its_readers_language_and_tables_for_programs_in_none(
    client, street, carla, language, heads, days, yes
):
    client.force_login(carla.member.user)
    close_month(community=street, month=NOVEMBER, at=CLOSING)

    book, table = (
        client.get(f"/months/2026-11/statement.{form}", headers={"accept-language": language}).content
        for form in ("xlsx", "csv")
    )

    cells, by_day = sheet(book), sheet(book, 3)
    assert tuple(cells[f"{column}5"] for column in "ABCD") == heads
    assert cells["F6"] == yes
    assert tuple(by_day[f"{column}1"] for column in "ABC") == days
    assert by_day["A2"] == (make.NOON.date() - date(1899, 12, 30)).days, "a day, which the spreadsheet writes"
    head, first = table.decode("utf-8-sig").splitlines()[:2]
    assert head == "kind,label,energy_kwh,amount_eur,amount_exact_eur,posted"
    assert first.startswith("bought,")
    assert first.endswith("yes")


@pytest.mark.django_db
def test_a_corrected_month_says_what_changed_and_which_version_it_is(client, street, homes, carla):
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    metered(homes, at=CLOSING + timedelta(hours=1), taken=(400, 300))
    correct_month(community=street, month=NOVEMBER, at=CLOSING + timedelta(days=2))
    client.force_login(carla.member.user)

    said = client.get("/months/2026-11/statement.json", headers={"accept-language": "es"}).json()

    assert said["version"] == 2
    assert said["language"] == "es"
    assert any("−0,30" in change for change in said["changes"])
    pdf = text_of(client.get("/months/2026-11/statement.pdf", headers={"accept-language": "es"}).content)
    assert "versión 2" in pdf
    assert "Qué ha cambiado la corrección" in pdf


@pytest.mark.django_db
def test_nobody_downloads_anothers_statement_or_a_form_that_does_not_exist(client, street, homes, carla):
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    client.force_login(make.member(street, "Eva").user)
    assert client.get(f"/months/2026-11/statement.pdf?home={carla.pk}").status_code == 404
    client.force_login(carla.member.user)
    assert client.get("/months/2026-11/statement.docx").status_code == 404
    assert client.get("/months/2026-13/statement.pdf").status_code == 404
