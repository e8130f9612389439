"""Inviting neighbours and letting them in."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from community.models import Community, Household, Invitation, Member, User, What
from community.roles import Can, NotAllowed, may
from community.services.audit import record
from community.services.powers import hold

INVITATION_LIFETIME = timedelta(days=14)


class InvitationProblem(Exception):
    """An invitation cannot be sent or used; `code` is stable, the message says what to do."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def new_secret() -> str:
    """A secret that nobody can guess, for a link."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What is stored in a secret's place."""
    # The secret has 256 bits of chance, so a plain hash suffices; guessing it is hopeless.
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def invite(
    *,
    invited_by: Member,
    email: str,
    household: Household | None,
    at: datetime,
    name: str = "",
    role: str = Member.Role.RESIDENT,
) -> tuple[Invitation, str]:
    """Invite a neighbour; returns the invitation and the secret of its link, which is shown only once.

    Raises `InvitationProblem`: `not-admin`, `already-member`, `already-invited`, `home-taken`.
    """
    try:
        hold(Can.INVITE, invited_by)
    except NotAllowed as error:
        raise InvitationProblem("not-admin") from error
    return invite_held(invited_by=invited_by, email=email, household=household, at=at, name=name, role=role)


@transaction.atomic
def invite_held(
    *,
    invited_by: Member,
    email: str,
    household: Household | None,
    at: datetime,
    name: str = "",
    role: str = Member.Role.RESIDENT,
) -> tuple[Invitation, str]:
    """As `invite`, by a caller that holds who may do so."""
    email = email.strip().lower()
    _may_be_invited(invited_by, email, household)
    open_ones = Invitation.objects.filter(
        community=invited_by.community, email=email, accepted_at__isnull=True, revoked_at__isnull=True
    )
    open_ones.filter(expires_at__lte=at).update(revoked_at=at)
    secret = new_secret()
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                community=invited_by.community,
                household=household,
                email=email,
                name=name.strip()[:120],
                role=role,
                secret_hash=hash_of(secret),
                invited_by=invited_by,
                created_at=at,
                expires_at=at + INVITATION_LIFETIME,
            )
    except IntegrityError as error:
        raise InvitationProblem("already-invited") from error
    record(
        What.INVITED, community=invitation.community, at=at, by=invited_by, about=invitation, household=household
    )
    return invitation, secret


def _may_be_invited(by: Member, email: str, household: Household | None) -> None:
    if not may(by, Can.INVITE):
        raise InvitationProblem("not-admin")
    if Member.objects.filter(community=by.community, user__email=email, left_at__isnull=True).exists():
        raise InvitationProblem("already-member")
    if household is not None and household.member_id is not None:
        raise InvitationProblem("home-taken")


@transaction.atomic
def revoke(*, invitation: Invitation, by: Member, at: datetime) -> None:
    """Withdraw an open invitation, so that its link stops working; a second call changes nothing."""
    if not may(by, Can.INVITE) or by.community_id != invitation.community_id:
        raise InvitationProblem("not-admin")
    open_ones = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True)
    if open_ones.update(revoked_at=at):
        record(
            What.INVITATION_REVOKED,
            community=invitation.community,
            at=at,
            by=by,
            about=invitation,
            household=invitation.household,
        )


def withdraw_all_of(member: Member, *, by: Member, at: datetime) -> None:
    """Withdraw what somebody who may invite no longer had invited to: who saw a link could come in by it.

    The caller holds the community's lock.
    """
    for invitation in Invitation.objects.filter(invited_by=member, accepted_at=None, revoked_at=None):
        revoke(invitation=invitation, by=by, at=at)


def find_invitation(*, secret: str, at: datetime) -> Invitation:
    """The open invitation that a link's secret belongs to. Raises `InvitationProblem('not-valid')`."""
    invitation = _open(secret, at).select_related("community", "household", "invited_by__user").first()
    if invitation is None:
        raise InvitationProblem("not-valid")
    return invitation


def _open(secret: str, at: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        secret_hash=hash_of(secret), accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=at
    )


@transaction.atomic
def accept(*, secret: str, at: datetime, name: str = "", password: str = "", user: User | None = None) -> Member:
    """Turn an invitation into a member, and hand over the home it names.

    `user`: who came in by the login of the invited address. Without, a new login is made with name and password;
    `has-login` if the address has one, for passwords are tried at the door alone.
    """
    # First the community, as an import of neighbours does, which might hand over the same home.
    asks = Community.objects.filter(pk__in=_open(secret, at).values("community"))
    asks.select_for_update(no_key=True).first()
    # Asked with the lock: whoever accepted, withdrew or renewed it a moment ago was first.
    invitation = _open(secret, at).select_for_update().first()
    if invitation is None:
        raise InvitationProblem("not-valid")
    known = User.objects.filter(email=invitation.email).first()
    if known != user:
        raise InvitationProblem("has-login")
    user = known or _new_login(invitation.email, password, name)
    member, created = Member.objects.get_or_create(
        community=invitation.community, user=user, defaults={"role": invitation.role, "joined_at": at}
    )
    if not created and member.left_at is not None:
        member.left_at = None
        member.role = invitation.role
        member.save(update_fields=["left_at", "role"])
    if invitation.household_id is not None:
        taken = Household.objects.filter(pk=invitation.household_id, member__isnull=True).update(member=member)
        if not taken:
            raise InvitationProblem("home-taken")
    invitation.accepted_at = at
    invitation.accepted_by = member
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    record(
        What.JOINED, community=invitation.community, at=at, by=member, about=member, household=invitation.household
    )
    return member


def _new_login(email: str, password: str, name: str) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name.strip())
    except IntegrityError as error:  # made with an invitation to another community, at the same moment
        raise InvitationProblem("has-login") from error
