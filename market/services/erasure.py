"""Erasing a member: asked by the member, confirmed by an administrator, and then for good.

The key of the home's leaves is destroyed, so that nobody can open them any more; the log, the books and everybody
else's receipts stay valid. What was settled stays as long as books are kept, under a pseudonym.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import TruncMonth

from community.models import (
    AnnouncementLetter,
    Community,
    Device,
    ErasureRequest,
    Invitation,
    JoinRequest,
    Member,
    User,
    What,
)
from community.queries import street_order
from community.roles import MAY, Can, only_those_who
from community.services.audit import record, record_for
from community.tariffs import month_span
from config.tenancy import across_all
from market.models import (
    BankAccount,
    Delivery,
    MandateConfirmation,
    Pilot,
    Policy,
    SettledHome,
    Slot,
    Statement,
)
from market.queries.retention import cut_of
from market.queries.tenures import Tenure, during, tenures
from market.services.home_keys import destroy_key
from market.services.leaving import end_home
from market.services.notices import forget_notices
from market.services.payments import due
from market.services.retention import forget_accounts
from metering.models import ApiToken, Consent, HandOver, MeteringPoint
from metering.services.retention import old_rows, removed
from metering.services.storing import hold

# Of them one has to stay.
GIVING_ROLES = [role for role, powers in MAY.items() if Can.GIVE_ROLES in powers]
# Apps that keep something of their own about each login.
LOGIN_APPS = frozenset({"account", "mfa", "usersessions"})
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Hindrances:
    """What has to end first: months in which money moved and that are not closed, statements that no payment run
    has (home, month, cents), and whether nobody else administers the community.
    """

    open_months: tuple[tuple[str, date], ...]
    unpaid: tuple[tuple[str, date, int], ...]
    last_administrator: bool

    def __bool__(self) -> bool:
        return bool(self.open_months or self.unpaid or self.last_administrator)


class NotYet(Exception):
    """Something has to end before; `hindrances` says what."""

    def __init__(self, hindrances: Hindrances) -> None:
        super().__init__(str(hindrances))
        self.hindrances = hindrances


def hindrances(member: Member) -> Hindrances:
    """What has to end before a member can be erased."""
    had = sorted(tenures(member), key=lambda one: street_order(one.home.name))
    others = Member.objects.filter(community=member.community_id, role__in=GIVING_ROLES, left_at=None)
    return Hindrances(
        tuple((one.home.name, month) for one in had for month in _open_months(one)),
        tuple(
            (one.statement.household.name, one.statement.month, one.cents)
            for one in due(member.community, [one.home for one in had])
            if one.cents and any(_is_of(one.statement, tenure) for tenure in had)
        ),
        member.role in GIVING_ROLES and not others.exclude(pk=member.pk).exists(),
    )


def _is_of(statement: Statement, tenure: Tenure) -> bool:
    """Whether a statement is about a home's time with the member, or a part of it."""
    home, _since, until = tenure
    if statement.household_id != home.pk:
        return False
    return until is None or statement.month < until.astimezone(home.community.zone).date()


def _open_months(tenure: Tenure) -> list[date]:
    """Months without a statement in which something was traded or pooled, settled or not."""
    home, since, until = tenure
    zone = home.community.zone
    closed = sorted(set(Statement.objects.filter(household=home).values_list("month", flat=True)))
    spans = [month_span(month.year, month.month, zone) for month in closed]
    moved = ~Q(paid_neur=0, earned_neur=0, shortfall_neur=0, pool_neur=0)
    own = _outside(spans) & during("start", since, until)
    settled = SettledHome.objects.filter(moved, own, household=home, is_current=True)
    slots = Slot.objects.filter(own, community=home.community_id).exclude(settlements__is_current=True)
    waiting = slots.filter(trades__household=home)
    month = TruncMonth("start", tzinfo=zone)
    found = {start for those in (settled, waiting) for start in those.values_list(month, flat=True).distinct()}
    return sorted(start.astimezone(zone).date() for start in found)


def _outside(spans: Sequence[tuple[datetime, datetime]]) -> Q:
    """Starts in none of the spans, as the few gaps between them: an index finds those without reading the rest."""
    if not spans:
        return Q()
    outside = Q(start__lt=spans[0][0]) | Q(start__gte=spans[-1][1])
    for (_start, until), (following, _until) in pairwise(spans):
        if until < following:
            outside |= Q(start__gte=until, start__lt=following)
    return outside


@transaction.atomic
def ask(*, member: Member, at: datetime) -> ErasureRequest:
    """Note that a member wants to be erased; asking again changes nothing."""
    wish, new = ErasureRequest.objects.get_or_create(
        member=member, taken_back_at=None, done_at=None, defaults={"asked_at": at}
    )
    if new:
        record(What.ERASURE_ASKED, community=member.community, at=at, by=member, about=member)
    return wish


@transaction.atomic
def take_back(*, member: Member, at: datetime) -> None:
    """Take the wish back, as long as nobody confirmed it."""
    wishes = ErasureRequest.objects.filter(member=member, taken_back_at=None, done_at=None)
    if wishes.update(taken_back_at=at):
        record(What.ERASURE_TAKEN_BACK, community=member.community, at=at, by=member, about=member)


@transaction.atomic
def erase(*, wish_id: int, by: Member, at: datetime) -> None:
    """Erase the member who asked for it; a second call finds it done and changes nothing.

    Raises `NotAllowed`, `NotYet`, and `ErasureRequest.DoesNotExist` for a wish that was taken back or is
    another community's.
    """
    only_those_who(Can.ERASE, by)
    # In the order of whoever settles, closes, pays and stores: the community, meters, homes. Nothing is settled
    # between the look at what hinders and the end of the keys, nobody waits for another in a circle, and two
    # administrators cannot erase each other at the same moment.
    Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    by.refresh_from_db(fields=["role", "left_at"])
    only_those_who(Can.ERASE, by)
    wishes = ErasureRequest.objects.select_for_update(of=("self",)).select_related("member__user")
    wish = wishes.get(pk=wish_id, member__community=by.community_id, taken_back_at=None)
    if wish.done_at is not None:
        return
    member = wish.member
    found = hindrances(member)
    if found:
        raise NotYet(found)
    hold(MeteringPoint.objects.filter(household__in=[tenure.home.pk for tenure in tenures(member)]))
    homes = list(member.households.select_for_update(no_key=True).order_by("pk"))
    for tenure in tenures(member):
        _leave(tenure, member.user, at)
    # Homes that it left before are others' by now, and the trail of those is theirs.
    record_for(homes, What.ERASED, at=at, by=by, about=member)
    if not homes:
        record(What.ERASED, community=member.community, at=at, by=by, about=member)
    wish.done_at, wish.done_by = at, by
    wish.save(update_fields=["done_at", "done_by"])
    forget_notices(member=member)
    Member.objects.filter(pk=member.pk, left_at=None).update(left_at=at)
    with across_all():  # a person may live in other communities, too
        if not Member.objects.filter(user=member.user_id, left_at=None).exists():
            _forget_person(member.user)


def _leave(tenure: Tenure, user: User, at: datetime) -> None:
    """End what runs for a home, and let go of what no law asks to be kept of the time with this member."""
    home, since, until = tenure
    destroy_key(household=home, at=at, since=since, until=until)
    words = MandateConfirmation.objects.filter(during("confirmed_at", since, until), mandate__household=home)
    words.delete()
    _forget_in_texts(tenure, user)
    if until is None:
        end_home(home, at)
    kept_from = {home.community_id: cut_of(home.community, at)}
    for _name, rows in old_rows(kept_from, home.pk):
        removed(rows, dry=False)
    allowed = Consent.objects.filter(during("given_at", since, until), metering_point__household=home)
    allowed.update(sealed_nif="")
    accounts = BankAccount.objects.filter(during("added_at", since, until), household=home)
    accounts.update(holder=pseudonym(user))
    forget_accounts(at=at, home=home.pk)
    # Letters of that time went to that member, whatever its address was then.
    sent = Delivery.objects.filter(statement__household=home)
    for those in (
        during("statement__month", since and since.date(), until and until.date()),
        Q(address=user.email),
    ):
        sent.filter(those).update(address=_address(user))


def _forget_in_texts(tenure: Tenure, user: User) -> None:
    """Name anew what somebody called after the member: the home, its devices, its tokens and their codes."""
    home = tenure.home
    for called in (ApiToken, HandOver):
        for one in called.objects.filter(metering_points__household=home).distinct():
            if _mentions(one.name, user):
                called.objects.filter(pk=one.pk).update(name=f"{called._meta.model_name} {one.pk}")
    if tenure.is_taken_over:
        return
    for device in home.devices.all():
        if _mentions(device.name, user):
            Device.objects.filter(pk=device.pk).update(name=f"{device.kind} {device.pk}")
    if _mentions(home.name, user):
        home.name = f"⌂ {home.pk}"
        home.save(update_fields=["name"])


def _forget_person(user: User) -> None:
    """Put a pseudonym in the place of a name, end every session, and let nobody log in as this user again."""
    name, email = user.name, user.email
    came_by = Invitation.objects.filter(Q(email=email) | Q(accepted_by__user=user))
    emails = {email, *came_by.values_list("email", flat=True)}
    came_by.update(email=_address(user), name="")
    gone = {"name": pseudonym(user), "email": _address(user), "place": "", "sealed_cups": ""}
    JoinRequest.objects.filter(email__in=emails).update(**gone)
    AnnouncementLetter.objects.filter(member__user=user).update(reason="")
    Pilot.objects.filter(owner=user).update(shared=False)
    for policy in Policy.objects.filter(steps__icontains=name) if name else ():
        policy.steps = _without(policy.steps, name, pseudonym(user))
        policy.save(update_fields=["steps"])
    for relation in User._meta.related_objects:
        if relation.related_model._meta.app_label in LOGIN_APPS:
            relation.related_model._base_manager.filter(**{relation.field.name: user}).delete()
    for session in Session.objects.iterator():
        if str(session.get_decoded().get("_auth_user_id")) == str(user.pk):
            session.delete()
    user.name, user.email = pseudonym(user), _address(user)
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()


def pseudonym(user: User) -> str:
    """How somebody who was erased is called, in any language."""
    return f"N. N. {user.pk}"


def _address(user: User) -> str:
    return f"nn-{user.pk}@erased.invalid"


def _mentions(text: str, user: User) -> bool:
    """Whether a text holds a part of the member's name that would tell who it was."""
    return bool({part for part in _words(user.name) if len(part) > 2} & _words(text))


def _words(text: str) -> set[str]:
    return set(WORD.findall(text.casefold()))


def _without(value: object, name: str, other: str) -> object:
    """Plain values with one text in the place of another."""
    if isinstance(value, dict):
        return {key: _without(one, name, other) for key, one in value.items()}
    if isinstance(value, list):
        return [_without(one, name, other) for one in value]
    return other if value == name else value
