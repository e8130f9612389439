"""Telling members what happened: each thing once each way that they chose, tried again, given up with a reason."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core import signing
from django.db import transaction

from community.models import Community, Member
from community.services.announcements import standing, want_mail
from config.outbound import NoAnswer, Refused
from config.sealing import CannotUnseal, seal, unseal
from config.web_push import Browser, BrowserGone, PushRefused
from market.models import Delivery, Event, Notice, NoticeChoices, PushDevice
from market.queries.happened import Happened, happened
from market.queries.notices import NEVER_PUSHED, choices_in, choices_of, offered

MOST_ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=5)
MOST_DEVICES = 10
# Statements and announcements are mailed whole, by those who keep account of them.
LETTERS_OF_THEIR_OWN = frozenset({Event.STATEMENT, Event.ANNOUNCED})
Send = Callable[[Notice], object]
Push = Callable[[Notice, Browser], object]


SALT = "market.notices"


class NobodyToPush(Exception):
    """The member has no device any more that the site may speak to."""


class NoSuchLetter(ValueError):
    """The link that ends a letter was not made by this site."""


def token_of(member_id: int, event: str) -> str:
    """What a letter carries so that one click ends its kind, without logging in; it ends nothing else."""
    return signing.dumps([member_id, str(event)], salt=SALT)


def whose_letter(token: str) -> tuple[Member, Event]:
    """Who ends which letter. Raises `NoSuchLetter`."""
    try:
        member_id, event = signing.loads(token, salt=SALT)
        return Member.objects.select_related("community", "user").get(pk=member_id), Event(event)
    except (signing.BadSignature, ValueError, TypeError, Member.DoesNotExist) as error:
        raise NoSuchLetter from error


@transaction.atomic
def keep_choices(
    *, member: Member, by_email: Iterable[str], by_push: Iterable[str], language: str, at: datetime
) -> None:
    """Keep what a member wants to be told of; what is not offered to it is left out."""
    open_to = set(offered(member))
    email, push = open_to.intersection(by_email), open_to.intersection(by_push) - NEVER_PUSHED
    kept = {"by_email": sorted(email), "by_push": sorted(push), "language": language, "changed_at": at}
    NoticeChoices.objects.update_or_create(member=member, defaults=kept)
    want_mail(member=member, wanted=Event.ANNOUNCED in email)


@transaction.atomic
def stop_letters(*, member: Member, event: Event, at: datetime) -> None:
    """No more letters of this kind, and none that waits; asking again changes nothing."""
    chosen = choices_of(member)
    keep_choices(
        member=member, by_email=chosen.by_email - {event}, by_push=chosen.by_push, language=chosen.language, at=at
    )
    waiting = Notice.objects.filter(member=member, event=event, state=Notice.State.WAITING)
    waiting.filter(channel=Notice.Channel.EMAIL).delete()
    if event == Event.STATEMENT:
        own = Delivery.objects.filter(statement__household__member=member)
        own.filter(state=Delivery.State.WAITING).delete()


@transaction.atomic
def add_device(*, member: Member, browser: Browser, name: str, at: datetime) -> PushDevice:
    """Let the site speak to a browser; one that somebody else used before is theirs no longer."""
    digest = hashlib.sha256(browser.endpoint.encode()).hexdigest()
    kept = {"member": member, "name": name[:60], "sealed": seal(browser.text()), "added_at": at}
    device, _made = PushDevice.objects.update_or_create(digest=digest, defaults=kept)
    surplus = PushDevice.objects.filter(member=member).order_by("-added_at", "-pk")[MOST_DEVICES:]
    PushDevice.objects.filter(pk__in=list(surplus.values_list("pk", flat=True))).delete()
    return device


@transaction.atomic
def remove_device(*, member: Member, device_id: int) -> None:
    """Say no more to one of the member's browsers."""
    PushDevice.objects.filter(member=member, pk=device_id).delete()


@transaction.atomic
def note_what_happened(*, community: Community, at: datetime, letters: bool, pushes: bool) -> int:
    """Note a notice of everything that members of a community chose to be told of; how many are new.

    `letters` and `pushes` say which ways the operator has set up. A statement's letter brings the statement
    itself and goes its own way (`deliveries.py`), and so does an announcement's.
    """
    chosen = choices_in(community)
    owners = set(PushDevice.objects.filter(member__in=chosen).values_list("member_id", flat=True))
    ways: dict[tuple[int, Event], list[str]] = defaultdict(list)
    wanted: dict[Event, list[Member]] = defaultdict(list)
    for member, told in chosen.items():
        for event in Event:
            if letters and event in told.by_email and event not in LETTERS_OF_THEIR_OWN:
                ways[member.pk, event].append(Notice.Channel.EMAIL)
            if pushes and event in told.by_push and member.pk in owners:
                ways[member.pk, event].append(Notice.Channel.PUSH)
            if (member.pk, event) in ways:
                wanted[event].append(member)
    before = Notice.objects.filter(member__community=community).count()
    rows = (
        _notice(one, channel, at)
        for one in happened(community, wanted, at)
        for channel in ways[one.member.pk, one.event]
    )
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return Notice.objects.filter(member__community=community).count() - before


def _notice(one: Happened, channel: str, at: datetime) -> Notice:
    return Notice(
        member=one.member,
        event=one.event,
        channel=channel,
        subject=one.subject,
        facts=one.facts,
        void_after=one.void_after,
        made_at=at,
        due_at=at,
        changed_at=at,
    )


def due_notices(at: datetime, most: int) -> list[int]:
    """Notices that wait, oldest first."""
    due = Notice.objects.filter(state=Notice.State.WAITING, due_at__lte=at).order_by("due_at", "pk")
    return list(due.values_list("pk", flat=True)[:most])


@transaction.atomic
def tell(*, notice_id: int, at: datetime, send: Send, push: Push) -> None:
    """Send one notice and note what became of it; what is sent already or being sent is left alone.

    What has become old news while it waited, or is for somebody who left, is dropped. As with statements, a worker
    that dies after a server took it sends it again: twice is better than never.
    """
    due = Notice.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        pk=notice_id, state=Notice.State.WAITING, due_at__lte=at
    )
    notice = due.select_related("member__user", "member__community").first()
    if notice is None:
        return
    if _is_old(notice, at) or notice.member.left_at is not None:
        notice.delete()
        return
    notice.attempts += 1
    notice.changed_at = at
    try:
        if notice.channel == Notice.Channel.EMAIL:
            send(notice)
        else:
            _push_to_all(notice, push)
    except NobodyToPush as error:
        notice.state, notice.reason = Notice.State.FAILED, type(error).__name__
    except (SMTPException, OSError, PushRefused, NoAnswer, Refused) as error:
        notice.reason = f"{type(error).__name__}: {error}"[:200]
        notice.due_at = at + FIRST_PAUSE * 4 ** (notice.attempts - 1)
        if notice.attempts >= MOST_ATTEMPTS:
            notice.state = Notice.State.FAILED
    else:
        notice.state, notice.reason = Notice.State.SENT, ""
    notice.save()


def _is_old(notice: Notice, at: datetime) -> bool:
    """Whether it says nothing new any more: its time is over, or the announcement was taken back."""
    if notice.event == Event.ANNOUNCED:
        return not standing(notice.member.community_id, at).filter(pk=notice.facts["announcement"]).exists()
    return notice.void_after is not None and notice.void_after < at


def _push_to_all(notice: Notice, push: Push) -> None:
    """Each of the member's browsers; those that are gone are forgotten.

    One taken is enough: a second try would ring again where it had been taken.
    """
    trouble: Exception | None = None
    taken = 0
    for device in PushDevice.objects.filter(member=notice.member).order_by("pk"):
        try:
            push(notice, Browser.read(unseal(device.sealed)))
        except (BrowserGone, CannotUnseal):
            device.delete()
        except (PushRefused, NoAnswer, Refused, OSError) as error:
            trouble = error
        else:
            taken += 1
    if trouble is not None and not taken:
        raise trouble
    if not taken:
        raise NobodyToPush


@transaction.atomic
def forget_notices(*, member: Member) -> None:
    """Let go of everything that was told to somebody who is erased, and of what it chose."""
    for model in (Notice, NoticeChoices, PushDevice):
        model.objects.filter(member=member).delete()
