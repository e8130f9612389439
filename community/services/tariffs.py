"""What administrators type in about retailers: offers with their terms, and which home has which contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from community.models import Community, Household, Member, OfferTerms, SupplyContract, Tariff, TariffVersion, What
from community.regulated import changes_between, taxes_on
from community.roles import Can, only_those_who
from community.services.audit import Actor, record

# Tax tables know no further future than this.
FAR = date(2100, 1, 1)


class TermsComeTooEarly(ValueError):
    """New terms of an offer have to begin after its last ones; `last` is when those began."""

    def __init__(self, last: date) -> None:
        super().__init__(f"The last terms began on {last}: new ones begin later.")
        self.last = last


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as typed: prices before taxes, µ€/kWh and µ€ per kW and year; the rest as in `OfferTerms`."""

    retailer: str
    name: str
    valid_from: date
    region: str
    energy_ueur_kwh: tuple[int, int, int]
    surplus_ueur_kwh: int
    power_ueur_kw_year: tuple[int, int]
    cap: str
    wallet: Mapping[str, int | None]
    hourly: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def add_offer(*, by: Member, offer: Offer, at: datetime) -> Tariff:
    """Keep an offer of the administrator's community, or new terms of one that is there.

    Prices with taxes follow from the terms, a version for each day on which the region's taxes change; those of an
    hourly offer are published day by day. Raises `NotAllowed`, `TermsComeTooEarly`, and
    `community.regulated.NotKnown` for a day without known taxes.
    """
    only_those_who(Can.SET_TARIFFS, by)
    return keep_offer(community=by.community, offer=offer, at=at, by=by)


@transaction.atomic
def keep_offer(*, community: Community, offer: Offer, at: datetime, by: Actor) -> Tariff:
    """What `add_offer` does, for whoever may do it anyway: a member who may, or the site's operator."""
    tariff, _made = Tariff.objects.get_or_create(
        community=community, retailer=offer.retailer.strip(), name=offer.name.strip()
    )
    latest = OfferTerms.objects.select_for_update().filter(tariff=tariff).order_by("-valid_from").first()
    if latest is not None and latest.valid_from >= offer.valid_from:
        raise TermsComeTooEarly(latest.valid_from)
    first, second, third = offer.energy_ueur_kwh
    terms = OfferTerms.objects.create(
        tariff=tariff,
        valid_from=offer.valid_from,
        region=offer.region,
        energy_p1_ueur_kwh=first,
        energy_p2_ueur_kwh=second,
        energy_p3_ueur_kwh=third,
        surplus_ueur_kwh=offer.surplus_ueur_kwh,
        power_p1_ueur_kw_year=offer.power_ueur_kw_year[0],
        power_p2_ueur_kw_year=offer.power_ueur_kw_year[1],
        cap=offer.cap,
        **offer.wallet,
        **offer.hourly,
    )
    TariffVersion.objects.filter(tariff=tariff, valid_from__gte=offer.valid_from).delete()
    if not terms.is_hourly:
        TariffVersion.objects.bulk_create(_versions(terms))
    said = f"{tariff}, {offer.valid_from}"
    record(What.OFFER_CHANGED, community=community, at=at, by=by, about=terms, reason=said)
    return tariff


@transaction.atomic
def give_contract(
    *, by: Member, household_id: int, tariff_id: int, valid_from: date, at: datetime
) -> SupplyContract:
    """Say which tariff supplies a home from a day on; of the same day, the last word counts.

    Raises `NotAllowed`, and `DoesNotExist` for a home or tariff that is not the community's to use.
    """
    only_those_who(Can.SET_TARIFFS, by)
    home = Household.objects.select_for_update(no_key=True).get(pk=household_id, community=by.community_id)
    tariff = Tariff.objects.get(Q(community=None) | Q(community=by.community_id), pk=tariff_id)
    contract, _made = SupplyContract.objects.update_or_create(
        household=home, valid_from=valid_from, defaults={"tariff": tariff}
    )
    record(
        What.CONTRACT_CHANGED,
        community=by.community,
        at=at,
        by=by,
        about=contract,
        household=home,
        reason=f"{tariff}, {valid_from}",
    )
    return contract


def _versions(terms: OfferTerms) -> list[TariffVersion]:
    """Prices with taxes, from the terms' day on and again whenever the region's taxes change."""
    days = [terms.valid_from, *changes_between(terms.valid_from, FAR, terms.region)]
    answer: list[TariffVersion] = []
    for day in days:
        taxes = taxes_on(day, terms.region)
        first, second, third = (taxes.on(price) for price in terms.energy_ueur_kwh)
        version = TariffVersion(
            tariff=terms.tariff,
            valid_from=day,
            import_p1_ueur_kwh=first,
            import_p2_ueur_kwh=second,
            import_p3_ueur_kwh=third,
            feed_in_ueur_kwh=taxes.on(terms.surplus_ueur_kwh),
        )
        if not answer or _prices(answer[-1]) != _prices(version):
            answer.append(version)
    return answer


def _prices(version: TariffVersion) -> tuple[int, ...]:
    return (
        version.import_p1_ueur_kwh,
        version.import_p2_ueur_kwh,
        version.import_p3_ueur_kwh,
        version.feed_in_ueur_kwh,
    )
