"""The member's browser as a witness: it keeps the last head and demands that the log grew from it."""

import json
from datetime import timedelta

import pytest

from market.ledger.leaves import canonical
from market.ledger.merkle import leaf_hash
from market.models import LogHead, LogLeaf, LogTile
from market.services.log import sign_head
from tests import factories as make
from tests.browser.conftest import log_in
from tests.market.ledger.conftest import NOW, Guard, begun, guard, homes, logged, street
from tests.market.ledger.test_log import as_a_superuser
from tests.market.test_rent_and_pool import cleared, metered, usual

__all__ = ["begun", "guard", "homes", "logged", "street"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("owner")]


@pytest.fixture
def page(open_page, street, logged):
    ana = make.member(street, "Ana")
    logged[0].member = ana
    logged[0].save()
    page = open_page()
    log_in(page, ana.user.email, make.PASSWORD)
    return page


def looked(page):
    """What the proof page says of the head, once it has looked."""
    page.goto("/proof/")
    page.wait_for_selector("[data-heads-say]:not(:empty), [data-heads-alarm]:not([hidden])")
    return page.inner_text("[data-heads-say]") or page.inner_text("[data-heads-alarm]")


def grown(street, homes, keeper, quarters):
    for number in quarters:
        start = make.NOON + timedelta(hours=2, minutes=15 * number)
        cleared(street, usual(homes), start)
        metered(homes, start)
    sign_head(community=street, keeper=keeper, at=NOW)


def kept(page):
    return json.loads(
        page.evaluate("Object.entries(localStorage).find(([name]) => name.startsWith('azotea.head:'))[1]")
    )


def rewritten(street, tmp_path):
    """Another history of the same length, signed by whoever has the database and the signer's key."""
    as_a_superuser("SET session_replication_role = replica")
    first = LogLeaf.objects.get(seq=0)
    LogLeaf.objects.filter(seq=0).update(body=canonical(json.loads(first.body) | {"cm": "0" * 64}).decode())
    hashes = b"".join(leaf_hash(one.entry) for one in LogLeaf.objects.order_by("seq"))
    LogTile.objects.filter(level=0, place=0).update(data=hashes)
    LogHead.objects.all().delete()
    as_a_superuser("SET session_replication_role = origin")
    (tmp_path / "other").mkdir()
    for file in (tmp_path / "signer").iterdir():
        if "key" in file.name:
            (tmp_path / "other" / file.name).write_bytes(file.read_bytes())
    return Guard(tmp_path / "other")


def test_a_log_that_only_grew_is_said_to(page, street, logged, guard):
    assert "This browser remembers this head from now on" in looked(page)
    assert "nothing was added" in looked(page)

    for quarters in (range(1), range(1, 4)):
        size = LogHead.objects.latest("size").size
        grown(street, logged, guard, quarters)
        said = looked(page)
        assert f"Since your last visit ({size} entries" in said
        assert "only grew" in said
    assert kept(page)["size"] == LogHead.objects.latest("size").size
    assert not page.is_visible("[data-heads-alarm]")


def test_the_head_is_remembered_beyond_a_log_out(page, street, logged, guard):
    looked(page)
    page.goto("/more/")
    with page.expect_navigation(url="**/login/**"):
        page.evaluate("document.querySelector('form[data-logout]').requestSubmit()")
    log_in(page, "ana@example.org", make.PASSWORD)
    grown(street, logged, guard, range(1))

    assert "only grew" in looked(page)


def test_a_log_under_another_name_is_no_first_visit(page, street, logged, guard, settings):
    looked(page)
    seen = kept(page)
    settings.LEDGER_HOST = "renamed.example"
    grown(street, logged, guard, range(1))

    first, again = looked(page), looked(page)

    assert "does not know this log by its name" in first
    assert "does not know" not in again
    for said in (first, again):
        assert f"another log of this site: {seen['origin']} ({seen['size']} entries" in said


@pytest.mark.parametrize("longer", [False, True])
def test_a_rewritten_log_raises_an_alarm_with_both_heads_and_evidence(page, street, logged, tmp_path, longer):
    looked(page)
    seen = kept(page)
    other = rewritten(street, tmp_path)
    if longer:
        grown(street, logged, other, range(1))
    else:
        sign_head(community=street, keeper=other, at=NOW)

    said = looked(page)

    assert said.startswith("ALARM: the log does not continue the head")
    assert seen["root"] in said
    assert kept(page) == seen, "the head of before is kept"
    with page.expect_download() as download:
        page.click("[data-heads-evidence]")
    evidence = json.loads(download.value.path().read_text())
    assert (evidence["before"], evidence["now"]["root"] != seen["root"]) == (seen, True)


def test_a_shorter_log_raises_an_alarm(page, street, logged):
    looked(page)
    as_a_superuser("SET session_replication_role = replica")
    LogHead.objects.filter(size__gt=4).delete()
    as_a_superuser("SET session_replication_role = origin")

    assert looked(page).startswith("ALARM")


def test_a_log_that_does_not_answer_is_no_alarm_and_the_head_is_kept(page, street, logged, guard):
    looked(page)
    seen = kept(page)
    grown(street, logged, guard, range(1))
    page.route("**/log/consistency/**", lambda route: route.fulfill(status=404))

    assert "could not be compared" in looked(page)
    assert kept(page) == seen


def test_a_forged_proof_raises_an_alarm(page, street, logged, guard):
    looked(page)
    grown(street, logged, guard, range(1))
    page.route("**/log/consistency/**", lambda route: route.fulfill(body="AAAA\n"))

    assert looked(page).startswith("ALARM")


def test_a_head_that_the_key_did_not_sign_raises_an_alarm(page, street, logged):
    looked(page)
    as_a_superuser("SET session_replication_role = replica")
    head = LogHead.objects.latest("size")
    LogHead.objects.filter(pk=head.pk).update(note=head.note.replace("\n12\n", "\n13\n"))
    as_a_superuser("SET session_replication_role = origin")

    assert looked(page).startswith("ALARM")


def test_without_javascript_the_page_is_whole(open_page, street, logged):
    ana = make.member(street, "Berta")
    page = open_page(script=False)
    log_in(page, ana.user.email, make.PASSWORD)

    page.goto("/proof/")

    assert not page.is_visible("[data-heads-alarm]")
    assert page.inner_text("[data-heads-say]") == ""
    assert "The newest signed head" in page.inner_text("main")
