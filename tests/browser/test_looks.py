"""The main pages in every language, scheme, width and with or without JavaScript: each two of these meet somewhere.

Phone in Spanish and light, desk in English and dark, both with JavaScript, are looked at in test_accessibility.py.
"""

import re

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

from tests import factories as make
from tests.browser.checks import problems
from tests.browser.conftest import DESK, PHONE, log_in
from tests.browser.test_accessibility import street

__all__ = ["street"]
pytestmark = pytest.mark.django_db(transaction=True)
LOOKS = (
    (PHONE, "ca-ES", "dark", False),
    (DESK, "ca-ES", "light", True),
    (PHONE, "en-GB", "light", False),
    (DESK, "es-ES", "dark", False),
)
PAGES = (
    "/", "/energy/", "/energy/?v=month&unit=eur", "/market/", "/street/", "/street/cables/", "/street/congestion/",
    "/rules/", "/months/", "/months/2026-11/", "/when/", "/proof/", "/more/", "/help/", "/account/notices/",
    "/account/privacy/", "/slots/2026-11-23T1100Z/", "/virtual-battery/", "/neighbours/", "/completeness/",
    "/closing/", "/agents/", "/roles/", "/tariffs/",
)  # fmt: skip
WIDTHS = (320, 390, 768, 1040, 1280)
FIGURED = (
    "/", "/?d=2026-11-22", "/market/", "/market/?d=2026-11-22", "/street/", "/street/cables/", "/street/congestion/",
    "/street/forecasts/", "/months/", "/agents/", "/c/calle/",
)  # fmt: skip
# Each number as it stands, then as long as a price with three decimals gets; and whether the last row is filled.
CUT = """([long]) => {
  const said = [];
  for (const value of document.querySelectorAll(".figures .value")) {
    if (long) value.textContent = long;
    const row = value.closest(".figures").getBoundingClientRect();
    const cell = value.closest(".figure").getBoundingClientRect();
    if (value.scrollWidth > value.clientWidth || cell.right > row.right + 1) said.push(`cut: ${value.textContent}`);
  }
  for (const row of document.querySelectorAll(".figures")) {
    const last = row.lastElementChild.getBoundingClientRect();
    if (last.right < row.getBoundingClientRect().right - 2) said.push("a blank cell");
  }
  return said;
}"""
# Whether each row's own thing may be wider than half of the row.
WIDE = """rows => rows.map(row => {
  const columns = getComputedStyle(row).gridTemplateColumns.split(" ").map(parseFloat);
  const spans = row.firstElementChild && getComputedStyle(row.firstElementChild).gridColumnEnd === "-1";
  return spans || columns[0] > row.clientWidth / 2;
})"""
# Shorter ones may be a word of both languages.
LONG = 24


def english(language):
    """Long texts of the site that read otherwise in this language."""
    if language == "en":
        return []
    with (settings.BASE_DIR / f"locale/{language}/LC_MESSAGES/django.po").open("rb") as file:
        found = [(one.id, one.string) for one in read_po(file) if isinstance(one.id, str)]
    return [said for said, told in found if len(said) >= LONG and said != told and not re.search(r"[%{<]", said)]


def test_the_main_pages_look_well_in_every_language_scheme_and_width_with_and_without_javascript(
    open_page, street
):
    wrong = []
    for viewport, locale, scheme, script in LOOKS:
        language, untold = locale[:2], english(locale[:2])
        page = open_page(locale, viewport, script=script)
        page.emulate_media(color_scheme=scheme)
        log_in(page, "marta@example.org", make.PASSWORD)
        for path in PAGES:
            answer = page.goto(path)
            text = page.inner_text("body")
            for other in page.locator("body [lang]").all_inner_texts():  # it says itself that it is in another one
                text = text.replace(other, "")
            wrong += [f"{path} {answer.status}"] if answer.status != 200 else []
            wrong += [f"{path} is not {language}"] if page.get_attribute("html", "lang") != language else []
            wrong += [f"{path} says in English: {said}" for said in untold if said in text]
            wrong += [f"{path} has no title to read"] if not page.inner_text("main h1").strip() else []
            wrong += problems(page, path) if script else []

    assert wrong == []


def test_no_number_of_a_page_is_cut_and_no_cell_is_blank_at_any_width(open_page, street):
    page, wrong = open_page("es-ES", DESK), []
    log_in(page, "marta@example.org", make.PASSWORD)

    for path in FIGURED:
        page.goto(path)
        for long in (None, "0,145\u00a0€/kWh"):
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                wrong += [f"{path} at {width}: {said}" for said in page.evaluate(CUT, [long])]

    assert wrong == []


def test_what_counts_in_a_table_is_seen_on_a_phone_without_scrolling(open_page, street):
    page = open_page("es-ES", {"width": 360, "height": 800})
    log_in(page, "marta@example.org", make.PASSWORD)

    page.goto("/months/")
    table = page.locator("[aria-labelledby=log-title] .table-wrap")
    gain = table.locator("td.num").first
    box, frame = gain.bounding_box(), table.bounding_box()
    shaded = table.evaluate("one => getComputedStyle(one).backgroundAttachment")
    text = gain.inner_text()
    page.goto("/months/2026-11/")
    sizes = page.locator(".formula").evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).fontSize))"
    )

    assert "€" in text
    assert box["x"] + box["width"] <= frame["x"] + frame["width"]
    assert "local" in shaded
    assert sizes
    assert min(sizes) >= 12


def test_all_roles_lists_are_read_on_a_phone_without_scrolling_sideways_and_without_javascript(open_page, street):
    page = open_page("es-ES", PHONE, script=False)

    page.goto("/help/roles/")
    for fold in page.locator("details.fold > summary").all():
        fold.click()
    lists = page.locator(".powers ul").all()
    boxes = [one.bounding_box() for one in lists]
    wide = page.evaluate("document.documentElement.scrollWidth")

    assert len(boxes) == 14
    assert page.locator(".table-wrap").count() == 0
    assert wide <= PHONE["width"]
    assert all(box["width"] > 200 and box["x"] + box["width"] <= PHONE["width"] for box in boxes)


def test_a_row_that_is_one_thing_alone_takes_the_width_of_its_card(open_page, street):
    page, found = open_page("en-GB", DESK), {}
    log_in(page, "marta@example.org", make.PASSWORD)

    for path in ("/account/privacy/", "/account/sessions/", "/roles/"):
        page.goto(path)
        found[path] = page.locator(".rows > .row.row-plain").evaluate_all(WIDE)

    assert [path for path, wide in found.items() if not wide or not all(wide)] == []
