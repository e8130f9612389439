"""Pages that let others in: gateways by token or code, Datadis by account and consent."""

import json
import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from metering.models import ApiToken, Consent, DatadisAccount, HandOver
from metering.services.tokens import CODE_LIFETIME, InvalidCode, InvalidToken, claim, find_token
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db
CLOCKS = ("config.clock.now", "metering.api.authentication.now", "metering.api.hand_over.now")


@pytest.fixture(autouse=True)
def _clock():
    with patch(CLOCKS[0], lambda: NOON), patch(CLOCKS[1], lambda: NOON), patch(CLOCKS[2], lambda: NOON):
        yield


@pytest.fixture
def home():
    street = factories.community()
    return factories.home(street, "Azahar 3", factories.tariff(), factories.member(street, "Ana"))


@pytest.fixture
def admin(client, home):
    client.force_login(factories.member(home.community, "Marta", "admin").user)
    return client


def let_in(client, home, **more):
    told = {
        "name": "Pasarela",
        "metering_points": [factories.meter(home).pk],
        "scopes": ["readings:write", "readings:read"],
        "days": "30",
        "networks": "",
    }
    return client.post(reverse("new-gateway"), {**told, **more})


def value_of(answer, name):
    return re.search(rf'id="{name}" type="text" readonly value="([^"]+)"', answer.content.decode())[1]


def test_a_token_is_shown_once_and_works_until_it_is_locked_out(admin, home):
    shown = let_in(admin, home)
    text = value_of(shown, "token")
    headers = {"authorization": f"Bearer {text}"}

    assert "no-store" in shown["cache-control"]
    assert Client().get("/api/v1/metering-points", headers=headers).status_code == 200
    listed = admin.get(reverse("gateways")).content.decode()
    assert "Pasarela" in listed
    assert text not in listed
    admin.post(reverse("revoke-gateway", args=[ApiToken.objects.get().pk]))
    assert Client().get("/api/v1/metering-points", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"networks": "203.0.113.0/24, casa"}, "casa"),
        ({"metering_points": []}, "requerido"),
        ({"days": "0"}, "mayor o igual"),
        ({"scopes": ["everything"]}, "everything"),
    ],
)
def test_a_bad_request_names_the_cure_and_issues_nothing(admin, home, more, says):
    answer = let_in(admin, home, **more)

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_works_only_from_its_networks(admin, home):
    text = value_of(let_in(admin, home, networks="203.0.113.0/24 2001:db8::/32"), "token")

    def status(address, **more):
        caller = Client(REMOTE_ADDR=address, headers={"authorization": f"Bearer {text}", **more})
        return caller.get("/api/v1/metering-points").status_code

    assert status("203.0.113.7") == status("2001:db8::1") == 200
    assert status("198.51.100.7") == 401
    assert status("198.51.100.7", **{"x-forwarded-for": "203.0.113.7"}) == 401
    with override_settings(BEHIND_PROXY=True):
        assert status("127.0.0.1", **{"x-forwarded-for": "198.51.100.7, 203.0.113.7"}) == 200
        assert status("127.0.0.1", **{"x-forwarded-for": "203.0.113.7, 198.51.100.7"}) == 401
        assert status("127.0.0.1", **{"x-forwarded-for": "nowhere"}) == 401


def redeem(code, address="127.0.0.1"):
    return Client(REMOTE_ADDR=address, headers={"accept-language": "en"}).post(
        "/api/v1/hand-over", json.dumps({"code": code}), content_type="application/json"
    )


def test_a_device_fetches_its_token_with_a_code_that_works_once(admin, home):
    shown = let_in(admin, home, by_code="1")
    code = value_of(shown, "code")
    assert "<svg" in shown.content.decode()
    assert not ApiToken.objects.exists()

    told = redeem(code.lower().replace("-", " "))

    assert told.status_code == 201
    assert [point["household"] for point in told.json()["metering_points"]] == ["Azahar 3"]
    assert find_token(text=told.json()["token"], at=NOON).expires_at == NOON + timedelta(days=30)
    assert redeem(code).json()["code"] == "unknown-code"


@pytest.mark.parametrize("body", ['{"code": 7}', '{"code": ""}', "[]", '{"code": "AAAA-BBBB-CCCC"}'])
def test_a_wrong_code_says_nothing_more(home, body):
    answer = Client().post("/api/v1/hand-over", body, content_type="application/json")

    assert answer.status_code == 403


def test_a_code_is_worth_nothing_after_a_day(admin, home):
    code = value_of(let_in(admin, home, by_code="1"), "code")

    with pytest.raises(InvalidCode):
        claim(code=code, at=NOON + CODE_LIFETIME)
    assert HandOver.objects.get().token is None


def test_codes_cannot_be_guessed_at_speed(home):
    answers = [redeem("AAAA-BBBB-CCCC", "203.0.113.99") for _ in range(21)]

    assert [answer.status_code for answer in answers] == [403] * 20 + [429]
    assert int(answers[-1]["retry-after"]) in range(1, 8)


def test_residents_let_nobody_in(client, home):
    client.force_login(home.member.user)

    assert let_in(client, home).status_code == 403
    assert client.get(reverse("gateways")).status_code == 403
    assert client.get(reverse("datadis-account")).status_code == 403


def test_anothers_meters_cannot_be_chosen(client, home):
    other = factories.community(slug="otra", name="Otra")
    client.force_login(factories.member(other, "Olga", "admin").user)

    assert let_in(client, home).status_code == 422
    with pytest.raises(InvalidToken):
        find_token(text="azt_x.y", at=NOON)


def test_the_account_is_sealed_and_never_shown_again(admin):
    answer = admin.post(reverse("datadis-account"), {"nif": "12345678Z", "password": "mi clave"}, follow=True)

    assert "mi clave" not in answer.content.decode()
    assert "mi clave" not in DatadisAccount.objects.get().sealed_password
    assert admin.post(reverse("datadis-account"), {"nif": "12345678A", "password": "x"}).status_code == 422


def test_a_member_consents_and_takes_it_back(client, home):
    client.force_login(home.member.user)
    told = {"nif": "12345678Z", "months": "12", "agreed": "on"}

    assert client.post(reverse("consent"), {**told, "agreed": ""}).status_code == 422
    assert client.post(reverse("consent"), {**told, "nif": "12345678A"}).status_code == 422
    client.post(reverse("consent"), told)
    given = Consent.objects.get()
    assert given.expires_at == NOON + timedelta(days=365)
    assert "12345678Z" not in client.get(reverse("consent")).content.decode()
    client.post(reverse("revoke-consent", args=[given.pk]))

    given.refresh_from_db()
    assert given.revoked_at == NOON
    assert "Estoy de acuerdo" in client.get(reverse("consent")).content.decode()


def test_nobody_takes_back_anothers_consent(client, home):
    client.force_login(home.member.user)
    client.post(reverse("consent"), {"nif": "12345678Z", "months": "12", "agreed": "on"})
    client.force_login(factories.member(home.community, "Bea").user)

    assert client.post(reverse("revoke-consent", args=[Consent.objects.get().pk])).status_code == 404
