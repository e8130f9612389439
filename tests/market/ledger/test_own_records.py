"""A member's copy of its records: whole, its own only, and with receipts that hold."""

import io
import json
import zipfile

import pytest
from django.urls import reverse

from community.models import AuditEvent, What
from market.ledger.standalone import verify_receipt
from market.models import Order, SettledHome
from market.wording.own_records import packed
from market.wording.receipts import PROGRAM
from metering.models import Reading
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(street, logged):
    return living_in(street, "Ana", logged[1])


@pytest.fixture
def berta(street, logged):
    return living_in(street, "Berta", logged[0])


def living_in(street, name, home):
    member = make.member(street, name)
    home.member = member
    home.save()
    return member


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name.removeprefix("azotea/"): archive.read(name) for name in archive.namelist()}


def lines(files, name):
    return files[f"{name}.csv"].decode().splitlines()


def test_the_copy_holds_every_row_of_the_member_and_no_one_elses(ana, berta, logged):
    mine, others = logged[1], [logged[0], logged[2]]

    files = unpacked(b"".join(packed(ana)))

    told = json.loads(files["records.json"])
    assert told["profile"][0]["email"] == "ana@example.org"
    assert [one["cups"] for one in told["metering_points"]] == [make.meter(mine).cups]
    assert len(lines(files, "readings")) == 1 + Reading.objects.filter(metering_point__household=mine).count()
    assert len(lines(files, "orders")) == 1 + Order.objects.filter(household=mine).count() > 1
    assert len(lines(files, "settled")) == 1 + SettledHome.objects.filter(household=mine).count()
    assert told["mandates"]
    everything = b"".join(files.values()).decode()
    assert "berta@example.org" not in everything
    for home in others:
        assert make.meter(home).cups not in everything
        assert str(make.meter(home).public_id) not in everything


def test_every_settled_slot_has_a_receipt_that_the_program_in_the_copy_accepts(ana, logged, tmp_path, capsys):
    for name, content in unpacked(b"".join(packed(ana))).items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    folders = sorted((tmp_path / "receipts" / str(logged[1].pk)).iterdir())

    assert len(folders) == 3
    assert [verify_receipt.main(str(folder)) for folder in folders] == [0, 0, 0]
    changed = json.loads((folders[0] / "opening.json").read_text())
    changed["opening"]["bought_wh"] += 1
    (folders[0] / "opening.json").write_text(json.dumps(changed))
    assert verify_receipt.main(str(folders[0])) == 1
    assert (tmp_path / "verify_receipt.py").read_text() == PROGRAM.read_text()


def test_what_a_formula_could_hide_in_is_harmless(ana, logged):
    ana.user.name = "=1+1"
    ana.user.save()

    assert lines(unpacked(b"".join(packed(ana))), "profile")[1].startswith("'=1+1,")


def test_the_download_is_a_post_is_noted_and_ends_after_five_a_day(client, ana):
    client.force_login(ana.user)

    assert client.get(reverse("own-records"))["Content-Type"].startswith("text/html")
    answers = [client.post(reverse("own-records")) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [302]
    assert "profile.csv" in unpacked(answers[0].getvalue())
    assert AuditEvent.objects.filter(what=What.EXPORTED, user=ana.user).count() == 5


def test_visitors_get_nothing(client, ana):
    assert client.post(reverse("own-records")).status_code == 302
    assert not AuditEvent.objects.filter(what=What.EXPORTED).exists()
