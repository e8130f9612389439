"""Advised coefficients from question to file, and what homes agree to."""

from datetime import date
from unittest.mock import patch

import pytest
from django.urls import reverse

from community.models import Member
from community.roles import NotAllowed
from market import tasks
from market.models import GestorMandate, SharingAdvice, SharingSet, SharingSignature
from market.queries.sharing import month_shared
from market.queries.sharing_year import hours_of_year, sharing_year
from market.services.agreements import sign_set
from market.services.sharing import NotAdvised, keep_advice, keep_shares
from market.services.sharing_advice import open_advice, work_out
from market.settlement.coefficients import read, write
from market.settlement.coefficients.curves import groups_of
from tests import factories as make
from tests.market.test_rent_and_pool import NOVEMBER
from tests.market.test_sharing_page import NOW, admin, homes, lived, street

__all__ = ["admin", "homes", "street"]
pytestmark = pytest.mark.django_db
MILLION = 1_000_000


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def marta(admin, street):
    return street.members.get(user__name="Marta")


def asked(marta, **changes):
    facts = {"community": marta.community, "aim": "most", "hourly": False, "asked_by": marta, "asked_at": NOW}
    found = SharingAdvice.objects.create(**facts | changes)
    work_out(advice_id=found.pk)
    found.refresh_from_db()
    return found


def kept(advice, marta, year=2026):
    plant = make.meter(marta.community.households.get(name="A")).cups
    return keep_advice(
        advice=advice, by=marta, plant_cups=plant, year=year, agreed_on=date(2026, 11, 20), note="", at=NOW
    )


def test_the_year_is_what_homes_gave_and_took_by_the_hour(street, homes):
    lived(homes)

    year = sharing_year(street, NOW)

    assert year.curves.production_wh.tolist() == [3_000]
    assert year.curves.need_wh.tolist() == [[0, 2_000, 500]]
    assert year.curves.price_ueur_kwh.tolist() == [[200_000] * 3]
    assert year.groups.tolist() == [10 * 48 + 12]
    assert year.today_ppm is None


def test_what_is_advised_is_kept_and_becomes_the_distributors_file(homes, marta):
    lived(homes)

    found = asked(marta)
    kept_set = kept(found, marta)

    ((_group, row),) = found.rows_ppm
    assert sum(row) == MILLION
    assert found.saving_neur[1] == 2_000 * 200_000, "all that B took"
    assert (kept_set.kind, kept_set.version, sum(kept_set.constant_ppm.values())) == ("advised", 1, MILLION)
    content = write(kept_set.beta_ppm)
    assert read(content, f"{kept_set.cau}_2026.txt", plant_cau=kept_set.cau, supplies=list(kept_set.beta_ppm))


@pytest.mark.parametrize(("year", "hours"), [(2026, 8_760), (2028, 8_784)])
def test_hourly_advice_fills_every_hour_of_the_year(homes, marta, year, hours):
    lived(homes)

    kept_set = kept(asked(marta, hourly=True), marta, year)

    assert {len(column) for column in kept_set.hourly_ppm.values()} == {hours}
    assert {sum(row) for row in zip(*kept_set.hourly_ppm.values(), strict=True)} == {MILLION}
    assert write(kept_set.beta_ppm)


def test_hourly_coefficients_are_compared_on_the_months_own_hours(homes, marta, street):
    lived(homes)
    kept(asked(marta, hourly=True), marta)

    rules = {one.rule: one for one in month_shared(street, NOVEMBER).rules}

    assert "static" not in rules
    assert rules["hourly"].shared_wh in {2_499, 2_500}


def test_advice_on_top_of_what_is_agreed_leaves_nobody_worse_off(homes, marta, street):
    lived(homes)
    supplies = [make.meter(home).cups for home in homes]
    for shares in ({supplies[0]: 1, supplies[1]: 1}, dict(zip(supplies, (4, 3, 3), strict=True))):
        keep_shares(
            by=marta, plant_cups=supplies[0], shares=shares, year=2026, agreed_on=NOW.date(), note="", at=NOW
        )
        found = asked(marta, aim="fairest", hourly=True)
        if found.status == "done":
            pairs = zip(found.saving_neur, found.today_neur, strict=True)
            assert all(saving >= today for saving, today in pairs)
        SharingSet.objects.all().delete()


def test_a_street_without_surplus_gets_no_advice_and_nothing_is_kept(street, homes, marta):
    found = asked(marta)

    assert found.status == "nothing"
    with pytest.raises(NotAdvised):
        kept(found, marta)
    with pytest.raises(NotAllowed):
        keep_advice(
            advice=found,
            by=make.member(street, "Ana"),
            plant_cups="",
            year=2026,
            agreed_on=NOW.date(),
            note="",
            at=NOW,
        )


def test_advice_with_a_cups_that_cannot_be_is_not_kept(admin, homes, marta):
    lived(homes)
    homes[2].metering_points.update(cups="ES9999000000000003DS0F")
    found = asked(marta)

    answer = admin.post(
        reverse("one-advice", args=[found.pk]),
        {"plant": make.meter(homes[0]).pk, "year": "2026", "agreed_on": "2026-11-20", "note": ""},
    )

    assert answer.status_code == 422
    assert "CUPS imposible" in answer.content.decode()
    assert not SharingSet.objects.exists()


def test_hours_of_a_year_are_grouped_by_local_clock_month_and_kind_of_day(street):
    hours = hours_of_year(street, 2026)
    groups = groups_of(hours)

    assert len(hours) == 8_760
    assert (hours[0].hour, hours[-1].hour) == (0, 23)
    assert groups[0] == 24, "1 January is off-peak"
    assert len(set(groups.tolist())) == 576


def test_the_page_asks_waits_shows_and_keeps(admin, homes, marta):
    lived(homes)
    page = reverse("sharing-advice")

    asked_for = admin.post(page, {"aim": "most", "kind": "fixed"})
    waiting = admin.get(asked_for.url).content.decode()
    for pk in open_advice():
        tasks.advise_sharing(advice_id=pk)
        tasks.advise_sharing(advice_id=pk)
    shown = admin.get(asked_for.url).content.decode()
    plant = make.meter(homes[0]).pk
    answer = admin.post(asked_for.url, {"plant": plant, "year": "2026", "agreed_on": "2026-11-20", "note": ""})

    assert "hx-trigger" in waiting
    assert "hx-trigger" not in shown
    assert "Nadie ahorra menos" in shown
    assert answer.status_code == 302
    assert SharingSet.objects.get().kind == "advised"
    assert admin.post(page, {"aim": "luck", "kind": "fixed"}).status_code == 422


def test_a_home_agrees_once_and_its_administrator_sees_it(client, street, homes, marta):
    lived(homes)
    kept_set = kept(asked(marta), marta)
    rosa = make.member(street, "Rosa")
    homes[1].member = rosa
    homes[1].save()
    client.force_login(rosa.user)
    mine = reverse("my-sharing")

    before = client.get(mine).content.decode()
    for _twice in range(2):
        client.post(reverse("agree-sharing", args=[kept_set.pk]))
        client.post(reverse("gestor"), {"do": "authorise"})
    after = client.get(mine).content.decode()
    client.force_login(marta.user)
    seen = client.get(reverse("sharing")).content.decode()

    assert "Estoy de acuerdo" in before
    assert "Estoy de acuerdo" not in after
    assert (SharingSignature.objects.count(), GestorMandate.objects.count()) == (1, 1)
    assert seen.count("23 de noviembre de 2026") + seen.count("24 de noviembre de 2026") >= 2
    client.force_login(rosa.user)
    client.post(reverse("gestor"), {"do": "revoke"})
    client.post(reverse("gestor"), {"do": "authorise"})
    assert GestorMandate.objects.filter(revoked_at=None).count() == 1
    assert GestorMandate.objects.count() == 2


def test_sets_and_advice_of_another_community_do_not_exist(client, street, homes, marta):
    other = make.community(slug="otra", name="Otra")
    otto = make.member(other, "Otto", Member.Role.ADMIN)
    home = make.home(other, "Z", make.tariff("Otra"), owner=otto)
    lived(homes)
    advice = asked(marta)
    kept_set = kept(advice, marta)
    client.force_login(otto.user)

    assert client.get(reverse("one-advice", args=[advice.pk])).status_code == 404
    assert client.post(reverse("agree-sharing", args=[kept_set.pk])).status_code == 404
    with pytest.raises(ValueError, match="own community only"):
        sign_set(household=home, found=kept_set, by=otto, at=NOW)
