"""Keeping the coefficients that members agreed on: typed as shares, or read from the distributor's file."""

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
from django.db import transaction

from community.models import Community, Member, What
from community.roles import Can, only_those_who
from community.services.audit import record
from market.models import SharingAdvice, SharingSet
from market.queries.sharing_year import hours_of_year
from market.settlement.coefficients import FileFaults, SharingFile, cau_of, is_cups, read, shares_ppm
from market.settlement.coefficients.curves import groups_of, whole
from metering.models import MeteringPoint

__all__ = ["FileFaults", "NotAdvised", "keep_advice", "keep_file", "keep_shares"]


class NotAdvised(ValueError):
    """There is no advice to keep: it is not worked out, or nothing better was found."""


@transaction.atomic
def keep_shares(
    *, by: Member, plant_cups: str, shares: Mapping[str, int], year: int, agreed_on: date, note: str, at: datetime
) -> SharingSet:
    """Keep shares typed by supply (any unit) as coefficients that add up to exactly one.

    Raises `NotAllowed`, and ValueError for codes or shares that cannot be.
    """
    only_those_who(Can.SET_SHARING, by)
    beta = dict(zip(shares, shares_ppm(list(shares.values())), strict=True))
    return _keep(by, cau_of(plant_cups), year, SharingSet.Kind.TYPED, agreed_on, note, at, constant_ppm=beta)


@transaction.atomic
def keep_file(
    *, by: Member, content: bytes, name: str, plant_cau: str, agreed_on: date, note: str, at: datetime
) -> SharingSet:
    """Keep the coefficients of a file, unless the distributor would refuse it: then `FileFaults` names why."""
    only_those_who(Can.SET_SHARING, by)
    points = MeteringPoint.objects.filter(household__community=by.community)
    supplies = list(points.values_list("cups", flat=True))
    found: SharingFile = read(content, name, plant_cau=plant_cau, supplies=supplies)
    facts = {"constant_ppm": found.constant_ppm, "hourly_ppm": {k: list(v) for k, v in found.hourly_ppm.items()}}
    return _keep(by, found.cau, found.year, SharingSet.Kind.FILE, agreed_on, note, at, **facts)


@transaction.atomic
def keep_advice(
    *, advice: SharingAdvice, by: Member, plant_cups: str, year: int, agreed_on: date, note: str, at: datetime
) -> SharingSet:
    """Keep what was advised as the members' coefficients of a year. Raises `NotAdvised` and `NotAllowed`.

    Hours of a group that the last year had none of get the mean of all.
    """
    only_those_who(Can.SET_SHARING, by)
    if advice.status != SharingAdvice.Status.DONE:
        raise NotAdvised
    if not all(map(is_cups, advice.supplies)):
        raise ValueError("A distributor takes no file with a CUPS that cannot be.")
    rows: dict[int, list[int]] = dict(advice.rows_ppm)
    if not advice.hourly:
        beta: dict[str, int | list[int]] = dict(zip(advice.supplies, rows[0], strict=True))
    else:
        mean = whole(np.mean(list(rows.values()), axis=0, keepdims=True))[0].tolist()
        hours = [rows.get(int(number), mean) for number in groups_of(hours_of_year(by.community, year))]
        beta = {cups: [hour[i] for hour in hours] for i, cups in enumerate(advice.supplies)}
    hourly = {cups: told for cups, told in beta.items() if isinstance(told, list)}
    facts = (
        {"hourly_ppm": hourly} if hourly else {"constant_ppm": {cups: told for cups, told in beta.items() if told}}
    )
    return _keep(by, cau_of(plant_cups), year, SharingSet.Kind.ADVISED, agreed_on, note, at, **facts)


def _keep(
    by: Member, cau: str, year: int, kind: str, agreed_on: date, note: str, at: datetime, **beta: object
) -> SharingSet:
    """The next version of an installation's coefficients; versions of a community come one after the other."""
    Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    latest = SharingSet.objects.filter(community=by.community_id, cau=cau).order_by("-version").first()
    kept = SharingSet.objects.create(
        community=by.community,
        cau=cau,
        year=year,
        version=1 if latest is None else latest.version + 1,
        kind=kind,
        agreed_on=agreed_on,
        note=note,
        added_by=by,
        added_at=at,
        **beta,
    )
    record(What.COEFFICIENTS_CHANGED, community=by.community, at=at, by=by, about=kept, reason=note)
    return kept
