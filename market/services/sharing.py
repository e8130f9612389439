"""Keeping the coefficients that members agreed on: typed as shares, or read from the distributor's file."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from community.models import Community, Member
from community.services.homes import NotAdministrator
from market.models import SharingSet
from market.settlement.coefficients import FileFaults, SharingFile, cau_of, read, shares_ppm
from metering.models import MeteringPoint

__all__ = ["FileFaults", "keep_file", "keep_shares"]


@transaction.atomic
def keep_shares(
    *, by: Member, plant_cups: str, shares: Mapping[str, int], year: int, agreed_on: date, note: str, at: datetime
) -> SharingSet:
    """Keep shares typed by supply (any unit) as coefficients that add up to exactly one.

    Raises `NotAdministrator`, and ValueError for codes or shares that cannot be.
    """
    _only_admins(by)
    beta = dict(zip(shares, shares_ppm(list(shares.values())), strict=True))
    return _keep(by, cau_of(plant_cups), year, SharingSet.Kind.TYPED, agreed_on, note, at, constant_ppm=beta)


@transaction.atomic
def keep_file(
    *, by: Member, content: bytes, name: str, plant_cau: str, agreed_on: date, note: str, at: datetime
) -> SharingSet:
    """Keep the coefficients of a file, unless the distributor would refuse it: then `FileFaults` names why."""
    _only_admins(by)
    points = MeteringPoint.objects.filter(household__community=by.community)
    supplies = list(points.values_list("cups", flat=True))
    found: SharingFile = read(content, name, plant_cau=plant_cau, supplies=supplies)
    facts = {"constant_ppm": found.constant_ppm, "hourly_ppm": {k: list(v) for k, v in found.hourly_ppm.items()}}
    return _keep(by, found.cau, found.year, SharingSet.Kind.FILE, agreed_on, note, at, **facts)


def _keep(
    by: Member, cau: str, year: int, kind: str, agreed_on: date, note: str, at: datetime, **beta: object
) -> SharingSet:
    """The next version of an installation's coefficients; versions of a community come one after the other."""
    Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    latest = SharingSet.objects.filter(community=by.community_id, cau=cau).order_by("-version").first()
    return SharingSet.objects.create(
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


def _only_admins(by: Member) -> None:
    if by.role != Member.Role.ADMIN or by.left_at is not None:
        raise NotAdministrator(by.pk)
