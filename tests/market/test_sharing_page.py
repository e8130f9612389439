"""Ways of sharing side by side, coefficients kept as agreed, and the distributor's file."""

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from community.demo.neighbourhood import cups as well_formed
from community.models import Member
from market.models import GestorMandate, SharingSet
from market.queries.sharing import month_shared
from market.services.settle import settle_due
from market.settlement.coefficients import cau_of
from tests import factories as make
from tests.market.test_rent_and_pool import NOVEMBER, cleared

pytestmark = pytest.mark.django_db

NOW = make.NOON + timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def homes(street):
    offer = make.tariff()
    found = [make.home(street, name, offer, min_sell_ueur_kwh=900_000, max_buy_ueur_kwh=0) for name in "ABC"]
    for number, home in enumerate(found, start=1):
        home.metering_points.update(cups=well_formed(number))
    return found


@pytest.fixture
def admin(client, street, homes):
    client.force_login(make.member(street, "Marta", Member.Role.ADMIN).user)
    return client


def lived(homes):
    """An hour in which A gives 3,000 Wh, B takes 2,000 and C 500; B bought 400 of it in the market."""
    a, b, _c = homes
    for quarter in range(4):
        start = make.NOON + timedelta(minutes=15 * quarter)
        trades = [(a, "sell", 400, 100_000, 0, 0), (b, "buy", 400, 100_000, 0, 0)] if not quarter else []
        cleared(homes[0].community, trades, start)
        for home, taken, given in zip(homes, (0, 500, 125), (750, 0, 0), strict=True):
            make.read(home, start, taken, given, at=start + timedelta(minutes=20))
    settle_due(community=homes[0].community, at=NOW)


def english(answer):
    return answer.content.decode().replace("\xa0", " ").replace("&#x27;", "'")


def typed(homes, **changes):
    point = make.meter(homes[0])
    shares = {f"share_{make.meter(home).pk}": str(1 + i) for i, home in enumerate(homes)}
    return {"plant": point.pk, "year": "2026", "agreed_on": "2026-11-20", "note": "Todos"} | shares | changes


def test_a_month_is_shared_by_every_rule_on_the_same_readings(street, homes):
    lived(homes)

    found = month_shared(street, NOVEMBER)

    rules = {one.rule: one for one in found.rules}
    assert set(rules) == {"equal", "proportional", "cascade", "pairs", "market"}
    assert rules["cascade"].shared_wh == 2_500
    assert rules["pairs"].shared_wh == 1_500 + 500, "A's surplus goes to B and C alike"
    assert found.given_wh == 3_000
    assert rules["proportional"].shared_wh == 2_500
    assert rules["proportional"].saved_neur == 2_500 * (200_000 - 50_000)
    assert rules["equal"].shared_wh == 1_000 + 500
    assert (rules["market"].shared_wh, rules["market"].saved_neur) == (400, 400 * 150_000)


@pytest.mark.parametrize(("language", "country"), [("en", "France"), ("es", "Francia"), ("ca", "França")])
def test_countries_are_told_by_their_names(admin, homes, language, country):
    lived(homes)
    admin.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    rows = {row.name: row.legal for row in admin.get("/sharing/").context["rules"]}

    assert any(country in legal.split(", ") for legal in rows.values())
    assert not any(re.search(r"\b[A-Z]{2}\b", legal) for legal in rows.values())


def test_agreements_are_a_table_once_there_is_one(admin, street, homes):
    before = english(admin.get("/sharing/", headers={"accept-language": "en"}))
    GestorMandate.objects.create(
        household=homes[0], gestor="Calle", given_by=Member.objects.first(), given_at=make.NOON
    )
    after = english(admin.get("/sharing/", headers={"accept-language": "en"}))

    assert ("No home yet." in before, "to you as gestor" in before) == (True, False)
    assert ("No home yet." in after, "to you as gestor" in after) == (False, True)


def test_coefficients_are_kept_as_versions_and_written_as_the_distributor_takes_them(admin, street, homes):
    lived(homes)
    cups = [make.meter(home).cups for home in homes]

    for _ in range(2):
        admin.post("/sharing/", typed(homes))

    first, second = SharingSet.objects.order_by("version")
    assert (first.version, second.version, first.cau) == (1, 2, cau_of(cups[0]))
    assert first.constant_ppm == dict(zip(cups, (166_667, 333_333, 500_000), strict=True))
    answer = admin.get(f"/sharing/{first.pk}/crlf.txt")
    assert answer.content.decode() == "\r\n".join(
        f"{code};0,{ppm:06}" for code, ppm in zip(cups, (166_667, 333_333, 500_000), strict=True)
    )
    assert f'filename="{first.cau}_2026.txt"' in answer.headers["content-disposition"]
    assert admin.get(f"/sharing/{first.pk}/lf.txt").content.count(b"\n") == 3
    page = english(admin.get("/sharing/", headers={"accept-language": "en"}))
    assert "agreed on 20 November 2026, 3 supplies; added by Marta. Todos" in page
    assert "Fixed coefficients" in page
    assert page.count(">2026.txt</a>") == 2
    static = next(one for one in month_shared(street, NOVEMBER).rules if one.rule == "static")
    assert static.shared_wh == 1_000 + 500


def test_a_file_is_kept_if_the_distributor_would_take_it_and_else_refused_by_line(admin, street, homes):
    cups = [make.meter(home).cups for home in homes]
    name = f"{cau_of(cups[0])}_2026.txt"
    good = SimpleUploadedFile(name, f"{cups[0]};0,250000\n{cups[1]};0,750000\n".encode())
    bad = SimpleUploadedFile(name, f"{cups[0]};0.25\r\n{cups[1]};0,750000".encode())

    refused = admin.post("/sharing/", typed(homes) | {"file": bad}, headers={"accept-language": "en"})
    assert refused.status_code == 422
    assert "Line 1: “0.25”: write a comma, not a point." in english(refused)
    assert not SharingSet.objects.exists()
    admin.post("/sharing/", typed(homes) | {"file": good})

    kept = SharingSet.objects.get()
    assert (kept.kind, kept.constant_ppm) == ("file", {cups[0]: 250_000, cups[1]: 750_000})


def test_nothing_typed_is_said_beside_the_field(admin, homes):
    empty = {f"share_{make.meter(home).pk}": "" for home in homes}

    answer = admin.post("/sharing/", typed(homes, **empty), headers={"accept-language": "en"})

    assert answer.status_code == 422
    assert "Type shares below, or choose a file." in english(answer)


def test_a_code_that_cannot_be_is_named_before_anything_is_kept(admin, homes):
    homes[1].metering_points.update(cups="ES9999000000000002AA0F")

    answer = admin.post("/sharing/", typed(homes), headers={"accept-language": "en"})

    assert "B: no CUPS can be “ES9999000000000002AA0F”." in english(answer)
    assert not SharingSet.objects.exists()


def test_it_is_for_administrators_of_the_community(client, street, homes):
    client.force_login(make.member(street, "Eva").user)
    assert client.get("/sharing/").status_code == 403
    zoe = make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN)
    marta = make.member(street, "Marta", Member.Role.ADMIN)
    one = SharingSet.objects.create(
        community=street, cau="x", year=2026, version=1, kind="typed", constant_ppm={"a": 1}, agreed_on=NOW.date(),
        added_by=marta, added_at=NOW,
    )  # fmt: skip
    client.force_login(zoe.user)
    assert client.get(f"/sharing/{one.pk}/lf.txt").status_code == 404
    assert "Nothing to compare yet" in english(client.get("/sharing/", headers={"accept-language": "en"}))
