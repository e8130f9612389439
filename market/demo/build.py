"""Putting the demo's neighbourhood into the database: people, homes, devices, contracts, feeder, logins."""

import secrets
import unicodedata
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import transaction

from community.demo import neighbourhood
from community.demo.neighbourhood import DemoHome, DemoTariff
from community.feeder_files import read_feeder
from community.models import (
    Community,
    Device,
    Household,
    Member,
    OfferTerms,
    SupplyContract,
    Tariff,
    TariffVersion,
    User,
)
from community.regulated import latest_tolls, taxes_on
from community.services.feeders import load_feeder
from market.services.mandates import give_mandate
from metering.models import ApiToken, MeteringPoint
from metering.services.tokens import issue_token

FEEDER = Path(neighbourhood.__file__).with_name("feeder_simbench_rural1.json")


@transaction.atomic
def build(*, at: datetime) -> tuple[Community, dict[str, dict[str, str]]]:
    """Create the neighbourhood as of `at`; returns it and the visitors' freshly generated logins."""
    community = Community.objects.create(
        slug=neighbourhood.SLUG,
        name=neighbourhood.NAME,
        grid_fee_ueur_kwh=neighbourhood.GRID_FEE_UEUR_KWH,
        import_limit_w=neighbourhood.IMPORT_LIMIT_W,
        export_limit_w=neighbourhood.EXPORT_LIMIT_W,
        uploads_per_minute=6_000,  # one gateway speaks for all homes
        created_at=at,
    )
    feeder = load_feeder(community=community, described=read_feeder(FEEDER.read_bytes()))
    nodes = {node.code: node for node in feeder.nodes.all()}
    tariffs = _tariffs(at.astimezone(community.zone).date() - timedelta(days=365))
    logins: dict[str, dict[str, str]] = {}
    points = []
    for number, home in enumerate(neighbourhood.HOMES, start=1):
        member = _member(community, home, at, logins)
        household = Household.objects.create(
            community=community, member=member, name=home.name, node=nodes[home.node], phase=home.phase
        )
        _devices(household, home)
        tariff, since = tariffs[home.tariff]
        SupplyContract.objects.create(household=household, tariff=tariff, valid_from=since)
        points.append(MeteringPoint.objects.create(household=household, cups=neighbourhood.cups(number)))
        give_mandate(household=household, given_by=member, at=at, **home.mandate)
    _, text = issue_token(
        community=community,
        name="Demo gateway",
        scopes=[scope.value for scope in ApiToken.Scope],
        metering_points=points,
        at=at,
        lifetime=timedelta(days=3650),
    )
    logins["integrator"] = {"token": text, "metering_point": str(points[0].public_id)}
    return community, logins


def _tariffs(since: date) -> dict[str, tuple[Tariff, date]]:
    answer = {}
    for key, offer in neighbourhood.TARIFFS.items():
        tariff = Tariff.objects.create(retailer=offer.retailer, name=offer.name)
        p1, p2, p3 = offer.import_ueur_kwh
        TariffVersion.objects.create(
            tariff=tariff,
            valid_from=since,
            import_p1_ueur_kwh=p1,
            import_p2_ueur_kwh=p2,
            import_p3_ueur_kwh=p3,
            feed_in_ueur_kwh=offer.feed_in_ueur_kwh,
        )
        _terms(tariff, offer, since)
        answer[key] = (tariff, since)
    return answer


def _terms(tariff: Tariff, offer: DemoTariff, since: date) -> None:
    """The offer as its contract would state it: prices before taxes, power at tolls and charges."""
    before = [round(price / taxes_on(since).factor) for price in (*offer.import_ueur_kwh, offer.feed_in_ueur_kwh)]
    power = latest_tolls(since).power_ueur_kw_year
    OfferTerms.objects.create(
        tariff=tariff,
        valid_from=since,
        energy_p1_ueur_kwh=before[0],
        energy_p2_ueur_kwh=before[1],
        energy_p3_ueur_kwh=before[2],
        surplus_ueur_kwh=before[3],
        power_p1_ueur_kw_year=power[0],
        power_p2_ueur_kw_year=power[1],
        wallet_ppm=offer.wallet_ppm,
        wallet_fee_cents=offer.wallet_fee_cents,
        wallet_expiry_months=60 if offer.wallet_ppm else None,
    )


def address_of(name: str) -> str:
    """An e-mail address by the first name; letters lose their accents, so that lists with it can be taken over."""
    letters = unicodedata.normalize("NFKD", name.split(maxsplit=1)[0].lower())
    return f"{letters.encode('ascii', 'ignore').decode()}@azahar.example"


def _member(
    community: Community, home: DemoHome, at: datetime, logins: dict[str, dict[str, str]]
) -> Member | None:
    """A member for the home's resident; only the two visitors' logins get a password that anybody knows."""
    if home.resident is None:
        return None
    email = address_of(home.resident)
    user = User.objects.create_user(email, None, name=home.resident)
    part = "admin" if home.admin else "resident"
    if home.admin or "resident" not in logins:
        password = secrets.token_urlsafe(9)
        user.set_password(password)
        user.is_staff = user.is_superuser = home.admin
        user.save()
        logins[part] = {"email": email, "password": password}
    role = Member.Role.ADMIN if home.admin else Member.Role.RESIDENT
    return Member.objects.create(community=community, user=user, role=role, joined_at=at)


def _devices(household: Household, home: DemoHome) -> None:
    if home.pv_w:
        Device.objects.create(household=household, kind="pv", peak_w=home.pv_w)
    if home.battery_wh:
        Device.objects.create(
            household=household,
            kind="battery",
            capacity_wh=home.battery_wh,
            charge_w=home.battery_w,
            discharge_w=home.battery_w,
            efficiency_ppm=960_000,
        )
    if home.ev_w:
        Device.objects.create(household=household, kind="ev_charger", charge_w=home.ev_w)
