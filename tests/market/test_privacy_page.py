"""A member sees what it allowed for which meter and takes each of it back."""

from datetime import timedelta

import pytest
from django.urls import reverse

from market.models import GestorMandate
from market.services.agreements import authorise_gestor
from metering.models import Consent
from metering.services.datadis import give_consent
from tests import factories as make

pytestmark = pytest.mark.django_db
NOON = make.NOON


@pytest.fixture
def ana():
    street = make.community()
    member = make.member(street, "Ana")
    home = make.home(street, "Ático", make.tariff(), member)
    given = {"given_by": member, "at": NOON, "until": NOON + timedelta(days=90)}
    give_consent(metering_point=make.meter(home), holder_nif="12345678Z", **given)
    authorise_gestor(household=home, by=member, at=NOON)
    return member


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr("config.clock.now", lambda: NOON + timedelta(days=1))


def test_each_permission_says_who_gave_it_when_and_for_which_meter(client, ana):
    make.token(*ana.households.all())
    client.force_login(ana.user)

    (home,) = client.get(reverse("privacy")).context["homes"]
    told = client.get(reverse("privacy")).content.decode()

    (meter,) = home.meters
    assert [(one.given_by, one.given_at) for one in meter.datadis] == [(ana, NOON)]
    assert [token.name for token in meter.tokens] == ["test"]
    assert meter.point.cups in told
    assert "12345678Z" not in told
    for name in ("my-log", "own-records", "erase-me"):
        assert reverse(name) in told


def test_what_a_token_may_is_told_in_words(client, ana):
    make.token(*ana.households.all())
    client.force_login(ana.user)

    told = client.get(reverse("privacy"), headers={"accept-language": "en"}).content.decode()

    assert "hand in readings" in told
    assert "readings:" not in told


def test_each_can_be_taken_back_there_and_stays_in_sight(client, ana):
    client.force_login(ana.user)

    client.post(reverse("revoke-consent", args=[Consent.objects.get().pk]))
    client.post(f"{reverse('gestor')}?home={ana.households.get().pk}", {"do": "revoke"})

    assert Consent.objects.get().revoked_at is not None
    assert GestorMandate.objects.get().revoked_at is not None
    told = client.get(reverse("privacy")).content.decode()
    assert reverse("revoke-consent", args=[Consent.objects.get().pk]) not in told
    assert 'value="revoke"' not in told


def test_a_neighbour_sees_and_takes_back_nothing_of_it(client, ana):
    client.force_login(make.member(ana.community, "Berta").user)

    assert client.get(reverse("privacy")).context["homes"] == []
    assert client.post(reverse("revoke-consent", args=[Consent.objects.get().pk])).status_code == 404
    assert Consent.objects.get().revoked_at is None
