"""Handing notices over: letters to the mail server, messages to the push services of members' browsers."""

import hashlib

from django.conf import settings

from config.web_push import Browser, Pusher
from market.models import Event, Notice
from market.wording.notices import letter, payload, site_url

# What is worth waking a phone that saves its battery.
URGENT = frozenset({Event.CAR, Event.NEW_LOGIN})


def send(notice: Notice) -> None:
    """Send a notice as a letter. Raises what Django's mail raises."""
    letter(notice).send()


def push(notice: Notice, browser: Browser) -> None:
    """Say a notice on one browser; the same notice said twice shows once. Raises what `Pusher.push` raises."""
    topic = hashlib.sha256(f"{notice.event} {notice.subject}".encode()).hexdigest()[:32]
    urgency = "high" if notice.event in URGENT else "normal"
    pusher().push(payload(notice), browser, topic=topic, urgency=urgency)


def pusher() -> Pusher:
    """The site as push services know it; a service may write to whoever runs the site."""
    local = tuple(filter(None, settings.OUTBOUND_LOCAL.split(",")))
    return Pusher(settings.PUSH_KEY, settings.PUSH_CONTACT or site_url(), settings.PUSH_SERVICES, local)
