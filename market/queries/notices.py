"""What members chose to be told, and what holds for those who never chose."""

from dataclasses import dataclass

from django.conf import settings

from community.models import Community, Member
from community.roles import Can, may
from market.models import Event, NoticeChoices

Told = frozenset[str]
# Letters for what matters once a month or is wrong; devices for what is of use within the day.
USUAL_BY_EMAIL: Told = frozenset(
    {Event.STATEMENT, Event.MONTH_CLOSED, Event.RULES_EXPIRE, Event.METER_SILENT, Event.NEW_LOGIN}
)
USUAL_BY_PUSH: Told = frozenset(set(Event) - {Event.DIGEST})
NEVER_PUSHED: Told = frozenset({Event.DIGEST})


@dataclass(frozen=True, slots=True)
class Choices:
    """Of what a member is told by e-mail and on its devices, and in which language."""

    by_email: Told
    by_push: Told
    language: str


def offered(member: Member) -> list[Event]:
    """What a member may be told of: the street's months only whoever sees them."""
    return [event for event in Event if event != Event.MONTH_CLOSED or may(member, Can.SEE_MONTHS)]


def choices_of(member: Member) -> Choices:
    """What one member chose."""
    return _told(member, NoticeChoices.objects.filter(member=member).first())


def choices_in(community: Community) -> dict[Member, Choices]:
    """What each present member of a community chose."""
    members = Member.objects.filter(community=community, left_at=None, user__is_active=True)
    made = {row.member_id: row for row in NoticeChoices.objects.filter(member__in=members)}
    found = members.select_related("user", "community").order_by("pk")
    return {member: _told(member, made.get(member.pk)) for member in found}


def _told(member: Member, made: NoticeChoices | None) -> Choices:
    """Whether announcements come by e-mail is said on their own page, too, and kept with the member."""
    open_to = frozenset(offered(member))
    announced: Told = frozenset({Event.ANNOUNCED} if member.wants_mail else ())
    if made is None:
        return Choices((USUAL_BY_EMAIL & open_to) | announced, USUAL_BY_PUSH & open_to, settings.LANGUAGE_CODE)
    by_push = open_to.intersection(made.by_push) - NEVER_PUSHED
    return Choices((open_to.intersection(made.by_email) - {Event.ANNOUNCED}) | announced, by_push, made.language)


def wants_no_letter(event: Event) -> list[int]:
    """Members who chose and left this letter out."""
    rows = NoticeChoices.objects.exclude(by_email__contains=[event.value])
    return list(rows.values_list("member_id", flat=True))
