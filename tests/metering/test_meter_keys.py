"""A meter with a key of its own: registered with proof, replaced with its consent, and nothing counts unsigned."""

import base64
import hashlib
import json
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from community.models import AuditEvent, Member, What
from metering.did_key import did_key, has_signed
from metering.live.hearing import Hearing
from metering.models import ApiToken, MeterFile, MeterKey, Reading, Upload, UploadSignature
from metering.services.keys import to_register, to_send
from metering.services.meter_files import store_asked
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = make.NOON + make.QUARTER * 2
BODY = json.dumps({"readings": [{"channel": "export", "start": make.NOON.isoformat(), "energy_wh": 1000}]})


class Meter:
    """A device with a token and a key that it made itself."""

    def __init__(self, home):
        self.point = make.meter(home)
        self.client = Client(headers={"authorization": f"Bearer {make.token(home)}"})
        self.key = Ed25519PrivateKey.generate()
        self.place = f"/api/v1/metering-points/{self.point.public_id}"

    @property
    def did(self):
        return name_of(self.key)

    def register(self, key=None, before=None, signer=None):
        did = name_of(key or self.key)
        told = {"did": did, "signature": signed(signer or key or self.key, to_register(self.point, did))}
        if before is not None:
            told["before"] = signed(before, to_register(self.point, did))
        return self.client.post(f"{self.place}/keys", json.dumps(told), content_type="application/json")

    def send(self, body=BODY, *, signature=None, of=None, query="", **headers):
        path = f"{self.place}/readings{query}"
        if signature is None:
            signature = signed(self.key, to_send("POST", path, hashlib.sha256((of or body).encode()).hexdigest()))
        if signature:
            headers["azotea-signature"] = signature
        return self.client.post(path, body, content_type="application/json", headers=headers)


def name_of(key):
    return did_key(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def signed(key, message):
    return base64.b64encode(key.sign(message)).decode()


@pytest.fixture
def home():
    return make.home(make.community(), "Ana", make.tariff())


@pytest.fixture
def meter(home):
    with (
        patch("metering.api.views.now", lambda: NOW),
        patch("metering.api.keys.now", lambda: NOW),
        patch("metering.api.authentication.now", lambda: NOW),
    ):
        yield Meter(home)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"did":"x","signature":[' + b"{}," * (2 * 2**20) + b"{}]}", 413),
        (b'{"did":"a","did":"b","signature":"x"}', 400),
        (b'{"did":"a","signature":NaN}', 400),
        (b'{"did":' + b"[" * 9 + b"]" * 9 + b"}", 400),
        (b"[]", 400),
    ],
    ids=["too large", "a field twice", "no number", "deep", "a list"],
)
def test_what_names_a_key_is_read_as_strictly_as_readings(meter, body, status):
    answer = meter.client.post(f"{meter.place}/keys", body, content_type="application/json")

    assert (answer.status_code, answer["content-type"]) == (status, "application/problem+json")
    assert not MeterKey.objects.exists()


def test_a_registered_key_signs_what_is_sent_and_its_signature_stays_with_it(meter, home):
    assert meter.client.get(f"{meter.place}/keys").json() == []
    answer = meter.register()
    assert (answer.status_code, answer.json()["did"]) == (200, meter.did)
    assert [one["did"] for one in meter.client.get(f"{meter.place}/keys").json()] == [meter.did]

    assert meter.send().status_code == 201

    kept = UploadSignature.objects.get()
    upload = kept.upload
    message = to_send("POST", kept.path, upload.content_sha256)
    assert has_signed(kept.key.did, base64.b64decode(kept.signature), message)
    assert AuditEvent.objects.get(what=What.METER_KEY_REGISTERED).household == home


def test_without_a_key_nothing_is_asked_and_with_one_nothing_counts_unsigned(meter):
    assert meter.send(signature="").status_code == 201
    Reading.objects.all().delete()
    UploadSignature.objects.all().delete()
    Upload.objects.all().delete()
    meter.register()

    missing, other = meter.send(signature=""), meter.send(of="{}")
    replayed_elsewhere = meter.send(signature=signed(meter.key, b"x"))

    assert [(one.status_code, one.json()["code"]) for one in (missing, other, replayed_elsewhere)] == [
        (403, "signature-missing"), (403, "signature-wrong"), (403, "signature-wrong"),
    ]  # fmt: skip
    assert meter.did in missing.json()["detail"]
    assert "Azotea-Signature" in missing.json()["detail"]
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "signature", ["x", "é", "A" * 88, "A" * 5_000, "=" * 88, base64.b64encode(bytes(64)).decode()]
)
def test_what_is_no_signature_is_refused(meter, signature):
    meter.register()

    assert meter.send(signature=signature).json()["code"] == "signature-wrong"


def test_the_address_is_signed_too(meter):
    meter.register()
    path = f"{meter.place}/readings"
    plain = signed(meter.key, to_send("POST", path, hashlib.sha256(BODY.encode()).hexdigest()))

    assert meter.send(signature=plain, query="?mode=partial").json()["code"] == "signature-wrong"
    assert meter.send(query="?mode=partial").status_code == 201


def test_a_signed_call_that_is_sent_again_changes_nothing(meter):
    meter.register()
    meter.send()

    again = meter.send()

    assert (again.status_code, again.json()["unchanged"]) == (200, 1)
    assert Reading.objects.count() == 1


def other(energy_wh):
    return BODY.replace("1000", str(energy_wh))


def spellings(signature):
    """The signature with each way to set the bits that its base64 leaves idle."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    first = letters.index(signature[-3]) // 16 * 16
    return [signature[:-3] + letters[first + more] + "==" for more in range(16)]


def test_an_old_signed_call_does_not_undo_what_came_since(meter):
    meter.register()
    first = meter.send()
    meter.send(other(700))

    again = meter.send()

    assert (again.status_code, again.json()["revised"], again.json()["unchanged"]) == (200, 0, 1)
    assert again.json()["upload"] == first.json()["upload"]
    assert list(Reading.objects.order_by("version").values_list("energy_wh", flat=True)) == [1000, 700]
    assert meter.send(BODY + " ").json()["revised"] == 1, "the meter itself may say the earlier value once more"


def test_an_old_signed_call_in_another_spelling_is_no_new_one(meter):
    meter.register()
    meter.send()
    meter.send(other(700))
    path = f"{meter.place}/readings"
    old = signed(meter.key, to_send("POST", path, hashlib.sha256(BODY.encode()).hexdigest()))

    for spelling in spellings(old):
        meter.send(signature=spelling)

    assert Reading.objects.count() == 2


def test_a_file_handed_in_with_a_token_does_not_speak_for_a_meter_that_signs(meter):
    """Whoever read the token would otherwise send in a file what it cannot sign."""
    meter.register()
    day = make.NOON.astimezone(meter.point.household.community.zone) - make.QUARTER * 96
    lines = "".join(f"{meter.point.cups};{day:%d/%m/%Y};{hour};1,5;R\r\n" for hour in range(1, 25))
    table = f"CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion\r\n{lines}"
    with patch("metering.api.files.now", lambda: NOW):
        answer = meter.client.post(
            "/api/v1/meter-files?name=x.csv", table, content_type="application/octet-stream"
        )
        file = MeterFile.objects.get(public_id=answer.json()["file"])
        store_asked(file_id=file.pk, at=NOW)

    file.refresh_from_db()
    assert file.failure == {"code": "nothing-to-store"}
    assert not Reading.objects.exists()


@pytest.mark.parametrize(
    "did", ["did:key:z", "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", "x", "did:key:z0"]
)
def test_what_is_no_key_of_ed25519_is_refused(meter, did):
    told = {"did": did, "signature": signed(meter.key, to_register(meter.point, did))}

    answer = meter.client.post(f"{meter.place}/keys", json.dumps(told), content_type="application/json")

    assert answer.status_code == 400
    assert not MeterKey.objects.exists()


def test_whoever_does_not_hold_the_key_registers_none(meter):
    answer = meter.register(signer=Ed25519PrivateKey.generate())

    assert answer.status_code == 400
    assert "signature" in answer.content.decode()
    assert not MeterKey.objects.exists()


def test_a_key_is_replaced_only_with_its_own_word(meter):
    meter.register()
    another = Ed25519PrivateKey.generate()

    assert meter.register(another).json()["code"] == "key-exists"
    assert meter.register(another, before=another).status_code == 400
    assert meter.register().status_code == 200, "the same again changes nothing"
    assert meter.register(another, before=meter.key).status_code == 200
    assert meter.send().json()["code"] == "signature-wrong"
    meter.key = another
    assert meter.send().status_code == 201
    assert MeterKey.objects.filter(ended_at=None).count() == 1


def test_a_message_without_a_place_for_a_signature_is_not_heard(meter, home):
    meter.register()
    token = ApiToken.objects.get()

    answer = Hearing().hear(f"azotea/{token.key_id}/{meter.point.public_id}/readings", BODY.encode(), NOW)

    assert answer.body["code"] == "signature-missing"
    assert not Reading.objects.exists()


def test_an_administrator_ends_a_lost_key_and_sees_those_that_hold(meter, home, client):
    meter.register()
    client.force_login(make.member(home.community, "Marta", Member.Role.ADMIN).user)
    assert meter.did in client.get("/gateways/").content.decode()

    client.post(f"/gateways/keys/{MeterKey.objects.get().pk}/end/")

    assert meter.did not in client.get("/gateways/").content.decode()
    assert meter.send(signature="").status_code == 201
    assert AuditEvent.objects.filter(what=What.METER_KEY_ENDED).count() == 1


def test_the_key_of_another_street_is_not_there(meter, home, client):
    meter.register()
    client.force_login(make.member(make.community(slug="otra"), "Eva", Member.Role.ADMIN).user)

    assert client.post(f"/gateways/keys/{MeterKey.objects.get().pk}/end/").status_code == 404
