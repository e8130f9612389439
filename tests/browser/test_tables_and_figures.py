"""On a phone no table has to be pushed aside unless it is a matrix; and every picture says in words what it shows."""

import pytest

from community.models import User
from tests import factories as make
from tests.browser.conftest import PHONE, log_in
from tests.browser.test_accessibility import every_page, street

__all__ = ["street"]
pytestmark = pytest.mark.django_db(transaction=True)

# Tables of many figures a row that are read along and down at once: pulled apart into lines, they say less. They keep
# to their box, can be walked to with the keys, and shade the edge behind which there is more.
MATRICES = {
    "day-figures",  # the figures of a picture, slot by slot
    "day-1", "day-2",  # prices of two days, hour by hour
    "energy-title",  # the figures of a picture, part by part
    "tree-title",  # every cable, with its figures by phase
    "shape-title",  # a file as it has to look, line by line
    "rules-title",  # each home's gain under each rule
    "table-title",  # who may do what
}  # fmt: skip
SCROLLING = """() => {
  document.querySelectorAll("details").forEach((part) => part.open = true);
  return [...document.querySelectorAll(".table-wrap")].filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => ({
    name: one.getAttribute("aria-labelledby") ?? one.getAttribute("aria-label"),
    stacks: Boolean(one.querySelector(".stacks")),
    reached: one.tabIndex === 0 && getComputedStyle(one).backgroundAttachment.includes("local"),
  }));
}"""
# A picture stands in a figure that has a sentence; its table is in the figure, or in the part of the page around it.
UNTOLD = """() => [...document.querySelectorAll(".chart, .cables, .strip, [data-chart]")].map((picture) => {
  const figure = picture.closest("figure");
  if (!figure) return `no figure: ${picture.className}`;
  const said = figure.querySelector("figcaption")?.textContent.trim() ?? "";
  if (said.length < 20 || !said.endsWith(".")) return `no sentence: ${said}`;
  return figure.closest("section").querySelector("table tbody tr") ? "" : `no table: ${said}`;
})"""


def test_no_table_but_a_matrix_is_wider_than_a_phone(open_page, street):
    User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op")
    wide = []
    for email, paths in (("marta@example.org", every_page(street)), ("op@example.org", ["/operator/status/"])):
        page = open_page("es-ES", PHONE)
        log_in(page, email, make.PASSWORD)
        for path in paths:
            page.goto(path)
            wide += [(path, table) for table in page.evaluate(SCROLLING)]

    assert [(path, one) for path, one in wide if one["name"] not in MATRICES or one["stacks"]] == []
    assert [(path, one) for path, one in wide if not one["reached"]] == []


def test_a_stacked_table_keeps_its_columns_names_and_is_a_table_again_on_a_desk(open_page, street):
    page = open_page("en-GB", PHONE)
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto("/closing/")
    cell = page.locator("[aria-labelledby=homes-title] td").first
    before = "one => getComputedStyle(one, '::before').content"

    on_phone = (cell.evaluate(before), cell.evaluate("one => getComputedStyle(one).display"))
    page.set_viewport_size({"width": 1280, "height": 900})

    assert on_phone == ('"bought"', "flex")
    assert (cell.evaluate(before), cell.evaluate("one => getComputedStyle(one).display")) == ("none", "table-cell")


def test_every_picture_has_a_sentence_and_a_table_without_javascript(open_page, street):
    page, pictures, wrong = open_page("en-GB", PHONE, script=False), 0, []
    log_in(page, "marta@example.org", make.PASSWORD)
    for path in every_page(street):
        page.goto(path)
        found = page.evaluate(UNTOLD)
        pictures += len(found)
        wrong += [f"{path}: {fault}" for fault in found if fault]

    assert wrong == []
    assert pictures > 10
