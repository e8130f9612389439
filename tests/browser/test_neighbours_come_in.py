"""An administrator without JavaScript: a list taken over, letters printed, a community set up; axe on what comes."""

from unittest.mock import patch

import pytest

from community.demo.neighbourhood import cups
from community.models import Household, Member
from tests import factories as make
from tests.browser.checks import problems
from tests.browser.conftest import DESK, PHONE, log_in, submit

pytestmark = pytest.mark.django_db(transaction=True)

LIST = f"""nombre;correo;hogar;cups;tarifa;prioridad
Ana Ferrer;ana@example.org;Azahar 1, ático;{cups(1)};Luz Tres;0
Bruno Vidal;bruno@example.org;Azahar 3, casa;{cups(2)};Luz Tres;3
;;Azahar 5, casa;{cups(3)};Luz Tres;
"""
WRONG = LIST + f"Carmen Ruiz;carmen;Azahar 7, un bajo con un nombre bastante largo;{cups(4)};Nada;12\n"


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: make.NOON):
        yield


@pytest.fixture
def street():
    made = make.community(name="Calle del Azahar")
    make.tariff()
    user = make.member(made, "Marta", Member.Role.ADMIN).user
    user.is_staff = True
    user.save()
    return made


def hand_in(page, text):
    page.goto("/neighbours/import/")
    page.set_input_files("input[type=file]", {"name": "v.csv", "mimeType": "text/csv", "buffer": text.encode()})
    submit(page)


@pytest.mark.parametrize(
    ("viewport", "locale", "scheme", "script"),
    [(PHONE, "es-ES", "light", True), (DESK, "en-GB", "dark", True), (PHONE, "en-GB", "light", False)],
    ids=["phone", "desk", "without-javascript"],
)
def test_neighbours_come_in_by_a_list_and_by_letter(open_page, street, viewport, locale, scheme, script):
    page = open_page(locale, viewport, script=script)
    page.emulate_media(color_scheme=scheme)
    log_in(page, "marta@example.org", make.PASSWORD)
    found = []
    hand_in(page, WRONG)
    found += problems(page, page.url) if script else []
    hand_in(page, LIST)
    found += problems(page, page.url) if script else []
    submit(page)
    assert Household.objects.count() == 3
    found += problems(page, page.url) if script else []
    submit(page)
    assert page.locator(".letter").count() == 2
    found += problems(page, page.url) if script else []
    page.goto("/neighbours/invite/")
    page.fill("input[type=email]", "lola@example.org")
    submit(page)
    assert "/join/" in page.input_value("#link")
    found += problems(page, page.url) if script else []

    assert found == []


@pytest.mark.parametrize(("viewport", "locale"), [(PHONE, "es-ES"), (DESK, "en-GB")], ids=["phone", "desk"])
def test_a_community_is_set_up_in_steps(open_page, street, viewport, locale):
    page = open_page(locale, viewport)
    log_in(page, "marta@example.org", make.PASSWORD)
    found = []
    page.goto("/operator/new-community/")
    for typed in (
        {"name": "Calle Nueva"},
        {"retailer": "Luz"},
        {"homes": "A\nB"},
        {"owner_name": "Rosa", "owner_email": "r@example.org"},
    ):
        for name, value in typed.items():
            page.fill(f"[name={name}]", value)
        found += problems(page, page.url)
        submit(page)
    found += problems(page, page.url)
    submit(page)
    found += problems(page, page.url)

    assert "/join/" in page.input_value("#link")
    assert found == []
