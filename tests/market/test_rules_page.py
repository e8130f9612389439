"""The rules of the street: everybody reads them, administrators set them, slots that are open keep theirs."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from community.models import Community, Household, Member
from community.roles import NotAllowed
from market.models import Slot
from market.services.rules import set_rules
from market.services.slots import open_slots
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON
RULES = {
    "price_rule": "mid_market", "fairness_rule": "capped", "curtailment_cap_pct": "7", "pool_pct": "20",
    "pool_rule": "need", "rent_rule": "cut_homes", "grid_fee": "0,005", "grid_fee_substation": "0.01",
    "grid_fee_beyond": "", "import_limit": "63", "export_limit": "17,5",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def marta(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def admin(client, marta):
    client.force_login(marta.user)
    return client


def english(client, path="/street/rules/"):
    return client.get(path, headers={"accept-language": "en"}).content.decode().replace("\xa0", " ")


def test_what_is_typed_in_euros_and_kw_is_kept_as_whole_numbers(admin, street):
    assert admin.post("/street/rules/", RULES).status_code == 302

    street.refresh_from_db()
    assert (street.price_rule, street.fairness_rule, street.curtailment_cap_pct) == ("mid_market", "capped", 7)
    assert (street.pool_pct, street.pool_rule, street.rent_rule) == (20, "need", "cut_homes")
    fees = (street.grid_fee_ueur_kwh, street.grid_fee_substation_ueur_kwh, street.grid_fee_beyond_ueur_kwh)
    assert fees == (5_000, 10_000, None)
    assert (street.import_limit_w, street.export_limit_w) == (63_000, 17_500)
    again = admin.get("/street/rules/", headers={"accept-language": "es"}).content.decode()
    assert 'value="17,5"' in again
    assert 'value="0,005"' in again


def test_open_slots_keep_their_rules_and_the_page_says_from_when_the_new_ones_count(admin, street):
    open_slots(community=street, first=NOW, until=NOW + timedelta(hours=1))

    said = admin.post("/street/rules/", RULES, follow=True, headers={"accept-language": "en"}).content.decode()

    assert "These rules count from 23 November, 13:00 on." in said
    assert set(Slot.objects.values_list("price_rule", "pool_pct")) == {("equilibrium_midpoint", 0)}
    open_slots(community=Community.objects.get(), first=NOW + timedelta(hours=1), until=NOW + timedelta(hours=2))
    newest = Slot.objects.latest("start")
    assert (newest.price_rule, newest.pool_pct, newest.grid_fee_substation_ueur_kwh) == ("mid_market", 20, 10_000)


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("pool_pct", "41", "The pool takes 40 percent at most"),
        ("pool_pct", "-1", "Less than 0 percent is not possible."),
        ("pool_pct", "ten", "whole number of percent"),
        ("curtailment_cap_pct", "101", "at most 100 percent"),
        ("grid_fee", "-0.01", "A fee cannot be below zero."),
        ("grid_fee", "", "required"),
        ("grid_fee_substation", "0,004", "write at least 0.005 €/kWh, the fee “On the same feeder”"),
        (
            "grid_fee_beyond",
            "0,009",
            "write at least 0.010 €/kWh, the fee “Between two feeders of one substation”",
        ),
        ("import_limit", "much", "such as 63 or 17,5"),
        ("export_limit", "-1", "Leave it empty if there is none."),
        ("import_limit", "630000", "is it meant in W?"),
        ("price_rule", "lottery", "not one of the available choices"),
        ("rent_rule", "", "required"),
    ],
)
def test_what_cannot_be_is_explained_beside_the_field_and_not_saved(admin, street, field, text, says):
    answer = admin.post("/street/rules/", {**RULES, field: text}, headers={"accept-language": "en"})

    assert answer.status_code == 422
    assert says in answer.content.decode().replace("\xa0", " ")
    assert Community.objects.get().price_rule == "equilibrium_midpoint"


def test_without_the_middle_fee_the_far_one_is_held_against_the_near_one(admin):
    answer = admin.post("/street/rules/", {**RULES, "grid_fee_substation": "", "grid_fee_beyond": "0,004"})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["grid_fee_beyond"]


def test_every_choice_is_explained(admin):
    page = admin.get("/street/rules/")

    for part in page.context["explained"].values():
        assert len(part["choices"]) >= 2
        assert all(choice.text for choice in part["choices"])


def test_residents_read_the_rules_and_cannot_set_them(client, street, marta):
    set_rules(by=marta, at=make.NOON, rules={"pool_pct": 20, "pool_rule": "need", "export_limit_w": 17_500})
    client.force_login(make.member(street, "Ana").user)

    page = english(client)

    assert "<form" not in page.split("<main")[1]
    assert "20 %" in page
    assert "More to homes with priority" in page
    assert "17.5 kW" in page
    assert client.post("/street/rules/", RULES).status_code == 403
    assert Community.objects.get().price_rule == "equilibrium_midpoint"


def test_visitors_must_log_in(client, street):
    assert client.get("/street/rules/").headers["location"].startswith("/login/")


def test_only_an_administrator_sets_rules_and_only_rules(street, marta):
    with pytest.raises(NotAllowed):
        set_rules(by=make.member(street, "Ana"), at=make.NOON, rules={"pool_pct": 10})
    with pytest.raises(KeyError, match="legal_mode: no rule of a street"):
        set_rules(by=marta, at=make.NOON, rules={"legal_mode": "sharing"})


def test_an_administrator_gives_a_home_its_priority(admin, street):
    home = make.home(street, "Azahar 3", make.tariff())

    answer = admin.post(
        f"/neighbours/homes/{home.pk}/priority/", {"priority": "4"}, follow=True, headers={"accept-language": "en"}
    )

    assert "Azahar 3 has priority 4 now." in answer.content.decode()
    assert Household.objects.get(pk=home.pk).priority == 4


@pytest.mark.parametrize("text", ["10", "-1", "high", ""])
def test_a_priority_that_cannot_be_is_explained(admin, street, text):
    home = make.home(street, "Azahar 3", make.tariff())

    answer = admin.post(
        f"/neighbours/homes/{home.pk}/priority/",
        {"priority": text},
        follow=True,
        headers={"accept-language": "en"},
    )

    assert "Azahar 3: " in answer.content.decode()
    assert Household.objects.get(pk=home.pk).priority == 0


def test_priorities_are_the_administrators_of_the_same_community(client, street, marta):
    home = make.home(street, "Azahar 3", make.tariff())
    client.force_login(make.member(street, "Ana").user)
    assert client.post(f"/neighbours/homes/{home.pk}/priority/", {"priority": "9"}).status_code == 403

    client.force_login(make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN).user)
    assert client.post(f"/neighbours/homes/{home.pk}/priority/", {"priority": "9"}).status_code == 404
    assert Household.objects.get(pk=home.pk).priority == 0
