"""The API by every kind of token, to every meter and file: no token reaches beyond its scopes and its meters."""

import json

import pytest
from django.db import transaction
from django.test import Client

from metering.models import ApiToken
from tests.security.walk.routes import PUBLIC, ROUTES, address

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]
Scope = ApiToken.Scope
API = {name: asks for name, asks in ROUTES.items() if name.startswith("api-") and asks.need != PUBLIC}
WHEN = "?start=2026-11-23T00:00:00Z&end=2026-11-24T00:00:00Z&month=2026-11&name=x.csv"
TOKENS = ["all", *Scope.values, "revoked", "other street's", "forged", "none"]
ROW = {"channel": "import", "start": "2026-11-23T12:00:00+01:00", "energy_wh": 250}
BODIES = {
    "api-readings": {"readings": [ROW]},
    "api-answers": {"acknowledgements": []},
    "api-device-states": {"states": []},
}


def caller(world, kind):
    text = {
        "none": "",
        "other street's": world.there.tokens["all"],
        # The right key with another's secret.
        "forged": world.here.tokens["all"].partition(".")[0] + "." + world.there.tokens["all"].partition(".")[2],
    }.get(kind) or world.here.tokens.get(kind, "")
    return Client(headers={"authorization": f"Bearer {text}"} if text else {}), text


def call(client, method, path, body=None):
    with transaction.atomic():
        answer = client.generic(method, path, json.dumps(body or {}), content_type="application/json")
        transaction.set_rollback(True)
    return answer


def scopes_of(name):
    """What each method of an operation asks for."""
    asks = API[name]
    scopes = dict.fromkeys(asks.methods, asks.need)
    return scopes | ({"POST": Scope.READINGS_WRITE} if name == "api-readings" else {})


def refusal(kind, scope, where):
    """The status that a token of a kind gets; None if it is heard."""
    if kind in {"revoked", "forged", "none"}:
        return 401
    if scope != kind and kind not in {"all", "other street's"}:
        return 403
    home = "theirs" if kind == "other street's" else "mine"
    return None if where in {home, ""} else 404


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_heard_within_its_scopes_and_meters_only(world, kind):
    client, _text = caller(world, kind)
    secrets = (world.private if kind == "other street's" else world.secrets | world.private) - {"437"}
    wrong = {}
    things = {
        "mine": world.here.things,
        "neighbours": world.here.things | world.here.neighbours,
        "theirs": world.there.things,
    }
    for name, asks in API.items():
        for method, scope in scopes_of(name).items():
            for where in ("mine", "neighbours", "theirs") if asks.things else ("",):
                path = address(name, things[where or "mine"]) + WHEN
                answer = call(client, method, path, BODIES.get(name))
                status = refusal(kind, scope, where)
                if asks.things.get("public_id") == "file" and status is None:
                    status = 404  # no token handed it in: a person did
                heard = answer.status_code not in {401, 403, 404, 405} and answer.status_code < 500
                if not heard if status is None else answer.status_code != status:
                    wrong[method, path, where] = (answer.status_code, status, answer.content[:200])
                text = answer.content.decode()
                wrong |= {(path, word): "leaks" for word in secrets if word in text and word not in path}
    assert not wrong, wrong


def test_the_list_of_meters_holds_the_tokens_own(world):
    client, _text = caller(world, "all")
    told = client.get("/api/v1/metering-points").json()

    assert [row["id"] for row in told] == [str(world.here.things["meter"])]


def test_a_session_opens_nothing_of_the_api(world):
    client = Client()
    client.force_login(world.users["owner"])

    statuses = {
        name: call(client, asks.methods[0], address(name, world.here.things) + WHEN).status_code
        for name, asks in API.items()
    }

    assert set(statuses.values()) == {401}


def test_a_token_opens_no_page(world):
    client, _text = caller(world, "all")
    found = {client.get(path).status_code for path in ("/", "/neighbours/", "/gateways/", "/operator/", "/audit/")}

    assert found == {302}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_no_other_method_is_heard(world, method):
    client, _text = caller(world, "all")

    statuses = {name: call(client, method, address(name, world.here.things)).status_code for name in API}

    assert set(statuses.values()) == {405}


def test_a_file_for_anothers_meter_is_not_taken(world):
    client, _text = caller(world, "all")
    for point in (world.here.neighbours["meter"], world.there.things["meter"]):
        answer = client.post(
            f"/api/v1/meter-files?name=x.csv&metering_point={point}", b"x", content_type="application/octet-stream"
        )
        assert answer.status_code == 404


def test_every_operation_that_is_described_is_walked():
    described = Client().get("/api/v1/schema", headers={"accept": "application/json"}).json()["paths"]
    walked = {
        (address(name, _made_up()), method)
        for name, asks in ROUTES.items()
        if name.startswith("api-") and name not in {"api-schema", "api-docs"}
        for method in {*asks.methods, *(["POST"] if name == "api-readings" else [])}
    }

    assert {(path.replace("{public_id}", str(_made_up()["meter"])), method.upper()) for path, doors in
            described.items() for method in doors} == walked  # fmt: skip


def _made_up():
    one = "01890a5d-ac96-774b-bcce-b302099a8057"
    return {"meter": one, "file": one}
