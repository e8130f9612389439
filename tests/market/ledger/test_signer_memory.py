"""A signer whose directory was lost, in part or wholly, or set back, signs nothing until an operator says so."""

import shutil
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from market.ledger.guard import Forked, Guard
from market.ledger.leaves import canonical
from market.ledger.merkle import leaf_hash
from market.ledger.notes import BadNote, Head
from market.models import LogAlarm, LogHead, LogLeaf, LogTile
from market.queries.log import latest_head, log_size, origin_of
from market.services.log import sign_head
from market.services.log_keys import remember_head, rotate_key
from tests import factories as make
from tests.market.ledger.conftest import NOW
from tests.market.ledger.test_log import as_a_superuser
from tests.market.test_rent_and_pool import cleared, metered, usual

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_of_few")]


@pytest.fixture
def grown(street, logged):
    """The log has four entries that no head covers yet."""
    start = make.NOON + timedelta(hours=2)
    cleared(street, usual(logged), start)
    metered(logged, start)
    return street


def forget(guard, street):
    """The file with the last head is lost."""
    guard._path(origin_of(street), "head").unlink()


def rewritten():
    """Another first entry, with tiles to fit."""
    as_a_superuser("SET session_replication_role = replica")
    first = LogLeaf.objects.get(seq=0)
    LogLeaf.objects.filter(seq=0).update(body=canonical({"cm": "0" * 64, "was": first.pk}).decode())
    hashes = b"".join(leaf_hash(one.entry) for one in LogLeaf.objects.order_by("seq"))
    LogTile.objects.filter(level=0, place=0).update(data=hashes)
    as_a_superuser("SET session_replication_role = origin")


def test_a_signer_that_lost_its_directory_makes_no_other_key_and_raises_an_alarm(grown, tmp_path):
    fresh = Guard(tmp_path / "fresh")

    assert sign_head(community=grown, keeper=fresh, at=NOW) is None
    assert "was not signed with the signer's key" in LogAlarm.objects.get().reason
    assert not fresh.has_key(origin_of(grown))
    with pytest.raises(Forked):
        rotate_key(community=grown, keeper=fresh, at=NOW)
    assert log_size(grown.pk) == 16


def test_a_signer_with_the_key_of_somebody_else_signs_nothing(grown, guard, tmp_path):
    other = Guard(tmp_path / "other")
    other.key(origin_of(grown))
    other.keep(guard.last(origin_of(grown)))

    assert sign_head(community=grown, keeper=other, at=NOW) is None
    assert "was not signed with the signer's key" in LogAlarm.objects.get().reason


@pytest.mark.usefixtures("owner")
def test_a_signer_that_lost_its_last_head_signs_no_other_history(grown, guard):
    forget(guard, grown)
    rewritten()

    assert sign_head(community=grown, keeper=guard, at=NOW) is None
    assert "the signer remembers none" in LogAlarm.objects.get().reason
    with pytest.raises(Forked, match="does not begin"):
        remember_head(community=grown, keeper=guard, note=latest_head(grown.pk).note)


def test_a_signers_directory_that_was_set_back_signs_nothing_until_it_is_told_the_newest_head(
    grown, logged, guard, tmp_path
):
    shutil.copytree(guard.folder, tmp_path / "before")
    newest = sign_head(community=grown, keeper=guard, at=NOW)
    metered(logged, make.NOON, at=NOW, taken=(300, 300))
    old = Guard(tmp_path / "before")

    assert sign_head(community=grown, keeper=old, at=NOW) is None
    assert "remembers one of 12" in LogAlarm.objects.get().reason
    assert remember_head(community=grown, keeper=old, note=newest.note).size == 16
    assert sign_head(community=grown, keeper=old, at=NOW).size == 20


def test_the_operator_gives_the_newest_head_back_and_signing_goes_on(grown, guard, settings, tmp_path, capsys):
    settings.SIGNER_DIR = guard.folder
    forget(guard, grown)
    (tmp_path / "head.txt").write_text(latest_head(grown.pk).cosigned)
    (tmp_path / "old.txt").write_text(LogHead.objects.earliest("size").note)
    (tmp_path / "false.txt").write_text(latest_head(grown.pk).note.replace("\n12\n", "\n16\n"))

    for file, why in (
        ("old.txt", "the newest that was signed 12"),
        ("false.txt", "signature"),
        ("none.txt", "No such file"),
    ):
        with pytest.raises(CommandError, match=why):
            call_command("remember_head", grown.slug, str(tmp_path / file))
    assert sign_head(community=grown, keeper=guard, at=NOW) is None
    call_command("remember_head", grown.slug, str(tmp_path / "head.txt"))

    assert f"12 entries, root {latest_head(grown.pk).root}" in capsys.readouterr().out
    assert sign_head(community=grown, keeper=guard, at=NOW).size == 16
    with pytest.raises(CommandError, match="nothing is lost"):
        call_command("remember_head", grown.slug, str(tmp_path / "head.txt"))
    with pytest.raises(CommandError, match="no community"):
        call_command("remember_head", "elsewhere", str(tmp_path / "head.txt"))


def test_a_head_that_another_key_signed_is_not_remembered(grown, guard, tmp_path):
    stranger = Guard(tmp_path / "stranger")
    forget(guard, grown)
    newest = latest_head(grown.pk)
    forged = stranger.sign(Head(origin_of(grown), newest.size, bytes.fromhex(newest.root)), [])

    with pytest.raises(BadNote):
        remember_head(community=grown, keeper=guard, note=forged)
    assert guard.last(origin_of(grown)) is None


def test_a_log_under_another_name_starts_with_a_key_of_its_own(grown, tmp_path, settings):
    settings.LEDGER_HOST = "elsewhere.example"

    head = sign_head(community=grown, keeper=Guard(tmp_path / "fresh"), at=NOW)

    assert head.note.startswith(f"elsewhere.example/log/{grown.slug}/1\n16\n")
