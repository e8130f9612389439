"""Ending what lets people in: sessions of one or of all, and lost second factors."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from community.models import User


@transaction.atomic
def end_sessions(users: list[User] | None) -> int:
    """End every session of these users, or of everybody; how many there were. Nobody has to be asked for it."""
    if users is None:
        UserSession.objects.all().delete()
        return Session.objects.all().delete()[0]
    known = {str(user.pk) for user in users}
    # Of whom a session is stands inside of it.
    own = [one.pk for one in Session.objects.iterator() if str(one.get_decoded().get(SESSION_KEY)) in known]
    UserSession.objects.filter(user__in=users).delete()
    return Session.objects.filter(pk__in=own).delete()[0]


@transaction.atomic
def forget_second_factors(user: User) -> int:
    """Take away apps, recovery codes and passkeys that were lost, how many there were, and end all sessions."""
    forgotten: int = Authenticator.objects.filter(user=user).delete()[0]
    end_sessions([user])
    return forgotten
