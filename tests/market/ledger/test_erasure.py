"""A member is erased: nothing names it any more, what was settled stays, and neighbours' receipts hold."""

import json
from datetime import date, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.urls import reverse

from community.models import AuditEvent, Device, ErasureRequest, Household, Invitation, Member, User, What
from community.roles import NotAllowed
from market.ledger.standalone import verify_receipt
from market.models import (
    BankAccount,
    Delivery,
    HomeKey,
    LogLeaf,
    Mandate,
    Notice,
    NoticeChoices,
    Posting,
    PushDevice,
    SettledHome,
    Statement,
)
from market.queries.fsck import faults
from market.queries.log import keys_to, latest_head
from market.queries.tenures import owned_homes
from market.services import erasure
from market.services.leaving import leave
from market.services.log import sign_head
from market.services.mandates import give_mandate
from market.services.notices import add_device, keep_choices, note_what_happened
from market.services.payments import keep_account, make_run
from market.services.settle import settle_due
from market.services.statements import close_month
from market.wording.own_records import packed
from market.wording.receipts import NoReceipt, as_zip
from metering.models import ApiToken, Consent
from metering.services.datadis import give_consent
from metering.services.tokens import InvalidToken, find_token, issue_token
from tests import factories as make
from tests.market.ledger.conftest import NOW
from tests.market.ledger.test_log import leaf, unpacked
from tests.market.ledger.test_own_records import living_in
from tests.market.ledger.test_own_records import unpacked as unpacked_copy
from tests.market.test_rent_and_pool import cleared, metered, usual
from tests.push_service import MadeUpBrowser

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)
LATER = NOW + timedelta(days=20)
IBAN = "ES9121000418450200051332"


@pytest.fixture
def ana(street, logged):
    return living_in(street, "Ana", logged[0])


@pytest.fixture
def marta(street, logged):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def closed(street, ana, marta):
    close_month(community=street, month=NOVEMBER, at=LATER)


@pytest.fixture
def erased(closed, ana, marta):
    wish = erasure.ask(member=ana, at=LATER)
    token = make.token(*ana.households.all())
    point = make.meter(ana.households.get())
    give_consent(
        metering_point=point, holder_nif="12345678Z", given_by=ana, at=LATER, until=LATER + timedelta(days=30)
    )
    keep_account(household=ana.households.get(), holder="Ana", iban=IBAN, signed_on=None, by=ana, at=LATER)
    erasure.erase(wish_id=wish.pk, by=marta, at=LATER)
    return token


def written(files, folder):
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return str(folder)


def test_neighbours_receipts_from_before_and_after_still_hold(street, logged, closed, ana, marta, tmp_path):
    before = unpacked(as_zip(leaf(logged[1]), latest_head(street.pk)))
    own = unpacked(as_zip(leaf(logged[0]), latest_head(street.pk)))

    erasure.erase(wish_id=erasure.ask(member=ana, at=LATER).pk, by=marta, at=LATER)

    after = unpacked(as_zip(leaf(logged[1], 2), latest_head(street.pk)))
    for number, files in enumerate((before, after, own)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert verify_receipt.main(written(files, folder)) == 0
    with pytest.raises(NoReceipt):
        as_zip(leaf(logged[0]), latest_head(street.pk))
    assert HomeKey.objects.get(household=logged[0]).sealed_key == ""
    assert list(faults(street)) == []


def test_nothing_names_the_member_any_more_and_the_books_stay(street, logged, erased, ana):
    ana.user.refresh_from_db()
    logged[0].refresh_from_db()

    assert (ana.user.name, ana.user.email) == (f"N. N. {ana.user.pk}", f"nn-{ana.user.pk}@erased.invalid")
    assert not ana.user.is_active
    assert not ana.user.has_usable_password()
    assert logged[0].member is None
    assert Mandate.objects.filter(household=logged[0]).latest("valid_from").paused
    account = BankAccount.objects.get(household=logged[0])
    assert (account.sealed_iban, account.holder) == ("", ana.user.name)
    assert SettledHome.objects.filter(household=logged[0]).count() == 3
    assert Posting.objects.filter(account__household=logged[0]).exists()
    assert Statement.objects.filter(household=logged[0]).exists()
    assert "ana@example.org" not in json.dumps(list(AuditEvent.objects.values()), default=str)


def test_tokens_and_consents_of_the_home_end(logged, erased):
    with pytest.raises(InvalidToken):
        find_token(text=erased, at=LATER)
    consent = Consent.objects.get(metering_point__household=logged[0])
    assert (consent.revoked_at, consent.sealed_nif) == (LATER, "")
    assert ApiToken.objects.get().name == str(ApiToken.objects.get())


def test_nothing_that_the_member_was_told_or_chose_stays(closed, ana, marta):
    keep_choices(member=ana, by_email=[], by_push=[], language="es", at=LATER)
    add_device(member=ana, browser=MadeUpBrowser("https://push.example/x").browser, name="Firefox", at=LATER)
    note_what_happened(community=ana.community, at=LATER, letters=True, pushes=True)

    erasure.erase(wish_id=erasure.ask(member=ana, at=LATER).pk, by=marta, at=LATER)

    assert not NoticeChoices.objects.filter(member=ana).exists()
    assert not PushDevice.objects.exists()
    assert not Notice.objects.filter(member=ana).exists()


def test_whoever_is_logged_in_is_so_no_more(client, closed, ana, marta):
    client.force_login(ana.user)
    assert Session.objects.count() == 1

    erasure.erase(wish_id=erasure.ask(member=ana, at=LATER).pk, by=marta, at=LATER)

    assert Session.objects.count() == 0
    assert client.get(reverse("home")).status_code == 302
    assert not client.login(username="ana@example.org", password=make.PASSWORD)


def test_what_other_apps_keep_about_a_login_goes_with_it(closed, ana, marta, monkeypatch):
    kind = ContentType.objects.get_for_model(Member)
    for user in (ana.user, marta.user):
        LogEntry.objects.create(user=user, content_type=kind, object_id="1", object_repr="x", action_flag=1)
    monkeypatch.setattr(erasure, "LOGIN_APPS", {"admin"})

    erasure.erase(wish_id=erasure.ask(member=ana, at=LATER).pk, by=marta, at=LATER)

    assert [entry.user for entry in LogEntry.objects.all()] == [marta.user]


def test_an_open_month_with_trades_has_to_close_first(street, logged, ana, marta):
    wish = erasure.ask(member=ana, at=NOW)

    with pytest.raises(erasure.NotYet) as refused:
        erasure.erase(wish_id=wish.pk, by=marta, at=NOW)

    assert refused.value.hindrances.open_months == ((logged[0].name, NOVEMBER),)
    ana.user.refresh_from_db()
    assert ana.user.name == "Ana"


@pytest.mark.parametrize("others", [(10,), (12,), (10, 12), (9, 10), (9, 12)])
def test_statements_of_other_months_hide_no_open_one(street, logged, ana, others):
    for month in others:
        statement = {"month": date(2026, month, 1), "version": 1, "issued_at": LATER, "slots": 0, "saving_neur": 0}
        Statement.objects.create(household=logged[0], **statement)

    assert erasure.hindrances(ana).open_months == ((logged[0].name, NOVEMBER),)


def test_what_is_owed_has_to_be_in_a_run_first(street, logged, ana, marta):
    street.legal_mode = "private_settlement"
    street.save()
    close_month(community=street, month=NOVEMBER, at=LATER)

    ((name, month, cents),) = erasure.hindrances(ana).unpaid
    make_run(by=marta, at=LATER)

    assert (name, month) == (logged[0].name, NOVEMBER)
    assert cents
    assert not erasure.hindrances(ana)


def test_the_last_administrator_stays(closed, marta):
    assert erasure.hindrances(marta).last_administrator


def test_only_this_communitys_administrator_confirms(closed, ana, marta):
    wish = erasure.ask(member=ana, at=LATER)
    zoe = make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN)

    with pytest.raises(NotAllowed):
        erasure.erase(wish_id=wish.pk, by=ana, at=LATER)
    with pytest.raises(ErasureRequest.DoesNotExist):
        erasure.erase(wish_id=wish.pk, by=zoe, at=LATER)


def test_erasing_twice_is_erasing_once(erased, ana, marta):
    erasure.erase(wish_id=ErasureRequest.objects.get().pk, by=marta, at=LATER + timedelta(days=1))

    assert AuditEvent.objects.filter(what=What.ERASED).count() == 1
    assert ErasureRequest.objects.get().done_at == LATER


def test_whoever_lives_there_next_takes_nothing_along_of_who_was_erased(street, logged, erased):
    eva = living_in(street, "Eva", logged[0])

    assert owned_homes(eva) == [(logged[0], LATER)]


def test_the_pages_ask_take_back_and_confirm(client, closed, ana, marta):
    client.force_login(ana.user)
    client.post(reverse("erase-me"))
    client.post(reverse("erase-me"), {"do": "take_back"})
    assert ErasureRequest.objects.get().taken_back_at is not None
    client.post(reverse("erase-me"))
    wish = ErasureRequest.objects.get(taken_back_at=None)
    assert client.post(reverse("confirm-erasure", args=[wish.pk])).status_code == 403

    client.force_login(marta.user)
    assert "Ana" in client.get(reverse("erasures")).content.decode()
    client.post(reverse("confirm-erasure", args=[wish.pk]))

    wish.refresh_from_db()
    assert wish.done_by == marta
    assert [event.what for event in AuditEvent.objects.filter(object_kind="member").order_by("pk")] == [
        "erasure_asked", "erasure_taken_back", "erasure_asked", "erased",
    ]  # fmt: skip


def readable(*words):
    """Every column of every table in which one of the words can be read."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'jsonb', 'ARRAY')"
        )
        for table, column in cursor.fetchall():
            for word in words:
                cursor.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}"::text ILIKE %s', [f"%{word}%"])
                found += [(table, column, word)] * bool(cursor.fetchone()[0])
    return found


def test_no_text_names_the_member_whatever_it_was_called_and_reached_by(street, logged, marta):
    user = User.objects.create_user("aurelia.quint@example.org", make.PASSWORD, name="Aurelia Quintanilla")
    member = Member.objects.create(community=street, user=user, joined_at=street.created_at)
    home = logged[0]
    Household.objects.filter(pk=home.pk).update(member=member, name="Quintanilla, 2º B")
    home.refresh_from_db()
    Device.objects.filter(pk=make.battery(home).pk).update(name="Batería (Aurelia)")
    Invitation.objects.create(
        community=street, email="aurelia@old.example", name="Aurelia Quintanilla", secret_hash="x", invited_by=marta,
        created_at=NOW, expires_at=LATER, accepted_at=NOW, accepted_by=member,
    )  # fmt: skip
    issue_token(
        community=street, name="Pasarela de Aurelia", scopes=["readings:write"], at=LATER, by=marta,
        metering_points=[make.meter(one) for one in logged[:2]],
    )  # fmt: skip
    close_month(community=street, month=NOVEMBER, at=LATER)
    statement = Statement.objects.get(household=home)
    Delivery.objects.create(
        statement=statement, address="aurelia@old.example", state="sent", changed_at=LATER, due_at=LATER
    )

    erasure.erase(wish_id=erasure.ask(member=member, at=LATER).pk, by=marta, at=LATER)

    assert readable("aurelia", "quintanilla") == []


# --- whose membership ended first ---------------------------------------------------------------------------------


@pytest.fixture
def gone(closed, ana, marta):
    """Ana asked to be erased, and then her membership was ended."""
    home = ana.households.get()
    point = make.meter(home)
    give_consent(
        metering_point=point, holder_nif="12345678Z", given_by=ana, at=NOW, until=LATER + timedelta(days=30)
    )
    keep_account(household=home, holder="Ana", iban=IBAN, signed_on=None, by=ana, at=NOW)
    wish = erasure.ask(member=ana, at=LATER)
    leave(member_id=ana.pk, by=marta, at=LATER)
    return wish


def moved_in(street, home):
    home.refresh_from_db()
    eva = living_in(street, "Eva", home)
    give_mandate(household=home, given_by=eva, at=LATER + timedelta(days=1))
    return eva


def a_slot_after(homes, days):
    start = make.NOON + timedelta(days=days)
    cleared(homes[0].community, usual(homes), start)
    metered(homes, start, at=start + timedelta(hours=2))
    return start


def test_who_left_before_is_erased_like_anybody(street, logged, gone, ana, marta):
    erasure.erase(wish_id=gone.pk, by=marta, at=LATER + timedelta(days=1))

    assert HomeKey.objects.get(household=logged[0]).sealed_key == ""
    with pytest.raises(NoReceipt):
        as_zip(leaf(logged[0]), latest_head(street.pk))
    account = BankAccount.objects.get(household=logged[0])
    assert (account.sealed_iban, account.holder) == ("", f"N. N. {ana.user.pk}")
    assert Consent.objects.get(metering_point__household=logged[0]).sealed_nif == ""
    ana.refresh_from_db()
    assert ana.left_at == LATER
    assert list(faults(street)) == []


def test_what_has_to_end_first_counts_for_who_left_too(street, logged, ana, marta):
    wish = erasure.ask(member=ana, at=NOW)
    leave(member_id=ana.pk, by=marta, at=NOW)

    with pytest.raises(erasure.NotYet) as refused:
        erasure.erase(wish_id=wish.pk, by=marta, at=NOW)

    assert refused.value.hindrances.open_months == ((logged[0].name, NOVEMBER),)


def test_whoever_took_the_home_over_keeps_key_account_and_trail(street, logged, gone, marta, guard):
    eva = moved_in(street, logged[0])
    a_slot_after(logged, 30)
    keep_account(
        household=logged[0], holder="Eva", iban=IBAN, signed_on=None, by=eva, at=LATER + timedelta(days=30)
    )
    head = sign_head(community=street, keeper=guard, at=LATER + timedelta(days=40))
    newest = LogLeaf.objects.filter(household=logged[0]).latest("number")

    erasure.erase(wish_id=gone.pk, by=marta, at=LATER + timedelta(days=40))

    assert as_zip(newest, head)
    with pytest.raises(NoReceipt):
        as_zip(leaf(logged[0]), head)
    assert list(BankAccount.objects.filter(replaced_at=None).values_list("holder", flat=True)) == ["Eva"]
    logged[0].refresh_from_db()
    assert (logged[0].member, owned_homes(eva)) == (eva, [(logged[0], LATER)])
    assert not AuditEvent.objects.filter(what=What.ERASED, household=logged[0]).exists()
    assert list(faults(street)) == []


def test_a_key_that_two_members_times_share_stays_with_who_lives_there_now(street, logged, gone, marta):
    """As before each time had a key of its own."""
    moved_in(street, logged[0])
    Household.objects.filter(pk=logged[0].pk).update(records_from=None)
    a_slot_after(logged, 30)
    Household.objects.filter(pk=logged[0].pk).update(records_from=LATER)

    erasure.erase(wish_id=gone.pk, by=marta, at=LATER + timedelta(days=40))

    assert HomeKey.objects.get(household=logged[0]).sealed_key


def test_a_correction_of_an_erased_time_opens_to_nobody(street, logged, closed, ana, marta, guard):
    erasure.erase(wish_id=erasure.ask(member=ana, at=LATER).pk, by=marta, at=LATER)
    make.read(logged[0], make.NOON, 500, 0, at=LATER + timedelta(days=1))
    settle_due(community=street, at=LATER + timedelta(days=1))
    corrected = LogLeaf.objects.filter(household=logged[0]).latest("number")
    head = sign_head(community=street, keeper=guard, at=LATER + timedelta(days=1))

    assert corrected.settled.start == make.NOON
    assert corrected.settled.settlement.revision == 2
    with pytest.raises(NoReceipt):
        as_zip(corrected, head)
    assert [key.key for key in keys_to(logged[0].pk)] == [None]
    assert list(faults(street)) == []


def test_who_left_takes_a_copy_and_asks_to_be_erased_and_opens_nothing_else(client, logged, closed, ana, marta):
    leave(member_id=ana.pk, by=marta, at=LATER)
    client.force_login(ana.user)

    copy = unpacked_copy(client.post(reverse("own-records")).getvalue())
    client.post(reverse("erase-me"))

    assert client.get(reverse("erase-me")).status_code == 200
    assert ErasureRequest.objects.get().member == ana
    assert len(copy["settled.csv"].splitlines()) == 1 + 3
    assert len({name.split("/")[2] for name in copy if name.startswith("receipts/")}) == 3
    assert [client.get(reverse(name)).status_code for name in ("home", "proof", "privacy", "erasures")] == [
        403
    ] * 4


def test_the_copy_of_who_left_holds_nothing_of_who_came_next(street, logged, gone, ana):
    moved_in(street, logged[0])
    a_slot_after(logged, 30)
    make.token(logged[0])

    copy = unpacked_copy(b"".join(packed(ana)))

    assert len(copy["settled.csv"].splitlines()) == 1 + 3
    assert len(copy["readings.csv"].splitlines()) == 1 + 6
    for name in ("tokens", "devices", "metering_points"):
        assert len(copy[f"{name}.csv"].splitlines()) == 1
    assert not any("2026-12" in name for name in copy)
