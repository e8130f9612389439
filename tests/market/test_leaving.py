"""States of homes and members, and what follows when somebody leaves."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from community.models import AuditEvent, Household, Member, What
from community.services.invitations import renew
from community.services.members import InvitationProblem, accept, find_invitation, invite
from community.services.roles import give_role
from market.models import BankAccount
from market.queries.audit import events_about
from market.queries.mandates import latest_mandate
from market.queries.neighbours import home_states
from market.services.leaving import leave
from market.services.mandates import give_mandate
from market.services.payments import keep_account
from metering.models import ApiToken, Consent
from metering.services.datadis import give_consent
from metering.services.tokens import InvalidCode, claim, prepare_hand_over
from tests import factories as make
from tests.market.test_payments import IBANS

pytestmark = pytest.mark.django_db

NOW = make.NOON


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def admin(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def ana(street):
    return make.member(street, "Ana")


@pytest.fixture
def home(street, ana):
    return make.home(street, "Azahar 1", make.tariff(), ana)


def states(street, at=NOW):
    return {one.household.name: (one.code, one.since) for one in home_states(street.pk, at)}


def test_a_home_goes_from_free_to_invited_to_joined_to_active_to_paused(street, admin):
    home = Household.objects.create(community=street, name="Azahar 1")
    assert states(street) == {"Azahar 1": ("free", None)}
    _, secret = invite(invited_by=admin, email="ana@example.org", household=home, at=NOW)
    assert states(street) == {"Azahar 1": ("invited", NOW)}
    member = accept(secret=secret, name="Ana", password=make.PASSWORD, at=NOW)
    assert states(street) == {"Azahar 1": ("joined", NOW)}
    home.refresh_from_db()
    give_mandate(household=home, given_by=member, at=NOW)
    home.metering_points.create(cups="ES9999000000000001DS0F")
    make.read(home, NOW, 100, 0)
    later = NOW + timedelta(hours=1)
    assert states(street, later) == {"Azahar 1": ("active", NOW)}
    give_mandate(household=home, given_by=member, at=later, paused=True)
    assert states(street, later) == {"Azahar 1": ("paused", later)}


def test_leaving_ends_what_runs_in_the_members_name(admin, ana, home):
    give_consent(metering_point=make.meter(home), holder_nif="12345678Z", given_by=ana, at=NOW, until=NOW + timedelta(days=9))  # fmt: skip
    make.token(home)
    keep_account(household=home, holder="Ana", iban=IBANS[1], signed_on=NOW.date(), by=ana, at=NOW)

    leave(member_id=ana.pk, by=admin, at=NOW)

    home.refresh_from_db()
    ana.refresh_from_db()
    assert (home.member, home.records_from, ana.left_at) == (None, NOW, NOW)
    assert latest_mandate(home).paused
    assert not Consent.objects.filter(revoked_at=None).exists()
    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert not BankAccount.objects.filter(replaced_at=None).exists()
    assert AuditEvent.objects.get(what=What.LEFT).household == home


def test_whoever_left_sees_nothing_more_and_once_more_changes_nothing(client, admin, ana, home):
    leave(member_id=ana.pk, by=admin, at=NOW)
    leave(member_id=ana.pk, by=admin, at=NOW + timedelta(days=1))
    client.force_login(ana.user)

    assert client.get("/street/").status_code == 403
    ana.refresh_from_db()
    assert ana.left_at == NOW
    assert AuditEvent.objects.filter(what=What.LEFT).count() == 1


def test_the_next_neighbour_sees_nothing_of_the_time_before(client, street, admin, ana, home):
    make.slot(street, NOW - timedelta(days=2))
    leave(member_id=ana.pk, by=admin, at=NOW - timedelta(days=1))
    before = (
        "/?d=2026-11-21",
        "/slots/2026-11-21T1100Z/",
        "/months/2026-11/",
        "/months/2026-10.csv",
        "/months/?m=2026-11",
        "/?d=20261121",
        "/?d=2026-W47-6",
    )
    home.refresh_from_db()
    _, secret = invite(invited_by=admin, email="eva@example.org", household=home, at=NOW)
    eva = accept(secret=secret, name="Eva", password=make.PASSWORD, at=NOW)
    client.force_login(eva.user)

    assert [client.get(path).status_code for path in before] == [404] * len(before)
    assert client.get("/?d=2026-11-23").status_code == 200
    assert client.get("/months/").status_code == 200
    assert {event.what for event in events_about(eva)} == {What.INVITED, What.JOINED}


def test_nobody_ends_their_own_membership_nor_one_above(client, street, admin, ana):
    owner = make.member(street, "Olga", Member.Role.OWNER)
    client.force_login(admin.user)

    for pk in (admin.pk, owner.pk):
        client.post(f"/neighbours/members/{pk}/end/")
    client.post(f"/neighbours/members/{ana.pk}/end/")

    assert list(Member.objects.filter(left_at=None).order_by("pk")) == [admin, owner]


def test_the_page_says_what_follows(client, admin, ana, home):
    client.force_login(admin.user)

    said = client.get(f"/neighbours/members/{ana.pk}/end/", headers={"accept-language": "en"}).content.decode()

    assert "free for the next neighbour: Azahar 1" in said
    assert Member.objects.get(pk=ana.pk).left_at is None


def test_another_communitys_members_are_not_ours_and_residents_end_nobody(client, street, admin, ana):
    zoe = make.member(make.community(slug="otra"), "Zoe", Member.Role.OWNER)
    client.force_login(zoe.user)
    assert client.post(f"/neighbours/members/{ana.pk}/end/").status_code == 404
    client.force_login(ana.user)
    assert client.post(f"/neighbours/members/{admin.pk}/end/").status_code == 403


def test_a_member_that_left_stands_in_the_list_with_both_days(client, admin, ana):
    leave(member_id=ana.pk, by=admin, at=NOW)
    client.force_login(admin.user)

    said = client.get("/neighbours/", headers={"accept-language": "en"}).content.decode()

    assert "to 23 Nov 2026" in said.replace("\xa0", " ")


@pytest.mark.parametrize("how", ["left", "demoted"])
def test_who_may_invite_no_longer_leaves_no_link_behind_that_still_opens(street, admin, how):
    other = make.member(street, "Olga", "admin")
    home = make.home(street, "Azahar 9", make.tariff("Otra"))
    _own, secret = invite(invited_by=other, email="eva@example.org", household=home, at=NOW)
    renewed, _gone = invite(invited_by=admin, email="pau@example.org", household=None, at=NOW)
    _renewed, again = renew(invitation_id=renewed.pk, by=other, at=NOW)
    _kept, kept = invite(invited_by=admin, email="nil@example.org", household=None, at=NOW)

    if how == "left":
        leave(member_id=other.pk, by=admin, at=NOW)
    else:
        give_role(by=admin, member_id=other.pk, role="reader", at=NOW)

    for link in (secret, again):
        with pytest.raises(InvitationProblem):
            accept(secret=link, at=NOW, name="Eva", password=make.PASSWORD)
    home.refresh_from_db()
    assert home.member is None
    assert find_invitation(secret=kept, at=NOW).email == "nil@example.org"
    assert AuditEvent.objects.filter(what=What.INVITATION_REVOKED, user=admin.user).count() == 2


def test_who_may_give_tokens_and_leaves_has_seen_no_code_that_still_works(street, admin, home):
    other = make.member(street, "Olga", "admin")
    facts = {"community": street, "name": "x", "scopes": ["readings:read"], "metering_points": [make.meter(home)]}
    _waiting, code = prepare_hand_over(**facts, networks=(), days=9, at=NOW, by=other)

    leave(member_id=other.pk, by=admin, at=NOW)

    with pytest.raises(InvalidCode):
        claim(code=code, at=NOW)
