"""Nor does anything reach a home by a device, token, code or key that came while its membership ended."""

import base64
import json
import threading
from datetime import timedelta
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client

from community.models import Invitation, Member
from community.roles import NotAllowed
from community.services.homes import HomeChangedHands
from community.services.invitations import renew
from community.services.members import InvitationProblem, invite
from community.services.roles import give_role
from market.services.leaving import leave
from metering.api import keys as keys_door
from metering.did_key import did_key
from metering.models import ApiToken, Consent, Equipment, HandOver, MeteringPoint, MeterKey
from metering.services import datadis
from metering.services.equipment import keep_equipment, retire_equipment
from metering.services.keys import end_key, register_key, to_register
from metering.services.tokens import InvalidCode, claim, issue_token, prepare_hand_over
from metering.views import equipment as equipment_views
from metering.views import gateways as gateways_views
from tests import factories as make
from tests.faults.test_leaving_at_the_door import errors_of
from tests.faults.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
AT = make.NOON
BEFORE = AT - timedelta(days=1)
TOLD = {"kind": "gateway", "maker": "Enphase", "model": "IQ", "firmware": "8.3", "reached": "gateway"}


@pytest.fixture
def home(nil):
    return nil.households.get()


def point_of(home):
    return MeteringPoint.objects.select_related("household").get(household=home)


def signed(point):
    key = Ed25519PrivateKey.generate()
    did = did_key(key.public_key().public_bytes_raw())
    signature = base64.b64encode(key.sign(to_register(point, did))).decode()
    return {"did": did, "signature": signature}


def for_one(home):
    points = [point_of(home)]
    return {"community": home.community, "name": "Gateway", "scopes": ["plans:read"], "metering_points": points}


def registers(home, nil):
    return lambda: keep_equipment(household=home, at=AT, by=nil, **TOLD)


def changes(home, nil):
    kept = keep_equipment(household=home, at=BEFORE, by=nil, **TOLD)
    return lambda: keep_equipment(household=home, equipment=kept, at=AT, by=nil, **{**TOLD, "firmware": "9"})


def removes(home, nil):
    kept = keep_equipment(household=home, at=BEFORE, by=nil, **TOLD)
    return lambda: retire_equipment(equipment=kept, at=AT, by=nil)


def issues(home, nil):
    facts = for_one(home)
    return lambda: issue_token(**facts, at=AT)


def prepares(home, nil):
    facts = for_one(home)
    return lambda: prepare_hand_over(**facts, networks=(), days=9, at=AT)


def names_a_key(home, nil):
    point = point_of(home)
    return lambda: register_key(point=point, before="", at=AT, **signed(point))


def ends_a_key(home, nil):
    point = point_of(home)
    key = register_key(point=point, before="", at=BEFORE, **signed(point))
    return lambda: end_key(key=key, at=AT)


@pytest.mark.parametrize("asks", [registers, changes, removes, issues, prepares, names_a_key, ends_a_key])
def test_devices_tokens_and_keys_wait_for_an_ending_membership_and_change_nothing_after(marta, nil, home, asks):
    asked = asks(home, nil)
    kinds = (ApiToken, Equipment, MeterKey)
    before = [list(kind.objects.order_by("pk").values()) for kind in kinds]

    errors = errors_of(asked, while_leaves=nil, by=marta)

    assert [type(one) for one in errors] == [HomeChangedHands]
    assert [list(kind.objects.order_by("pk").values()) for kind in kinds] == before


@pytest.mark.parametrize("what", ["invites", "invites again", "issues", "prepares"])
def test_an_administrator_who_leaves_meanwhile_makes_nothing_that_could_be_used_after(marta, street, home, what):
    olga = make.member(street, "Olga", Member.Role.ADMIN)
    waiting, _link = invite(invited_by=marta, email="eva@example.org", household=None, at=BEFORE)
    facts = for_one(home)
    asked = {
        "invites": lambda: invite(invited_by=olga, email="olga2@example.org", household=None, at=AT),
        "invites again": lambda: renew(invitation_id=waiting.pk, by=olga, at=AT),
        "issues": lambda: issue_token(**facts, at=AT, by=olga),
        "prepares": lambda: prepare_hand_over(**facts, networks=(), days=9, at=AT, by=olga),
    }[what]

    (error,) = errors_of(asked, while_leaves=olga, by=marta)

    assert isinstance(error, InvitationProblem | NotAllowed)
    assert (ApiToken.objects.count(), HandOver.objects.count(), Invitation.objects.count()) == (0, 0, 1)
    waiting.refresh_from_db()
    assert waiting.invited_by == marta


def test_whose_power_is_taken_while_a_form_is_on_its_way_is_refused_as_everybody_without(marta, street, home):
    olga = make.member(street, "Olga", Member.Role.ADMIN)
    client = Client()
    client.force_login(olga.user)
    allowed_then = gateways_views.allowed

    def and_then_is_demoted(*asked):
        member = allowed_then(*asked)
        give_role(by=marta, member_id=olga.pk, role="reader", at=AT)
        return member

    told = {"name": "x", "metering_points": [point_of(home).pk], "scopes": ["plans:read"], "days": "9"}
    with patch("metering.views.gateways.allowed", and_then_is_demoted):
        answer = client.post("/gateways/new/", told)

    assert answer.status_code == 403
    assert not ApiToken.objects.exists()


def test_a_code_that_is_typed_while_the_membership_ends_is_worth_nothing(marta, nil, home):
    _prepared, code = prepare_hand_over(**for_one(home), networks=(), days=9, at=BEFORE)

    errors = errors_of(lambda: claim(code=code, at=AT), while_leaves=nil, by=marta)

    assert [type(one) for one in errors] == [InvalidCode]
    assert not ApiToken.objects.exists()


def test_a_code_of_a_home_that_is_free_again_is_worth_nothing_even_to_a_call_from_before(marta, nil, home):
    _prepared, code = prepare_hand_over(**for_one(home), networks=(), days=9, at=BEFORE)
    leave(member_id=nil.pk, by=marta, at=AT)

    with pytest.raises(InvalidCode):
        claim(code=code, at=AT - timedelta(seconds=1))


def test_a_form_that_was_opened_to_who_then_left_registers_nothing(marta, nil, home):
    client = Client()
    client.force_login(nil.user)
    homes_of_who_asks = equipment_views._homes

    def and_then_leaves(request):
        homes = homes_of_who_asks(request)
        leave(member_id=nil.pk, by=marta, at=AT)
        return homes

    with patch("metering.views.equipment._homes", and_then_leaves):
        answer = client.post("/account/equipment/new/", {"household": home.pk, **TOLD})

    assert answer.status_code == 404
    assert not Equipment.objects.exists()


def test_a_call_whose_token_ends_with_the_membership_finds_no_such_meter(marta, nil, home):
    client = Client(headers={"authorization": f"Bearer {make.token(home)}"})
    place = f"/api/v1/metering-points/{point_of(home).public_id}/keys"
    told = json.dumps(signed(point_of(home)))
    point_of_the_call = keys_door.point_of

    def and_then_leaves(*asked):
        point = point_of_the_call(*asked)
        leave(member_id=nil.pk, by=marta, at=AT)
        return point

    with (
        patch("metering.api.keys.point_of", and_then_leaves),
        patch("metering.api.authentication.now", lambda: BEFORE + timedelta(minutes=1)),
    ):
        answer = client.post(place, told, content_type="application/json")

    assert (answer.status_code, answer["content-type"]) == (404, "application/problem+json")
    assert not MeterKey.objects.exists()


def test_a_consent_is_given_while_a_key_of_the_same_meter_is_named(nil, home):
    facts = {"holder_nif": "12345678Z", "given_by": nil, "at": AT, "until": AT + timedelta(days=90)}
    point = point_of(home)
    errors, usual = [], datadis.lock_as_seen

    def names_a_key():
        errors.extend(at_once(lambda: register_key(point=point, before="", at=AT, **signed(point)), times=1))

    naming = threading.Thread(target=names_a_key)

    def first_the_key(locked):
        naming.start()
        naming.join(0.5)
        usual(locked)

    with patch.object(datadis, "lock_as_seen", first_the_key):
        datadis.give_consent(metering_point=point_of(home), **facts)
    naming.join()

    assert errors == []
    assert (MeterKey.objects.count(), Consent.objects.count()) == (1, 1)
