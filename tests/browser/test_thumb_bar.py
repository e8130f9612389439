"""The bar at thumb's reach: every label whole and apart from its neighbours, on the narrowest phones too."""

import pytest

from tests import factories as make
from tests.browser.conftest import PHONE, log_in

pytestmark = pytest.mark.django_db(transaction=True)

# Labels that are cut, wrap or come nearer than 8 px to the next one, each drawn as the one that is open, in bold.
CROWDED = """() => {
  const labels = [...document.querySelectorAll(".nav li span")].filter((one) => one.offsetWidth);
  labels.forEach((one) => one.closest("a").setAttribute("aria-current", "page"));
  const boxes = labels.map((one) => one.getBoundingClientRect());
  const lines = labels.map((one) => parseFloat(getComputedStyle(one).lineHeight));
  return labels.filter((label, at) => {
    const start = at ? boxes[at - 1].right + 8 : 0;
    return boxes[at].left < start || boxes[at].right > window.innerWidth || boxes[at].height > lines[at] + 2;
  }).map((one) => one.textContent);
}"""


@pytest.mark.parametrize(
    ("language", "rules"), [("es-ES", "Mis reglas"), ("ca-ES", "Regles"), ("en-GB", "My rules")]
)
def test_no_label_of_the_bar_is_cut_or_meets_its_neighbour(open_page, language, rules):
    street = make.community()
    make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana"))
    page = open_page(language, PHONE)
    log_in(page, "ana@example.org", make.PASSWORD)

    said = {}
    for width in (320, 360, 390):
        page.set_viewport_size({"width": width, "height": 700})
        said[width] = page.evaluate(CROWDED)

    assert page.locator(".nav li:visible").count() == 5
    assert page.locator(".nav").inner_text().count(rules) == 1
    assert said == {320: [], 360: [], 390: []}
