"""Neighbours who ask to join: a page for everybody, an answer by an administrator, and nothing kept for long."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core import mail

from community.demo.neighbourhood import cups
from community.models import AuditEvent, Household, Invitation, JoinRequest, Member, What
from market.services.retention import remove_what_is_over
from metering.services import joining
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON
LOLA = {"name": "Lola", "email": "Lola@Example.org", "place": "Azahar 7, 2.º B", "cups": ""}


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community(join_open=True)


@pytest.fixture
def admin(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def office(client, admin):
    client.force_login(admin.user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def wish(street, **facts):
    joining.ask(community=street, at=NOW, **{**LOLA, **facts})
    return JoinRequest.objects.latest("pk")


def test_anybody_can_ask_and_the_code_lies_sealed(client, street):
    answer = client.post("/c/calle/join/", {**LOLA, "cups": cups(1).lower()})

    asked = JoinRequest.objects.get()
    assert answer.context["asked"]
    assert asked.email == "lola@example.org"
    assert joining.cups_of(asked) == cups(1)
    assert cups(1) not in asked.sealed_cups
    assert AuditEvent.objects.get(what=What.JOIN_ASKED).who == "system"


def test_the_answer_does_not_tell_whether_somebody_is_known(client, street, admin):
    first = client.post("/c/calle/join/", LOLA)
    again = client.post("/c/calle/join/", LOLA)
    member = client.post("/c/calle/join/", {**LOLA, "email": "marta@example.org"})

    assert JoinRequest.objects.filter(email="lola@example.org").count() == 1
    assert [one.context["asked"] for one in (first, again, member)] == [True, True, True]


def test_the_page_is_closed_unless_somebody_opened_it(client):
    make.community()

    assert client.get("/c/calle/join/").status_code == 404
    assert client.post("/c/calle/join/", LOLA).status_code == 404
    assert client.get("/c/nowhere/join/").status_code == 404
    assert not JoinRequest.objects.exists()


def test_from_one_address_only_so_many_may_ask(client, street):
    answers = [client.post("/c/calle/join/", {**LOLA, "email": f"a{i}@example.org"}).status_code for i in range(7)]

    assert answers == [200] * 5 + [429] * 2
    assert JoinRequest.objects.count() == 5


@pytest.mark.parametrize(("field", "value"), [("email", "lola"), ("name", ""), ("place", ""), ("cups", "ES12")])
def test_what_is_mistyped_is_told_and_noted_nowhere(client, street, field, value):
    answer = client.post("/c/calle/join/", {**LOLA, field: value})

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not JoinRequest.objects.exists()


def test_accepting_adds_the_home_and_invites(office, street):
    make.tariff()
    asked = wish(street, cups=cups(1))

    page = office.get(f"/neighbours/requests/{asked.pk}/")
    assert cups(1) in page.content.decode()
    offer = page.context["accept"].fields["tariff"].queryset.get()
    given = {"do": "accept", "home": "Azahar 7", "cups": cups(1), "tariff": offer.pk}
    answer = office.post(f"/neighbours/requests/{asked.pk}/", given)

    assert answer.headers["location"] == "/neighbours/letters/"
    invitation = Invitation.objects.get()
    assert (invitation.name, invitation.email, invitation.household.name) == (
        "Lola",
        "lola@example.org",
        "Azahar 7",
    )
    asked.refresh_from_db()
    assert (asked.state, asked.sealed_cups, asked.invitation, asked.decided_at) == (
        "accepted",
        "",
        invitation,
        NOW,
    )
    assert AuditEvent.objects.filter(what=What.JOIN_ACCEPTED).count() == 1


def test_what_somebody_wants_is_headed_as_a_request(office, street):
    asked = wish(street)

    shown = office.get(f"/neighbours/requests/{asked.pk}/", headers={"accept-language": "es"}).content.decode()

    assert "La solicitud de entrada" in shown
    assert "Lo que se ha preguntado" not in shown


def test_a_known_meter_is_not_renamed_by_whoever_asks(office, street):
    offer = make.tariff()
    home = make.home(street, "Azahar 7, 2.º B", offer)
    point = make.meter(home)
    point.cups = cups(1)
    point.save()
    asked = wish(street, place="the flat upstairs", cups=cups(1))

    office.post(
        f"/neighbours/requests/{asked.pk}/", {"do": "accept", "home": "the flat upstairs", "cups": cups(1)}
    )

    assert Household.objects.get().name == "Azahar 7, 2.º B"
    assert Invitation.objects.get().household == home


def test_a_meter_without_a_contract_is_told_at_its_field(office, street):
    make.tariff()
    asked = wish(street)

    answer = office.post(f"/neighbours/requests/{asked.pk}/", {"do": "accept", "home": "A", "cups": cups(1)})

    assert answer.status_code == 422
    assert "needs its contract" in str(answer.context["accept"].errors["tariff"])
    assert not Household.objects.exists()


def test_a_home_that_is_looked_after_is_not_handed_over(office, street):
    make.home(street, "Azahar 7", make.tariff(), make.member(street, "Rita"))
    asked = wish(street)

    answer = office.post(f"/neighbours/requests/{asked.pk}/", {"do": "accept", "home": "Azahar 7", "cups": ""})

    assert "Rita looks after this home" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_declining_needs_a_reason_and_tells_it(office, street, settings):
    settings.EMAIL_HOST = "mail.example.org"
    asked = wish(street, cups=cups(1))
    path = f"/neighbours/requests/{asked.pk}/"

    assert office.post(path, {"do": "decline", "reason": " "}).status_code == 422
    office.post(path, {"do": "decline", "reason": "The street has no room."})

    asked.refresh_from_db()
    assert (asked.state, asked.sealed_cups) == ("declined", "")
    assert mail.outbox[0].to == ["lola@example.org"]
    assert "The street has no room." in mail.outbox[0].body
    assert office.post(path, {"do": "accept", "home": "A"}).status_code == 302
    assert not Invitation.objects.exists()


def test_another_communitys_wishes_are_not_ours(client, street):
    asked = wish(street)
    client.force_login(make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN).user)

    assert client.get(f"/neighbours/requests/{asked.pk}/").status_code == 404
    assert client.post(f"/neighbours/requests/{asked.pk}/", {"do": "decline", "reason": "x"}).status_code == 404
    assert "Lola" not in client.get("/neighbours/requests/").content.decode()


@pytest.mark.parametrize("path", ["/neighbours/requests/", "/neighbours/requests/1/", "/street/outside/"])
def test_residents_and_billing_do_not_decide(client, street, path):
    for name, role in (("Ana", Member.Role.RESIDENT), ("Bea", Member.Role.BILLING)):
        client.force_login(make.member(street, name, role).user)
        assert client.get(path).status_code == 403


def test_administrators_open_and_close_the_page(office, client, street):
    office.post("/street/outside/", {})
    assert client.get("/c/calle/join/").status_code == 404
    office.post("/street/outside/", {"join_open": "on"})

    assert client.get("/c/calle/join/").status_code == 200
    assert AuditEvent.objects.filter(what=What.OUTSIDE_CHANGED).count() == 2


def test_wishes_are_removed_in_time(street, admin):
    joining.decline(wish_id=wish(street).pk, by=admin, reason="no", at=NOW)
    wish(street, email="late@example.org")

    remove_what_is_over(at=NOW + timedelta(days=91))
    assert [one.email for one in JoinRequest.objects.all()] == ["late@example.org"]
    remove_what_is_over(at=NOW + timedelta(days=366))
    assert not JoinRequest.objects.exists()
