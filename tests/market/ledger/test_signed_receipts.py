"""Receipts of slots under a signed mandate: the log commits to the signature, and nothing of it can be exchanged."""

import json
from datetime import timedelta

import pytest

from market.ledger.standalone import verify_receipt
from market.models import MandateConfirmation, Order
from market.queries.evidence import beyond, evidence, mandate_hash, plain_mandate
from market.queries.fsck import faults
from market.queries.log import latest_head
from market.services.log import sign_head
from market.services.mandates import Word, give_mandate, terms_of
from market.wording.receipts import NoReceipt, as_zip
from tests import factories as make
from tests.market.ledger.conftest import NOW, forget
from tests.market.ledger.test_log import as_a_superuser, leaf, unpacked
from tests.market.test_rent_and_pool import cleared, metered, usual
from tests.passkeys import Passkey, assertion

pytestmark = pytest.mark.django_db
BEFORE = make.NOON - timedelta(hours=1)


def sign(home, member, at=BEFORE, key=None, **limits):
    """A mandate of these limits, signed with a passkey."""
    key = key or Passkey()
    digest = mandate_hash(plain_mandate(terms_of(household=home, at=at, **limits)))
    word = Word("passkey", assertion(key, bytes.fromhex(digest)), key.name)
    return give_mandate(household=home, given_by=member, at=at, word=word, **limits)


@pytest.fixture
def ana(street):
    return make.member(street, "Ana")


def traded(street, homes, guard, start=make.NOON):
    for home in (homes[0], homes[2]):
        give_mandate(household=home, given_by=None, at=BEFORE)
    cleared(street, usual(homes), start)
    metered(homes, start)
    sign_head(community=street, keeper=guard, at=NOW)


@pytest.fixture
def signed(street, homes, guard, ana):
    sign(homes[1], ana, max_buy_ueur_kwh=300_000)
    traded(street, homes, guard)
    return homes[1]


@pytest.fixture
def receipt(street, signed, tmp_path):
    for name, content in unpacked(as_zip(leaf(signed), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def changed(folder, name, change):
    """A file of the receipt with something else in it."""
    said = json.loads((folder / name).read_text())
    change(said)
    (folder / name).write_text(json.dumps(said))


def test_a_receipt_shows_the_signature_that_the_log_committed_to(street, signed, receipt, capsys):
    assert verify_receipt.main(str(receipt)) == 0

    said = capsys.readouterr().out
    assert "Mandate: signed at https://testserver by a passkey" in said
    opening = json.loads((receipt / "opening.json").read_text())["opening"]
    word = MandateConfirmation.objects.get()
    assert (opening["mandate"], opening["signed"]) == (word.mandate_hash, word.assertion.digest)
    assert list(faults(street)) == []


def test_a_home_without_a_signature_has_a_receipt_that_says_nothing_of_one(street, homes, signed):
    files = unpacked(as_zip(leaf(homes[0]), latest_head(street.pk)))

    assert "signed" not in json.loads(files["opening.json"])["opening"]
    assert json.loads(files["signature.json"]) is None


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("opening.json", lambda said: said["opening"]["orders"][0].__setitem__(2, 1), "not the ones"),
        ("opening.json", lambda said: said["opening"].pop("signed"), "not the ones"),
        ("mandate.json", lambda said: said.update(max_buy_ueur_kwh=10**6), "not the mandate"),
        ("signature.json", lambda said: said.update(signature="AAAA"), "not the signature"),
        ("signature.json", lambda said: said["key"].update(x="AAAA"), "not the signature"),
        ("signature.json", lambda said: said.clear(), "not the signature"),
    ],
)
def test_neither_order_nor_mandate_nor_signature_can_be_changed(receipt, capsys, name, change, says):
    changed(receipt, name, change)

    assert verify_receipt.main(str(receipt)) == 1
    said = capsys.readouterr().out
    assert "WRONG" in said
    assert says in said


@pytest.mark.parametrize(
    ("name", "once", "twice"),
    [
        ("opening.json", '"bought_wh": 400', '"bought_wh": 900, "bought_wh": 400'),
        ("opening.json", '"salt": ', '"salt": "00", "salt": '),
        ("mandate.json", '"paused": false', '"paused": true, "paused": false'),
        ("signature.json", '"alg": ', '"alg": "none", "alg": '),
    ],
)
def test_a_file_that_says_something_twice_is_wrong_whichever_of_both_is_true(receipt, capsys, name, once, twice):
    said = (receipt / name).read_text()
    (receipt / name).write_text(said.replace(once, twice))
    assert (receipt / name).read_text() != said

    assert verify_receipt.main(str(receipt)) == 1
    assert "twice" in capsys.readouterr().out


def test_other_spaces_are_no_other_spelling(receipt):
    (receipt / "opening.json").write_text((receipt / "opening.json").read_text().replace("\n", "\n\n  "))

    assert verify_receipt.main(str(receipt)) == 0


def test_a_missing_signature_is_not_overlooked(receipt, capsys):
    (receipt / "signature.json").unlink()
    assert verify_receipt.main(str(receipt)) == 1
    assert "not the signature" in capsys.readouterr().out


def test_a_signature_under_other_limits_is_no_signature_under_these():
    digest = mandate_hash({"other": 1})
    plain = assertion(Passkey(), bytes(32)).plain
    opening = {"mandate": digest, "signed": mandate_hash(plain), "orders": [], "slot": ""}

    with pytest.raises(verify_receipt.Wrong, match="another mandate"):
        verify_receipt.allowed(opening, {"other": 1}, plain)


@pytest.mark.parametrize(
    "limits",
    [
        {"max_buy_ueur_kwh": 89_999},
        {"paused": True},
        {"buy_periods": []},
        {"valid_until": make.NOON},
    ],
)
def test_an_order_outside_the_signed_mandate_is_a_breach(street, homes, guard, ana, tmp_path, capsys, limits):
    sign(homes[1], ana, **limits)
    traded(street, homes, guard)
    assert Order.objects.filter(household=homes[1]).exists()
    for name, content in unpacked(as_zip(leaf(homes[1]), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)

    assert verify_receipt.main(str(tmp_path)) == 1
    assert "BREACH: no mandate allowed this: buy 400 Wh at 90000" in capsys.readouterr().out


def test_an_order_on_the_edge_of_the_mandate_is_within_it(street, homes, guard, ana, tmp_path):
    sign(homes[1], ana, max_buy_ueur_kwh=90_000)
    traded(street, homes, guard)
    for name, content in unpacked(as_zip(leaf(homes[1]), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)
    assert verify_receipt.main(str(tmp_path)) == 0


def test_a_signature_given_later_counts_from_then_on_and_leaves_older_leaves_as_they_are(
    street, homes, guard, ana
):
    limits = {"max_buy_ueur_kwh": 300_000}
    give_mandate(household=homes[1], given_by=ana, at=BEFORE, **limits)
    traded(street, homes, guard)
    sign(homes[1], ana, at=make.NOON, **limits)
    traded(street, homes, guard, make.NOON + timedelta(minutes=30))

    openings = [
        json.loads(unpacked(as_zip(leaf(homes[1], number), latest_head(street.pk)))["opening.json"])["opening"]
        for number in (0, 1)
    ]
    assert ["signed" in opening for opening in openings] == [False, True]
    assert list(faults(street)) == []


def test_rules_changed_between_ordering_and_gate_closure_do_not_count_for_that_slot(street, homes, guard, ana):
    first = sign(homes[1], ana, max_buy_ueur_kwh=300_000)
    cleared(street, usual(homes))
    slot = homes[1].orders.get().slot
    type(slot).objects.filter(pk=slot.pk).update(ordered_at=BEFORE + timedelta(minutes=1))
    sign(homes[1], ana, at=BEFORE + timedelta(minutes=2), max_buy_ueur_kwh=1)
    slot.refresh_from_db()

    stated = evidence([slot], [homes[1].pk]).stated(homes[1].pk, slot)

    assert stated["mandate"] == first.confirmations.get().mandate_hash


def test_with_the_key_destroyed_nothing_opens_and_the_words_may_go(street, signed, guard):
    forget(signed)
    with pytest.raises(NoReceipt):
        as_zip(leaf(signed), latest_head(street.pk))
    MandateConfirmation.objects.all().delete()
    assert list(faults(street)) == []


def without_triggers(statement):
    """What a database administrator could do who wants it so."""
    as_a_superuser("SET session_replication_role = replica", statement, "SET session_replication_role = origin")


@pytest.mark.usefixtures("owner")
def test_an_exchanged_signature_is_named(street, signed):
    as_a_superuser("SET session_replication_role = replica")
    other = assertion(Passkey("other"), bytes.fromhex(MandateConfirmation.objects.get().mandate_hash))
    MandateConfirmation.objects.update(signature=other.signature, public_key=other.public_key)
    as_a_superuser("SET session_replication_role = origin")

    assert any(fault.startswith("I6") for fault in faults(street))


def test_a_breach_is_shown_to_its_member_and_to_no_other(client, street, homes, guard, ana):
    homes[1].member = ana
    homes[1].save()
    sign(homes[1], ana, max_buy_ueur_kwh=1_000)
    traded(street, homes, guard)
    for member, seen in ((ana, True), (make.member(street, "Berta"), False)):
        client.force_login(member.user)
        page = client.get("/proof/", headers={"accept-language": "en"}).content.decode()
        assert ("an order was outside your rules" in page) is seen
    assert any(fault.startswith("I4 orders beyond their mandates") for fault in faults(street))


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    "change",
    ["paused = true", "valid_until = valid_from + interval '1 minute'", "valid_from = now() + interval '9 years'"],
)
def test_an_order_under_a_mandate_that_did_not_hold_is_named(street, signed, change):
    order = Order.objects.filter(household=signed).get()
    without_triggers(f"UPDATE market_mandate SET {change} WHERE id = {order.mandate_id}")

    named = [fault for fault in faults(street) if fault.startswith("I4 orders beyond")]

    assert len(named) == 1
    assert str(order.pk) in named[0]


@pytest.mark.usefixtures("owner")
def test_an_order_that_cites_a_neighbours_mandate_is_named(street, homes, signed):
    order = Order.objects.filter(household=signed).get()
    other = Order.objects.filter(household=homes[0]).get().mandate_id
    without_triggers(f"UPDATE market_order SET mandate_id = {other} WHERE id = {order.pk}")

    assert any(fault.startswith("I4 orders beyond") for fault in faults(street))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("signature = '\\x3006020101020101'", "signature under mandate"),
        ("mandate_hash = repeat('0', 64)", "is not of mandate"),
        ("client_data = 'x'", "signature under mandate"),
    ],
)
@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("since", [None, NOW - timedelta(hours=2)], ids=["all", "recent"])
def test_a_word_that_does_not_hold_is_named(street, signed, change, says, since):
    without_triggers(f"UPDATE market_mandateconfirmation SET {change}")

    assert any(fault.startswith("I4") and says in fault for fault in faults(street, since=since))


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("until", [None, "2026-11-23T11:00:00Z", "2026-11-23T11:01:00Z"])
@pytest.mark.parametrize("periods", [[], ["P1"]])
def test_site_and_program_agree_on_what_a_breach_is(street, paused, until, periods):
    mandate = {
        "paused": paused, "valid_until": until, "sell_periods": periods, "buy_periods": periods,
        "min_sell_ueur_kwh": 50, "max_buy_ueur_kwh": 100,
    }  # fmt: skip
    orders = [[side, wh, limit] for side in ("buy", "sell") for wh in (0, 1) for limit in (49, 50, 100, 101)]
    slot = make.slot(street)
    opening = {"mandate": mandate_hash(mandate), "orders": orders, "slot": "2026-11-23T11:00Z"}

    assert beyond(orders, mandate, slot) == verify_receipt.allowed(opening, mandate, None)
    assert beyond(orders, None, slot) == orders
