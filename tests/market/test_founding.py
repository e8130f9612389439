"""A community set up step by step by whoever runs the site: nothing before the last step, everything with it."""

from unittest.mock import patch

import pytest
from django.core import mail

from community.models import (
    AuditEvent,
    Community,
    Feeder,
    Household,
    Invitation,
    Member,
    SupplyContract,
    User,
    What,
)
from community.tariff_book import TariffBook
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON
STEPS = {
    "place": {"name": "Calle Nueva", "region": "canary", "legal_mode": "simulation"},
    "tariff": {"kind": "three", "retailer": "Luz"},
    "homes": {"homes": "Azahar 1\n\n  Azahar   3 \n", "cables": "street"},
    "owner": {"owner_name": "Rosa", "owner_email": "Rosa@Example.org"},
}
PATH = "/operator/new-community/"


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def go_through(client, **changes):
    for step, typed in STEPS.items():
        answer = client.post(f"{PATH}{step}/", {**typed, **changes.get(step, {})})
        assert answer.status_code == 302, answer.context["form"].errors
    return answer.headers["location"]


def test_the_steps_end_in_a_community_and_a_link_for_its_owner(operator, client):
    assert go_through(operator) == f"{PATH}check/"
    assert "Calle Nueva" in operator.get(f"{PATH}check/").content.decode()
    assert not Community.objects.exists()

    made = operator.post(f"{PATH}check/")

    street = Community.objects.get()
    assert (street.slug, street.timezone, street.region, street.legal_mode) == (
        "calle-nueva", "Atlantic/Canary", "canary", "simulation",
    )  # fmt: skip
    assert list(Household.objects.order_by("name").values_list("name", flat=True)) == ["Azahar 1", "Azahar 3"]
    assert all(home.node for home in Household.objects.all())
    assert TariffBook(street).prices(Household.objects.first().pk, NOW).import_ueur_kwh > 0
    assert {event.what for event in AuditEvent.objects.all()} == {
        What.COMMUNITY_FOUNDED, What.OFFER_CHANGED, What.INVITED,
    }  # fmt: skip
    client.logout()
    said = client.get(made.context["link"]).content.decode()
    assert "you are to look after it" in said
    client.post(made.context["link"], {"name": "Rosa", "password": make.PASSWORD, "again": make.PASSWORD})
    assert Member.objects.get().role == Member.Role.OWNER


def test_what_is_left_for_later_is_not_there(operator):
    go_through(operator, tariff={"kind": "none", "retailer": ""}, homes={"homes": "", "cables": ""})

    operator.post(f"{PATH}check/")

    assert Community.objects.count() == 1
    assert [model.objects.count() for model in (Household, SupplyContract, Feeder)] == [0, 0, 0]


@pytest.mark.parametrize("kind", ["flat", "night", "pvpc"])
def test_every_preset_makes_an_offer(operator, kind):
    go_through(operator, tariff={"kind": kind, "retailer": "Luz"})

    operator.post(f"{PATH}check/")

    assert SupplyContract.objects.count() == 2


@pytest.mark.parametrize(
    ("step", "wrong", "cure"),
    [
        ("place", {"name": ""}, "required"),
        ("tariff", {"retailer": ""}, "Whose offer is it?"),
        ("homes", {"homes": "A\na"}, "stands there twice"),
        ("homes", {"homes": "", "cables": "street"}, "Cables lead to homes"),
        ("homes", {"homes": "x" * 121}, "longer than 120"),
        ("homes", {"homes": "\n".join(map(str, range(201)))}, "At most 200 homes"),
        ("owner", {"owner_email": "rosa"}, "valid email"),
    ],
)
def test_each_step_says_what_is_wrong(operator, step, wrong, cure):
    answer = operator.post(f"{PATH}{step}/", {**STEPS[step], **wrong})

    assert answer.status_code == 422
    assert cure in str(answer.context["form"].errors)


def test_without_all_steps_nothing_is_set_up(operator):
    operator.post(f"{PATH}place/", STEPS["place"])

    assert operator.post(f"{PATH}check/").headers["location"] == PATH
    assert not Community.objects.exists()


def test_once_set_up_the_same_steps_set_up_nothing_more(operator):
    go_through(operator)
    operator.post(f"{PATH}check/")

    assert operator.post(f"{PATH}check/").status_code == 302
    assert Community.objects.count() == 1


def test_a_name_that_is_taken_gets_an_address_of_its_own(operator):
    for _ in range(2):
        go_through(operator)
        operator.post(f"{PATH}check/")

    assert sorted(Community.objects.values_list("slug", flat=True)) == ["calle-nueva", "calle-nueva-2"]


def test_what_was_typed_lies_sealed_and_is_shown_again(operator):
    go_through(operator)

    assert "rosa" not in str(operator.session["new-community"]).lower()
    assert "Azahar 1" in operator.get(f"{PATH}homes/").content.decode()


def test_the_link_is_mailed_where_mail_is_set_up(operator, settings):
    settings.EMAIL_HOST = "mail.example.org"
    go_through(operator)

    answer = operator.post(f"{PATH}check/")

    assert mail.outbox[0].to == ["rosa@example.org"]
    assert answer.context["link"] in mail.outbox[0].body
    assert Invitation.objects.get().mail == "sent"


@pytest.mark.parametrize("path", ["", "homes/", "check/"])
def test_it_is_for_whoever_runs_the_site_alone(client, path):
    assert client.get(PATH + path).headers["location"].startswith("/operator/login/")
    client.force_login(make.member(make.community(), "Marta", Member.Role.OWNER).user)
    assert client.get(PATH + path).headers["location"].startswith("/operator/login/")
    assert client.post(PATH + path, STEPS["place"]).headers["location"].startswith("/operator/login/")
    assert "new-community" not in client.session


def test_with_a_password_alone_nobody_sets_up_anything(operator, settings):
    settings.SECOND_FACTOR_REQUIRED = True

    assert operator.get(PATH).headers["location"].startswith("/account/second-factor/")


def test_there_are_no_other_steps(operator):
    assert operator.get(f"{PATH}nowhere/").status_code == 404
