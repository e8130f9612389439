"""Asking Datadis for the curves of those who consented: each query once a day, written down before it is made."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction

from community.models import Community, Member, What
from community.services.audit import record
from community.services.homes import lock_as_seen
from config.sealing import seal, unseal
from metering.datadis.portal import (
    HOURLY,
    QUARTER_HOURLY,
    Incomprehensible,
    NotAllowed,
    Portal,
    PortalSaysNo,
    PortalSupply,
    is_empty,
)
from metering.models import Consent, DatadisAccount, DatadisQuery, MeteringPoint
from metering.services import meter_files

# The portal answers the same query only once in this time; so does a query that timed out wait.
ONCE_IN = timedelta(hours=24)
# Closed months that are asked for again, because distributors correct them.
CLOSED_MONTHS = 2
# How often a month that has come already is asked for again.
AGAIN_AFTER = timedelta(days=7)
STORED = ("stored", "unchanged")
Kind = DatadisQuery.Kind


class ConsentGiven(ValueError):
    """This meter has a consent already; it has to be taken back first."""


@transaction.atomic
def keep_account(*, community: Community, nif: str, password: str, changed_by: Member, at: datetime) -> None:
    """Keep the login with which a community asks; the password is sealed."""
    account, _new = DatadisAccount.objects.update_or_create(
        community=community,
        defaults={
            "nif": nif,
            "sealed_password": seal(password),
            "changed_by": changed_by,
            "changed_at": at,
        },
    )
    record(What.DATADIS_ACCOUNT_CHANGED, community=community, at=at, by=changed_by, about=account)


@transaction.atomic
def give_consent(
    *, metering_point: MeteringPoint, holder_nif: str, given_by: Member, at: datetime, until: datetime
) -> Consent:
    """Let the community ask for one meter until then. Raises `ConsentGiven`, `HomeChangedHands`."""
    lock_as_seen(metering_point.household)  # before its meter, as by all who lock both
    MeteringPoint.objects.select_for_update().get(pk=metering_point.pk)
    open_ = Consent.objects.filter(metering_point=metering_point, revoked_at__isnull=True)
    if open_.filter(expires_at__gt=at).exists():
        raise ConsentGiven(metering_point.public_id)
    open_.update(revoked_at=at)
    consent = Consent.objects.create(
        metering_point=metering_point,
        sealed_nif=seal(holder_nif),
        given_by=given_by,
        given_at=at,
        expires_at=until,
    )
    _tell(What.CONSENT_GIVEN, consent, given_by, at)
    return consent


def _tell(what: What, consent: Consent, by: Member | None, at: datetime) -> None:
    home = consent.metering_point.household
    record(what, community=home.community, at=at, by=by, about=consent, household=home)


@transaction.atomic
def revoke_consent(*, consent: Consent, at: datetime, by: Member | None = None) -> None:
    """Take a consent back: from now on nothing is asked."""
    if Consent.objects.filter(pk=consent.pk, revoked_at__isnull=True).update(revoked_at=at):
        _tell(What.CONSENT_WITHDRAWN, consent, by, at)


def due_consents(*, community: Community, at: datetime) -> list[int]:
    """Consents of a community that asks, for which a month is due."""
    if not DatadisAccount.objects.filter(community=community).exists():
        return []
    consents = Consent.objects.filter(
        metering_point__household__community=community, revoked_at__isnull=True, expires_at__gt=at
    ).select_related("metering_point__household__community")
    return [consent.pk for consent in consents.order_by("pk") if _due_months(consent, at)]


def _due_months(consent: Consent, at: datetime) -> list[date]:
    """Closed months to ask for, the latest first: those that never came, or came a while ago."""
    month = at.astimezone(consent.metering_point.household.community.zone).date().replace(day=1)
    recent = consent.queries.filter(kind=Kind.CONSUMPTION, outcome__in=STORED, asked_at__gt=at - AGAIN_AFTER)
    asked = DatadisQuery.objects.filter(
        consent__metering_point=consent.metering_point_id, kind=Kind.CONSUMPTION, asked_at__gt=at - ONCE_IN
    )
    settled = {*recent.values_list("month", flat=True), *asked.values_list("month", flat=True)}
    due = []
    for _ in range(CLOSED_MONTHS):
        month = (month - timedelta(days=1)).replace(day=1)
        due += [month] if month not in settled else []
    return due


def pull(*, consent_id: int, at: datetime, connect: Callable[[str, str], Portal]) -> list[DatadisQuery]:
    """Ask for every due month of one meter; a query that the portal refuses is recorded and ends nothing.

    `connect` opens a session with NIF and password. Runs outside any transaction: each query is written down
    and committed before it is made.
    """
    consent = Consent.objects.select_related("metering_point__household__community").get(pk=consent_id)
    account = DatadisAccount.objects.get(community=consent.metering_point.household.community)
    portal = connect(account.nif, unseal(account.sealed_password))
    made = [_pull_month(portal, consent, month, at) for month in _due_months(consent, at)]
    return [query for query in made if query is not None]


def _pull_month(portal: Portal, consent: Consent, month: date, at: datetime) -> DatadisQuery | None:
    """The record of the query, or None where it (or one that it needs) may not be made yet."""
    if not consent.distributor_code:
        query = _note(consent, Kind.SUPPLIES, None, at)
        if query is None:
            return None
        if not _learn_supply(portal, consent, query, at):
            return query
    query = _note(consent, Kind.CONSUMPTION, month, at)
    if query is None:
        return None
    point = consent.metering_point
    supply = PortalSupply(point.cups, consent.distributor_code, consent.point_type or 5)
    kind = QUARTER_HOURLY if point.resolution_minutes == 15 and supply.point_type < 3 else HOURLY
    try:
        content = portal.curve(supply, unseal(consent.sealed_nif), month, kind)
    except PortalSaysNo as error:
        return _answered(query, error.outcome, at)
    if is_empty(content):
        return _answered(query, "empty", at)
    return _store(query, content, at)


@transaction.atomic
def _note(consent: Consent, kind: str, month: date | None, at: datetime) -> DatadisQuery | None:
    """Write down a query that is about to be made; None if the same one was made within 24 hours.

    Two workers cannot both write it down: the consent's row is the lock. A consent taken back meanwhile ends it.
    """
    held = Consent.objects.select_for_update().filter(pk=consent.pk, revoked_at__isnull=True, expires_at__gt=at)
    if not held.exists():
        return None
    same = DatadisQuery.objects.filter(
        consent__metering_point=consent.metering_point_id, kind=kind, month=month, asked_at__gt=at - ONCE_IN
    )
    if same.exists():
        return None
    return DatadisQuery.objects.create(consent=consent, kind=kind, month=month, asked_at=at)


def _answered(query: DatadisQuery, outcome: str, at: datetime) -> DatadisQuery:
    query.answered_at, query.outcome = at, outcome
    query.save(update_fields=["answered_at", "outcome", "file"])
    return query


def _learn_supply(portal: Portal, consent: Consent, query: DatadisQuery, at: datetime) -> bool:
    """Learn from the portal who distributes to the meter; whether that succeeded."""
    cups = consent.metering_point.cups[:20]
    try:
        supplies = portal.supplies(unseal(consent.sealed_nif))
        found = next((one for one in supplies if one.cups[:20] == cups), None)
        if found is None:
            raise NotAllowed(str(consent.metering_point.public_id))
    except PortalSaysNo as error:
        _answered(query, error.outcome, at)
        return False
    consent.distributor_code, consent.point_type = found.distributor_code, found.point_type
    consent.save(update_fields=["distributor_code", "point_type"])
    _answered(query, "stored", at)
    return True


def _store(query: DatadisQuery, content: bytes, at: datetime) -> DatadisQuery:
    """Keep the answer as a file like any other, and store its readings."""
    try:
        json.loads(content)
    except ValueError:
        return _answered(query, Incomprehensible.outcome, at)
    point = query.consent.metering_point
    query.file = meter_files.take_in(
        community=point.household.community,
        name=f"datadis {point.household.name} {query.month:%Y-%m}.json",
        content=content,
        at=at,
        unread=True,
    )
    if query.file.committed_at is not None:
        return _answered(query, "unchanged", at)
    uploads = meter_files.store_asked(file_id=query.file.pk, at=at)
    query.file.refresh_from_db(fields=["failure"])
    if query.file.failure is not None:
        return _answered(query, "unreadable", at)
    news = any(upload.created or upload.revised for upload in uploads)
    return _answered(query, "stored" if news else "unchanged", at)
