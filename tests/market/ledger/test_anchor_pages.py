"""What members and operators see of anchors: their age, their files, how they are checked, what they cost."""

import io
import subprocess
import zipfile
from datetime import timedelta
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.urls import reverse
from django.utils import translation
from fido2.cose import ES256, EdDSA
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from config.settings.anchors import AnchorSettings
from market.ledger.anchors.costs import DAYS_A_YEAR, FEES, HEADS_A_DAY
from market.ledger.anchors.ots_file import read_file
from market.ledger.standalone import verify_receipt
from market.models import LogAnchor, OutboxMessage
from market.queries.anchors import anchor_ages, usual_trades
from market.queries.fsck import faults
from market.queries.log import latest_head
from market.services.log import sign_head
from market.services.log_keys import rotate_key
from market.services.retention import remove_what_is_over
from market.wording.anchors import age
from market.wording.metrics import exposition
from market.wording.receipts import as_zip
from metering.did_key import did_key
from tests import factories as make
from tests.faults.test_anchors import authorities, look, outside
from tests.market.ledger.conftest import NOW
from tests.market.ledger.test_log import as_a_superuser, leaf
from tests.market.test_rent_and_pool import metered

__all__ = ["authorities", "outside"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(client, street, logged):
    member = make.member(street, "Ana")
    logged[1].member = member
    logged[1].save()
    client.force_login(member.user)
    client.cookies.load({"django_language": "en"})
    return member


@pytest.fixture
def anchored(street, logged, outside):
    """The newest head is with everybody outside: a stamp, a promise, a transaction."""
    look(NOW)
    return latest_head(street.pk)


def seen(client, name="proof", at=NOW):
    with patch("config.clock.now", lambda: at):
        return client.get(reverse(name)).content.decode()


def test_a_community_without_anchors_says_so(client, ana):
    page = seen(client)
    assert "anchored nowhere outside" in page
    assert "The last anchor" not in page


def test_anchors_that_were_turned_on_and_gave_nothing_yet_are_not_claimed(client, ana, settings):
    settings.ANCHORS = AnchorSettings(calendars="https://calendar.example")
    page = seen(client)
    assert "none has answered yet" in page
    assert "anchored nowhere outside" not in page


def test_the_page_says_how_old_the_last_anchor_is_and_of_which_kind(client, ana, anchored):
    page = seen(client, at=NOW + timedelta(minutes=95))

    assert "The last anchor is 1 hour old: time-stamping authority (RFC 3161), for the head of 12 entries" in page
    assert "promised by https://ots.example" in page
    assert "says: it was there on" in page
    assert "openssl ts -verify -data head-12.txt -in head-12.txt.tsr" in page
    assert "ots verify head-12.txt.ots" in page


def test_what_was_only_asked_is_told_apart_from_what_is_complete(client, ana, outside, settings):
    later = NOW + timedelta(minutes=95)
    settings.ANCHORS = settings.ANCHORS._replace(tsa_url="", iota_url="")
    look(NOW)
    page = seen(client, at=later)
    assert "Asked 1 hour ago and not complete yet: OpenTimestamps" in page
    assert "The last anchor" not in page

    LogAnchor.objects.update(complete_at=later, place="Bitcoin 901234")
    page = seen(client, at=later)
    assert "names Bitcoin 901234; whether that block holds it is not checked here" in page
    assert "The last anchor is 1 hour old: OpenTimestamps" in page
    assert "not complete yet" not in page


def test_promises_alone_do_not_make_an_anchor_young(street, logged, outside, settings):
    for hours in range(8):
        look(NOW + timedelta(hours=hours))
    first = street.log_heads.order_by("size").first().signed_at

    at = NOW + timedelta(hours=8)
    ages = {kind: seconds for _pk, kind, seconds in anchor_ages(settings.ANCHORS.kinds, at)}

    assert ages["opentimestamps"] == (at - first).total_seconds() > 21_600
    LogAnchor.objects.filter(kind="opentimestamps").update(complete_at=at - timedelta(hours=1))
    ages = {kind: seconds for _pk, kind, seconds in anchor_ages(settings.ANCHORS.kinds, at)}
    assert ages["opentimestamps"] == 3_600


def test_the_file_of_a_stamp_is_what_openssl_takes(client, ana, anchored, authorities, tmp_path):
    head = client.get(reverse("anchored-head", args=[12]))
    stamp = client.get(reverse("anchor-file", args=[12, "rfc3161"]))
    (tmp_path / "head-12.txt").write_bytes(head.content)
    (tmp_path / "head-12.txt.tsr").write_bytes(stamp.content)

    def openssl():
        words = ("-data", "head-12.txt", "-in", "head-12.txt.tsr", "-CAfile", str(authorities[0] / "ca.pem"))
        return subprocess.run(("openssl", "ts", "-verify", *words), cwd=tmp_path, capture_output=True, check=False)

    assert head.headers["Content-Disposition"] == 'attachment; filename="head-12.txt"'
    assert stamp.headers["Content-Disposition"] == 'attachment; filename="head-12.txt.tsr"'
    assert openssl().returncode == 0
    (tmp_path / "head-12.txt").write_bytes(head.content.replace(b"\n12\n", b"\n13\n"))
    assert openssl().returncode != 0


def test_files_are_for_members_of_the_community_only(client, ana, anchored):
    ots = client.get(reverse("anchor-file", args=[12, "opentimestamps"]))
    assert read_file(ots.content).all()
    assert ots.headers["Content-Disposition"].endswith('.txt.ots"')
    for name, given in (("anchored-head", [11]), ("anchor-file", [12, "nothing"]), ("anchor-file", [4, "iota"])):
        assert client.get(reverse(name, args=given)).status_code == 404
    elsewhere = make.member(make.community(name="Otra", slug="otra"), "Eva")
    client.force_login(elsewhere.user)
    assert client.get(reverse("anchored-head", args=[12])).status_code == 404
    assert client.get(reverse("anchor-file", args=[12, "rfc3161"])).status_code == 404
    client.logout()
    for name, given in (("anchored-head", [12]), ("anchor-file", [12, "rfc3161"]), ("anchor-costs", [])):
        assert client.get(reverse(name, args=given)).status_code == 302


def test_a_receipt_brings_the_proof_under_the_head_that_was_anchored(street, logged, guard, anchored, tmp_path):
    metered(logged, make.NOON, at=NOW, taken=(300, 300))
    rotate_key(community=street, keeper=guard, at=NOW)
    newest = sign_head(community=street, keeper=guard, at=NOW)
    with zipfile.ZipFile(io.BytesIO(as_zip(leaf(logged[1]), newest))) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "receipt" / "anchored"

    assert newest.size > 12
    assert verify_receipt.main(str(tmp_path / "receipt")) == verify_receipt.main(str(folder)) == 0
    head = (folder / "head-12.txt").read_text()
    assert (folder / "receipt.tlog-proof").read_text().endswith(head)
    assert (folder / "head-12.txt.tsr").exists()
    assert not (folder / "head-12.txt.ots").exists(), "a promise is no proof"
    assert "anchored" in (tmp_path / "receipt" / "README.txt").read_text()


@pytest.mark.usefixtures("owner")
def test_a_file_that_is_of_another_head_is_found(street, logged, anchored):
    assert list(faults(street)) == []
    other = street.log_heads.get(size=8)
    as_a_superuser("SET session_replication_role = replica")
    LogAnchor.objects.update(head=other)
    as_a_superuser("SET session_replication_role = origin")

    assert sorted(one[:40] for one in faults(street)) == [
        f"I8 the {kind} file of the head of 8 entries: "[:40] for kind in ("iota", "opentimestamps", "rfc3161")
    ]


def test_metrics_tell_the_age_of_each_communitys_anchors(street, logged, anchored, settings):
    at = NOW + timedelta(hours=7)
    text = exposition(at).decode()
    assert f'azotea_anchor_age_seconds{{community="{street.pk}",kind="rfc3161"}} 25200.0' in text
    assert "azotea_outbox_parked 0.0" in text

    LogAnchor.objects.filter(kind="iota").delete()
    first = street.log_heads.order_by("size").first().signed_at
    ages = {kind: seconds for _pk, kind, seconds in anchor_ages(settings.ANCHORS.kinds, at)}
    assert ages["iota"] == (at - first).total_seconds()
    OutboxMessage.objects.filter(topic="iota").update(state="parked")
    assert "azotea_outbox_parked 1.0" in exposition(at).decode()
    settings.ANCHORS = AnchorSettings()
    assert "azotea_anchor_age_seconds{" not in exposition(at).decode()


def test_readiness_does_not_wait_for_anchors(client, street, logged, settings):
    settings.ANCHORS = AnchorSettings(calendars="http://127.0.0.1:1")
    look(NOW)
    assert client.get(reverse("ready")).status_code == 200


def test_what_was_told_outside_is_forgotten_after_a_while_and_not_told_again(street, logged, anchored, outside):
    later = NOW + timedelta(days=40)
    remove_what_is_over(at=later)
    assert set(OutboxMessage.objects.values_list("topic", flat=True)) == {"opentimestamps", "iota"}
    asked = len([one for one, _content in outside.asked if one == "tsa"])
    look(later)
    assert len([one for one, _content in outside.asked if one == "tsa"]) == asked


@pytest.mark.parametrize(
    ("passed", "words"),
    [(timedelta(-1), "0 minutes"), (timedelta(minutes=1), "1 minute"), (timedelta(hours=47.5), "47 hours"), (timedelta(days=3), "3 days")],
)  # fmt: skip
def test_ages_are_in_the_largest_unit_that_fits(passed, words):
    with translation.override("en"):
        assert age(NOW, NOW + passed) == words


def test_a_year_of_anchors_costs_what_was_worked_out_by_hand():
    fees = {one.kind: one for one in FEES}
    trades = 2_400
    assert trades * DAYS_A_YEAR == 876_000
    assert HEADS_A_DAY * DAYS_A_YEAR == 8_760
    record, hedera = fees["iota_record"], fees["hedera"]
    assert [round(record.year_each(trades)), round(record.year_hourly())] == [4_205, 42]
    assert round((record.nano - record.deposit_nano) * 876_000 / 1e9) == 876
    assert [round(hedera.year_each(trades)), round(hedera.year_hourly())] == [701, 7]
    assert [fees[kind].nano for kind in ("witness", "rfc3161", "opentimestamps")] == [0, 0, 0]
    assert record.hourly_per_trade(trades) == record.of_one() / 100


def test_the_page_of_costs_is_about_the_streets_own_trades(client, street, ana):
    usual = usual_trades(street, NOW)
    assert usual.trades_a_day == 9
    page = seen(client, "anchor-costs")
    assert "is not known yet, or not shown because too few homes take part" in page, "three homes are too few"

    client.force_login(make.member(street, "Marta", "admin").user)
    page = seen(client, "anchor-costs")
    assert "this street had 9 trades a day" in page
    assert "10,000 trades a day" in page
    assert "0.001152\xa0IOTA" in page, "24 records of 0.0048 a day, shared by 100"
    assert "42.05\xa0IOTA" in page


def test_what_is_sold_without_a_public_price_is_not_shown_as_free(client, ana):
    page = seen(client, "anchor-costs")
    free, qualified = (
        page[page.index(label) :].partition("</tr>")[0]
        for label in ("Free time-stamping authority", "Qualified time-stamping authority")
    )

    assert (free.count("nothing"), free.count("not published")) == (4, 0)
    assert (qualified.count("nothing"), qualified.count("not published")) == (0, 4)


def test_members_see_their_passkeys_names(client, ana):
    assert "passkeys" not in seen(client), "without one there is nothing to say"
    private = Ed25519PrivateKey.generate().public_key()
    for number, key in enumerate((generate_private_key(SECP256R1()).public_key(), private)):
        kind = ES256 if number == 0 else EdDSA
        passkey(ana.user, f"Phone {number}", kind.from_cryptography_key(key))

    page = seen(client)

    assert "Phone 0" in page
    assert "did:key:zDn" in page
    assert did_key(private.public_bytes_raw()) in page
    client.force_login(make.member(ana.community, "Bruno").user)
    assert "did:key:z" not in seen(client)


def passkey(user, name, key):
    """A passkey as allauth keeps one, with a key of ours."""
    credential = AttestedCredentialData.create(bytes(16), name.encode(), key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(bytes(32), flags, 0, credential)
    said = {
        "id": websafe_encode(name.encode()), "rawId": websafe_encode(name.encode()), "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": websafe_encode(b'{"type":"webauthn.create","challenge":"","origin":"https://localhost"}'),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        },
    }  # fmt: skip
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": said}
    )
