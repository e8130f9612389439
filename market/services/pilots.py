"""Trying a street out: begun, shown to others, and made a community of."""

from datetime import date, datetime

from django.db import transaction

from community.models import Community, Device, Household, Member, SupplyContract, Tariff, TariffVersion, User
from market.models import Pilot, PilotMonth
from market.pilot.report import MONTHS
from market.pilot.scenario import EFFICIENCY_PPM, PPM, PilotHome, Scenario
from market.services.founding import free_slug
from market.services.mandates import give_mandate


@transaction.atomic
def begin(*, name: str, scenario: Scenario, owner: User, at: datetime) -> Pilot:
    """Keep a pilot with all the months that are to be lived, the expected year first."""
    pilot = Pilot.objects.create(name=name, scenario=scenario.as_json(), owner=owner, created_at=at)
    PilotMonth.objects.bulk_create(
        PilotMonth(pilot=pilot, variant=variant, month=month)
        for variant in PilotMonth.Variant.values
        for month in range(1, MONTHS + 1)
    )
    return pilot


def share(*, pilot: Pilot, shared: bool) -> None:
    """Let everybody who has the report's address read it, or no longer."""
    Pilot.objects.filter(pk=pilot.pk).update(shared=shared)


@transaction.atomic
def found_community(*, pilot_id: int, at: datetime) -> Community:
    """Make a community of a pilot, once: homes, devices, contracts, rules; its owner is the administrator."""
    pilot = Pilot.objects.select_for_update(of=("self",)).select_related("owner", "community").get(pk=pilot_id)
    if pilot.community is not None:
        return pilot.community
    scenario = Scenario.of(pilot.scenario)
    community = Community.objects.create(
        slug=free_slug(pilot.name),
        name=pilot.name,
        timezone=scenario.timezone,
        price_rule=scenario.price_rule,
        fairness_rule=scenario.fairness_rule,
        pool_pct=scenario.pool_pct,
        grid_fee_ueur_kwh=scenario.grid_fee_ueur_kwh,
        import_limit_w=scenario.import_limit_w,
        export_limit_w=scenario.export_limit_w,
        created_at=at,
    )
    Member.objects.create(community=community, user=pilot.owner, role=Member.Role.OWNER, joined_at=at)
    today = at.astimezone(community.zone).date()
    tariffs = {
        tariff: _tariff(scenario, tariff, community, today) for tariff in {h.tariff for h in scenario.homes}
    }
    for home in scenario.homes:
        _found_home(community, home, tariffs[home.tariff], today, at)
    pilot.community = community
    pilot.save(update_fields=["community"])
    return community


def _tariff(scenario: Scenario, name: str, community: Community, today: date) -> Tariff:
    """The tariff as this community's own."""
    prices = next(tariff for tariff in scenario.tariffs if tariff.name == name)
    tariff = Tariff.objects.create(community=community, retailer=community.name, name=name)
    first, second, third = prices.import_ueur_kwh
    TariffVersion.objects.create(
        tariff=tariff,
        valid_from=today,
        import_p1_ueur_kwh=first,
        import_p2_ueur_kwh=second,
        import_p3_ueur_kwh=third,
        feed_in_ueur_kwh=prices.feed_in_ueur_kwh,
    )
    return tariff


def _found_home(community: Community, home: PilotHome, tariff: Tariff, today: date, at: datetime) -> None:
    household = Household.objects.create(community=community, name=home.name)
    SupplyContract.objects.create(household=household, tariff=tariff, valid_from=today)
    if home.pv_w:
        Device.objects.create(household=household, kind="pv", peak_w=home.pv_w)
    if home.battery_wh:
        Device.objects.create(
            household=household,
            kind="battery",
            capacity_wh=home.battery_wh,
            charge_w=home.battery_w,
            discharge_w=home.battery_w,
            efficiency_ppm=min(EFFICIENCY_PPM, PPM),
        )
    if home.ev_w:
        Device.objects.create(household=household, kind="ev_charger", charge_w=home.ev_w)
    give_mandate(household=household, given_by=None, at=at, objective=home.objective, reserve_pct=home.reserve_pct)
