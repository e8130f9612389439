"""The member's word for the rules: signed with a passkey where there is one, shown as what it is otherwise."""

import time
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction

from market.ledger.assertions import Assertion, NotSigned
from market.models import HomeKey, Mandate, MandateConfirmation
from market.queries.evidence import mandate_hash, plain_mandate
from market.queries.mandates import mandate_terms
from market.services.mandates import Word, give_mandate, terms_of
from tests import factories as make
from tests.passkeys import PRESENT, Passkey, assertion

pytestmark = pytest.mark.django_db

NOW = make.NOON + timedelta(hours=1)
RULES = {
    "min_sell": "0,09", "max_buy": "0.2", "sell_periods": ["P1", "P2"], "buy_periods": ["P1", "P2", "P3"],
    "objective": "savings",
}  # fmt: skip
ENGLISH = {"headers": {"accept-language": "en"}}


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def home():
    street = make.community()
    return make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana"))


@pytest.fixture
def ana(client, home):
    client.force_login(home.member.user)
    return client


@pytest.fixture
def passkey(home):
    return Passkey().registered(home.member.user)


def asked(client, **more):
    """The page that asks for the member's word, and what the passkey is to sign."""
    answer = client.post("/rules/", {**RULES, **more}, **ENGLISH)
    assert answer.status_code == 200
    return answer, bytes.fromhex(answer.context["digest"])


def signing(client, credential, **more):
    return client.post("/rules/", {**RULES, "confirm": "passkey", "credential": credential, **more}, **ENGLISH)


def latest(home):
    return Mandate.objects.filter(household=home).latest("valid_from")


def test_rules_are_saved_with_the_passkeys_signature_under_their_hash(ana, home, passkey):
    before = home.mandates.count()
    page, digest = asked(ana)
    assert home.mandates.count() == before, "nothing is saved before the member's word"
    assert "sells at no less than 0.09" in page.content.decode().replace("\xa0", " ")

    assert signing(ana, passkey.answer(digest)).status_code == 302

    word = latest(home).confirmations.get()
    assert (word.method, word.key_name, word.confirmed_by) == ("passkey", "Móvil", home.member)
    assert word.mandate_hash == mandate_hash(plain_mandate(mandate_terms(latest(home)))) == digest.hex()
    word.assertion.prove(word.mandate_hash)
    said = ana.get("/rules/", **ENGLISH).content.decode()
    assert "Confirmed with your passkey “Móvil” on 23 November 2026." in said


def test_without_a_passkey_the_log_in_is_the_word_and_is_not_called_a_signature(ana, home):
    assert ana.post("/rules/", RULES).status_code == 302

    word = latest(home).confirmations.get()
    assert (word.method, bytes(word.signature)) == ("password", b"")
    assert "Confirmed with your password on 23 November 2026, not signed." in (
        ana.get("/rules/", **ENGLISH).content.decode()
    )


@pytest.mark.parametrize(("kind", "way"), [("totp", "code"), ("recovery_codes", "code"), ("webauthn", "key")])
def test_the_way_of_the_log_in_is_told(ana, home, kind, way):
    session = ana.session
    session["account_authentication_methods"].append({"method": "mfa", "type": kind, "at": time.time()})
    session.save()

    ana.post("/rules/", RULES)

    assert latest(home).confirmations.get().method == way


def test_whoever_cannot_use_the_passkey_confirms_another_way(ana, home, passkey):
    page, _digest = asked(ana)
    assert 'value="login"' in page.content.decode()

    assert ana.post("/rules/", {**RULES, "confirm": "login"}).status_code == 302

    assert latest(home).confirmations.get().method == "password"


def test_back_leads_to_the_form_as_it_was_filled_in(ana, home, passkey):
    before = home.mandates.count()

    page = ana.post("/rules/", {**RULES, "confirm": "back"}, **ENGLISH)

    assert 'value="0,09"' in page.content.decode()
    assert home.mandates.count() == before


def test_the_form_that_asks_again_carries_all_that_was_sent(ana, home, passkey):
    page, _digest = asked(ana, min_sell="0.07")

    sent = page.context["sent"]

    assert ("min_sell", "0.07") in sent
    assert [value for name, value in sent if name == "sell_periods"] == ["P1", "P2"]


@pytest.mark.parametrize(
    "wrong", ["challenge", "origin", "host", "verification", "key", "json", "nothing", "rules"]
)
def test_what_is_no_signature_under_these_rules_saves_nothing(ana, home, passkey, wrong):
    before = home.mandates.count()
    _page, digest = asked(ana)
    given = {
        "challenge": lambda: passkey.answer(bytes(32)),
        "origin": lambda: passkey.answer(digest, origin="https://elsewhere.example"),
        "host": lambda: passkey.answer(digest, host="elsewhere.example"),
        "verification": lambda: passkey.answer(digest, flags=PRESENT),
        "key": lambda: Passkey().answer(digest),
        "json": lambda: "{",
        "nothing": lambda: "",
        "rules": lambda: passkey.answer(digest),
    }[wrong]()
    other = {"min_sell": "0.01"} if wrong == "rules" else {}

    answer = signing(ana, given, **other)

    assert answer.status_code == 422
    assert "did not confirm these rules" in answer.content.decode()
    assert home.mandates.count() == before
    assert not MandateConfirmation.objects.exists()


def test_rules_that_hold_already_can_be_signed_later_and_are_not_asked_about_twice(ana, home, passkey):
    ana.post("/rules/", {**RULES, "confirm": "login"})
    mandate = latest(home)
    _page, digest = asked(ana)
    signing(ana, passkey.answer(digest))

    assert latest(home) == mandate
    assert sorted(mandate.confirmations.values_list("method", flat=True)) == ["passkey", "password"]
    assert ana.post("/rules/", RULES).status_code == 302, "signed already"
    assert mandate.confirmations.count() == 2


def test_a_signature_under_another_mandate_is_refused_by_the_service_too(home, passkey):
    other = mandate_hash(plain_mandate(terms_of(household=home, at=NOW, reserve_pct=55)))
    word = Word("passkey", assertion(passkey, bytes.fromhex(other)))

    with pytest.raises(NotSigned, match="Another mandate"), transaction.atomic():
        give_mandate(household=home, given_by=home.member, at=NOW, word=word, reserve_pct=20)

    assert latest(home).valid_from < NOW


def test_a_word_never_changes_and_goes_only_with_the_homes_key(ana, home, passkey):
    ana.post("/rules/", {**RULES, "confirm": "login"})
    HomeKey.objects.create(household=home, sealed_key="kept")
    words = MandateConfirmation.objects.all()
    for change in (lambda: words.update(method="code"), words.delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()

    HomeKey.objects.update(sealed_key="")

    assert words.delete()[0] == 1


# --- the assertion by itself --------------------------------------------------------------------------------------


def test_any_changed_bit_of_an_assertion_is_seen():
    digest = bytes(range(32))
    right = assertion(Passkey(), digest)
    right.prove(digest.hex())

    for name in ("authenticator_data", "client_data", "signature"):
        data = getattr(right, name)
        for place in range(0, len(data) * 8, 11):
            changed = bytearray(data)
            changed[place // 8] ^= 1 << place % 8
            parts = {one: getattr(right, one) for one in Assertion.__slots__}
            with pytest.raises(NotSigned):
                Assertion(**parts | {name: bytes(changed)}).prove(digest.hex())


def test_a_key_that_no_receipt_could_show_is_refused():
    right = assertion(Passkey(), bytes(32))
    parts = {one: getattr(right, one) for one in Assertion.__slots__}
    for key in (b"", b"\xff", b"\x01", b"\xa1\x03\x26"):
        with pytest.raises(NotSigned):
            Assertion(**parts | {"public_key": key}).prove(bytes(32).hex())
