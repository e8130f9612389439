"""The page that checks a receipt: from the disk, offline, with whatever is wrong said."""

import pytest

from market.queries.log import latest_head
from market.wording.receipts import as_zip
from tests.browser.conftest import PHONE
from tests.market.ledger.conftest import guard, homes, logged, street
from tests.market.ledger.test_log import leaf, unpacked

__all__ = ["guard", "homes", "logged", "street"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_receipt_is_checked_from_the_disk_without_network(browser, street, logged, tmp_path):
    for name, content in unpacked(as_zip(leaf(logged[1], 1), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)
    files = [tmp_path / name for name in ("receipt.tlog-proof", "entry.json", "opening.json")]
    context = browser.new_context(viewport=PHONE, offline=True)
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((tmp_path / "verify_receipt.html").as_uri())

    page.set_input_files("#files", files[:2])
    page.wait_for_function("document.getElementById('answer').textContent.includes('opening.json')")
    page.set_input_files("#files", files)
    page.wait_for_selector("output.right")
    assert "RIGHT: slot 2026-11-23T11:15Z" in page.inner_text("#answer")

    page.fill("#key", latest_head(street.pk).verifier_key.replace("calle", "corte"))
    page.dispatch_event("#key", "change")
    page.wait_for_selector("output.wrong")
    page.fill("#key", "")
    files[2].write_text(files[2].read_text().replace('"bought_wh": 400', '"bought_wh": 500'))
    page.set_input_files("#files", [])
    page.set_input_files("#files", files)
    page.wait_for_function("document.getElementById('answer').textContent.includes('not the ones')")
    context.close()
    assert complaints == []
