"""The page that checks a receipt: from the disk, offline, with whatever is wrong said."""

import json
from base64 import b64decode, b64encode
from datetime import timedelta
from itertools import product

import pytest

from market.agents import HoursRule
from market.agents import Mandate as MandateTerms
from market.ledger.standalone import verify_receipt
from market.queries.evidence import clock_of, mandate_hash, plain_mandate
from market.queries.log import latest_head
from market.services.log import sign_head
from market.services.log_keys import rotate_key
from market.services.mandates import Word, give_mandate, terms_of
from market.wording.receipts import PAGE, as_zip
from tests import factories as make
from tests.browser.conftest import PHONE, until
from tests.market.ledger.conftest import NOW, begun, guard, homes, logged, street
from tests.market.ledger.test_clock_in_receipts import SPANS, STARTS
from tests.market.ledger.test_log import leaf, unpacked
from tests.market.test_rent_and_pool import cleared, metered, usual
from tests.passkeys import Passkey, assertion

__all__ = ["begun", "guard", "homes", "logged", "street"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_receipt_is_checked_from_the_disk_without_network(browser, street, logged, guard, tmp_path):
    first = latest_head(street.pk).verifier_key
    rotate_key(community=street, keeper=guard, at=NOW)
    sign_head(community=street, keeper=guard, at=NOW)
    for name, content in unpacked(as_zip(leaf(logged[1], 1), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)
    files = [tmp_path / name for name in ("receipt.tlog-proof", "entry.json", "opening.json", "mandate.json")]
    context = browser.new_context(viewport=PHONE, offline=True)
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((tmp_path / "verify_receipt.html").as_uri())

    page.set_input_files("#files", files[:2])
    until(page, "document.getElementById('answer').textContent.includes('opening.json')")
    page.set_input_files("#files", files)
    page.wait_for_selector("output.right")
    assert "RIGHT: slot 2026-11-23T11:15Z" in page.inner_text("#answer")

    page.fill("#key", latest_head(street.pk).verifier_key.replace("calle", "corte"))
    page.dispatch_event("#key", "change")
    page.wait_for_selector("output.wrong")
    page.fill("#key", first)
    page.dispatch_event("#key", "change")
    page.wait_for_selector("output.right")
    page.fill("#key", "")
    right = files[2].read_text()
    files[2].write_text(right.replace('"bought_wh": 400', '"bought_wh": 900, "bought_wh": 400'))
    page.set_input_files("#files", [])
    page.set_input_files("#files", files)
    until(page, "document.getElementById('answer').textContent.includes('says something twice')")
    spaced = right.replace("{", '{"note": "L\\u2019hort\\u007f ñ", '.replace("ñ", "\\u00f1"), 1).replace(
        "\n", "\n\n"
    )
    files[2].write_text(spaced)
    page.set_input_files("#files", [])
    page.set_input_files("#files", files)
    page.wait_for_selector("output.right")
    files[2].write_text(right)
    files[2].write_text(files[2].read_text().replace('"bought_wh": 400', '"bought_wh": 500'))
    page.set_input_files("#files", [])
    page.set_input_files("#files", files)
    until(page, "document.getElementById('answer').textContent.includes('not the ones')")
    context.close()
    assert complaints == []


@pytest.fixture
def signed(street, homes, guard):
    """A home whose passkey signed its mandate, and its settled and signed slot."""
    member = make.member(street, "Ana")
    key = Passkey()
    limits = {"at": make.NOON - timedelta(hours=1), "max_buy_ueur_kwh": 300_000}
    digest = mandate_hash(plain_mandate(terms_of(household=homes[1], **limits)))
    word = Word("passkey", assertion(key, bytes.fromhex(digest)), key.name)
    give_mandate(household=homes[1], given_by=member, word=word, **limits)
    cleared(street, usual(homes))
    metered(homes)
    sign_head(community=street, keeper=guard, at=NOW)
    return homes[1]


@pytest.mark.parametrize(
    ("locale", "title", "right", "wrong"),
    [
        ("ca-ES", "Comprovar un rebut", "CORRECTE: el període 2026-11-23T11:15Z", "FALS: aquestes xifres no són"),
        ("es-ES", "Comprobar un recibo", "CORRECTO: el periodo 2026-11-23T11:15Z", "FALSO: estas cifras no son"),
    ],
)
def test_the_page_speaks_the_language_of_the_readers_browser(
    browser, street, logged, guard, tmp_path, locale, title, right, wrong
):
    sign_head(community=street, keeper=guard, at=NOW)
    for name, content in unpacked(as_zip(leaf(logged[1], 1), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)
    files = [tmp_path / name for name in ("receipt.tlog-proof", "entry.json", "opening.json", "mandate.json")]
    page = browser.new_context(viewport=PHONE, offline=True, locale=locale).new_page()
    page.goto((tmp_path / "verify_receipt.html").as_uri())

    assert (page.title(), page.inner_text("h1")) == (title, title)
    page.set_input_files("#files", files)
    page.wait_for_selector("output.right")
    assert right in page.inner_text("#answer")
    files[2].write_text(files[2].read_text().replace('"bought_wh": 400', '"bought_wh": 500'))
    page.set_input_files("#files", [])
    page.set_input_files("#files", files)
    page.wait_for_selector("output.wrong")
    assert wrong in page.inner_text("#answer")
    page.context.close()


NAMES = ("receipt.tlog-proof", "entry.json", "opening.json", "mandate.json", "signature.json")


def opening_of(folder):
    return json.loads((folder / "opening.json").read_text())["opening"]


def checking(browser, folder):
    page = browser.new_context(viewport=PHONE, offline=True).new_page()
    page.goto((folder / "verify_receipt.html").as_uri())

    def check():
        page.set_input_files("#files", [])
        page.set_input_files("#files", [folder / name for name in NAMES])
        until(page, "document.getElementById('answer').className !== ''")
        said = page.inner_text("#answer")
        page.evaluate("document.getElementById('answer').className = ''")
        return said

    return page, check


def test_the_page_checks_the_passkeys_signature_under_the_mandate(browser, street, signed, tmp_path):
    for name, content in unpacked(as_zip(leaf(signed), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)
    page, check = checking(browser, tmp_path)

    assert "Mandate: signed with a passkey at https://testserver." in check()

    right = json.loads((tmp_path / "signature.json").read_text())
    wrong = bytearray(b64decode(right["signature"]))
    wrong[-1] ^= 1
    for changed in (right | {"signature": b64encode(wrong).decode()}, right | {"alg": "RS256"}, None):
        (tmp_path / "signature.json").write_text(json.dumps(changed))
        assert "WRONG: this is not the signature that the entry cites" in check()
    forged = [right | {"signature": b64encode(wrong).decode()}, opening_of(tmp_path)["mandate"]]
    asked = "([one, hash]) => signedAt(one, hash).then(() => 'held', (error) => error.message)"
    assert "signature is wrong" in page.evaluate(asked, forged)
    assert page.evaluate(asked, [right, forged[1]]) == "held"
    (tmp_path / "signature.json").write_text(json.dumps(right))
    mandate = json.loads((tmp_path / "mandate.json").read_text())
    (tmp_path / "mandate.json").write_text(json.dumps(mandate | {"max_buy_ueur_kwh": 1}))
    assert "WRONG: this is not the mandate that the entry cites" in check()
    page.context.close()


NEVER = HoursRule(from_minute=720, to_minute=780, may_trade=False)


@pytest.mark.parametrize(
    "limits",
    [{"max_buy_ueur_kwh": 50_000}, {"hours": [NEVER]}, {"buy_periods": ["P3"]}],
    ids=["price", "hours", "period"],
)
def test_an_order_beyond_its_mandate_is_called_a_breach_by_the_page(
    browser, street, homes, guard, tmp_path, limits
):
    give_mandate(household=homes[1], given_by=None, at=make.NOON - timedelta(hours=1), **limits)
    cleared(street, usual(homes))
    metered(homes)
    sign_head(community=street, keeper=guard, at=NOW)
    for name, content in unpacked(as_zip(leaf(homes[1]), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)
    page, check = checking(browser, tmp_path)

    assert check() == "BREACH: no mandate allowed buy 400 90000"
    page.context.close()


def test_the_page_remembers_heads_and_shouts_at_two_of_one_size(browser, street, signed, tmp_path):
    for name, content in unpacked(as_zip(leaf(signed), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)
    page, check = checking(browser, tmp_path)
    assert check().startswith("RIGHT")
    kept = page.evaluate("Object.entries(localStorage)[0]")
    other = json.loads(kept[1]) | {"root": "x" * 44}
    page.evaluate("([name, value]) => localStorage.setItem(name, value)", [kept[0], json.dumps(other)])

    assert "WRONG: the log was rewritten: two heads of one size" in check()
    page.context.close()


@pytest.mark.parametrize("start", STARTS)
def test_page_and_program_agree_on_the_hours_of_a_mandate(browser, street, tmp_path, start):
    page = browser.new_context(offline=True).new_page()
    page.goto(PAGE.as_uri())
    clock = clock_of(make.slot(street, start), street)
    orders = [[side, 1, limit] for side in ("buy", "sell") for limit in (49, 50, 100, 101)]
    for days, (first, last), trade in product(("every", "working", "rest"), SPANS, (True, False)):
        own = HoursRule(days=days, from_minute=first, to_minute=last, max_buy_ueur_kwh=50, may_trade=trade)
        rules = (own, HoursRule(period="P2", min_sell_ueur_kwh=101))
        mandate = plain_mandate(
            MandateTerms(max_buy_ueur_kwh=100, buy_periods=frozenset({"P1", "P3"}), hours=rules)
        )
        slot = f"{start:%Y-%m-%dT%H:%MZ}"
        opening = {"mandate": mandate_hash(mandate), "orders": orders, "slot": slot, "clock": clock}

        said = page.evaluate("([opening, mandate]) => allowed(opening, mandate, null)", [opening, mandate])

        assert said[1] == verify_receipt.allowed(opening, mandate, None)
    page.context.close()


def test_the_page_fits_a_phone_in_each_language(browser):
    for language in ("en", "es", "ca"):
        page = browser.new_context(viewport=PHONE, locale=language).new_page()

        page.goto(PAGE.as_uri())

        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
