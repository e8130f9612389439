"""What is removed once its time is over, and what stays."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from community.models import AuditEvent, DeviceState, Invitation, What
from community.services.audit import record
from community.services.members import invite
from market.models import BankAccount, Statement
from market.queries.retention import cut_of
from market.services.payments import keep_account
from market.services.retention import remove_what_is_over
from metering.models import MeterFile, Reading, RegisterReading
from metering.services.meter_files import take_in
from metering.services.readings import nothing_yet
from tests import factories as make

pytestmark = pytest.mark.django_db
NOON = make.NOON  # 23 November 2026: raw readings go that are older than October 2025
OCTOBER = datetime(2025, 9, 30, 22, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def home():
    return make.home(make.community(created_at=NOON - timedelta(days=900)), "Ático", make.tariff())


def read(home, *starts):
    for start in starts:
        make.read(home, start, 100, 0)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def gone(**given):
    return {one.what: one.number for one in remove_what_is_over(at=NOON, **given) if one.number}


def tables():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'metering_reading'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def test_raw_readings_stay_thirteen_months_by_the_communitys_clock(home):
    read(home, OCTOBER - QUARTER, OCTOBER, NOON - timedelta(days=30))

    assert cut_of(home.community, NOON) == OCTOBER
    assert gone() == {"readings": 2}
    assert Reading.objects.earliest("start").start == OCTOBER


def test_an_unclosed_month_keeps_its_readings_and_all_after_it(home):
    august = datetime(2025, 8, 10, 10, 0, tzinfo=UTC)
    make.slot(home.community, august)
    read(home, august - timedelta(days=31), august, OCTOBER - QUARTER)

    assert gone() == {"readings": 2}
    assert Reading.objects.filter(channel="import").count() == 2

    Statement.objects.create(household=home, month=date(2025, 8, 1), issued_at=NOON, slots=1, saving_neur=0)
    remove_what_is_over(at=NOON)
    assert not Reading.objects.exists()


def test_months_that_are_wholly_past_go_as_tables(home):
    read(home, OCTOBER - timedelta(days=60), OCTOBER - QUARTER, OCTOBER + timedelta(days=1))
    old = {name for name in tables() if name < "metering_reading_2025_09"}
    assert old

    assert gone(dry=True)["tables of a month of readings"] == len(old)
    remove_what_is_over(at=NOON)

    assert not old & tables()
    assert {"metering_reading_2025_09", "metering_reading_2025_10"} <= tables()


def test_the_dry_run_says_what_would_go_and_removes_nothing(home, monkeypatch):
    read(home, OCTOBER - QUARTER, OCTOBER)
    monkeypatch.setattr("market.management.commands.retention.now", lambda: NOON)
    told = StringIO()

    call_command("retention", "--dry-run", stdout=told)

    assert "        2 readings\n" in told.getvalue()
    assert Reading.objects.count() == 4


def test_the_last_register_before_the_cut_stays_for_the_difference_after_it(home):
    point = make.meter(home)
    upload = nothing_yet(metering_point=point, source="api", content_sha256="", received_at=NOON, received=3)
    upload.save()
    for days in (-3, -2, 1):
        RegisterReading.objects.create(
            metering_point=point, channel="import", at=OCTOBER + timedelta(days=days), register_wh=1_000,
            received_at=NOON, upload=upload, row=0,
        )  # fmt: skip

    assert gone() == {"registers": 1}
    assert RegisterReading.objects.earliest("at").at == OCTOBER - timedelta(days=2)


def test_files_are_emptied_and_reports_go(home):
    file = take_in(community=home.community, name="a.csv", content=b"x;y", at=OCTOBER - QUARTER, unread=True)
    DeviceState.objects.create(device=make.battery(home), at=OCTOBER - QUARTER, soc_wh=1)

    assert gone() == {"contents of meter files": 1, "reports of devices": 1}
    assert bytes(MeterFile.objects.get(pk=file.pk).content) == b""


def test_replaced_accounts_are_forgotten(home):
    eva = make.member(home.community, "Eva")
    for day in (0, 1):
        keep_account(
            household=home, holder="Eva", iban="ES9121000418450200051332", signed_on=None, by=eva,
            at=NOON - timedelta(days=9 - day),
        )  # fmt: skip

    assert gone() == {"numbers of bank accounts": 1}
    assert BankAccount.objects.get(replaced_at=None).sealed_iban


def test_what_was_noted_stays_six_years_and_goes_only_by_this_way(home):
    for days in (6 * 366 + 10, 6 * 365 - 10):
        record(What.RULES_CHANGED, community=home.community, at=NOON - timedelta(days=days))
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.filter(what=What.RULES_CHANGED).delete()

    assert gone() == {"events of who saw or changed what": 1}
    assert AuditEvent.objects.filter(what=What.RULES_CHANGED).count() == 1


def test_only_sessions_that_are_over_by_the_real_clock_go(home):
    real = timezone.now()
    for key, hours in (("old", -1), ("live", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=real + timedelta(hours=hours))

    assert gone() == {"sessions": 1}
    assert Session.objects.get().session_key == "live"


def test_addresses_of_who_never_came_go(home):
    marta = make.member(home.community, "Marta", "admin")
    for days in (200, 30):
        invite(invited_by=marta, email=f"eva{days}@example.org", household=None, at=NOON - timedelta(days=days))

    assert gone() == {"invitations that nobody accepted": 1}
    assert Invitation.objects.get().email == "eva30@example.org"


def test_a_second_run_finds_nothing(home):
    read(home, OCTOBER - QUARTER)
    remove_what_is_over(at=NOON)

    assert gone() == {}


def test_no_transaction_lets_go_of_what_was_noted_lately(home):
    record(What.RULES_CHANGED, community=home.community, at=timezone.now() - timedelta(days=2_190))
    before = AuditEvent.objects.count()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('azotea.retention_before', '2999-01-01', true)")
        cursor.execute("DELETE FROM community_auditevent")

    assert AuditEvent.objects.count() == before


def test_a_neighbourhoods_clock_that_is_years_ahead_removes_nothing_that_is_young(home):
    record(What.RULES_CHANGED, community=home.community, at=timezone.now())

    remove_what_is_over(at=timezone.now() + timedelta(days=10_000))

    assert AuditEvent.objects.filter(what=What.RULES_CHANGED).count() == 1


def test_nothing_is_kept_of_a_browser_whose_session_is_over(home):
    user = make.member(home.community, "Eva").user
    Session.objects.create(session_key="live", session_data="", expire_date=timezone.now() + timedelta(hours=1))
    Session.objects.create(session_key="over", session_data="", expire_date=timezone.now() - timedelta(hours=1))
    for key in ("live", "over", "gone"):
        UserSession.objects.create(user=user, session_key=key, ip="203.0.113.77", user_agent="Firefox")

    assert gone() == {"sessions": 1, "addresses and browsers of sessions that are over": 2}
    assert UserSession.objects.get().session_key == "live"
