"""Offers and bills in words and rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from community import figures
from community.models import Tariff
from market.settlement.bill import Bill, Check


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer with its prices of today, taxes included; `terms` says whether a bill can be worked out."""

    tariff: Tariff
    prices: str
    since: str
    terms: bool


def offers(tariffs: Iterable[Tariff], today: date) -> list[OfferRow]:
    """Every offer with what it costs now; its versions and terms are read with it."""
    return [_offer(tariff, today) for tariff in tariffs]


def _offer(tariff: Tariff, today: date) -> OfferRow:
    held = [version for version in tariff.versions.all() if version.valid_from <= today]
    version = max(held, key=lambda one: one.valid_from, default=None)
    has_terms = bool(tariff.terms.all())
    if version is None:
        return OfferRow(tariff, _("no prices yet"), "", has_terms)
    charged = [version.import_p1_ueur_kwh, version.import_p2_ueur_kwh, version.import_p3_ueur_kwh]
    words = _("%(p1)s · %(p2)s · %(p3)s, surplus %(surplus)s")
    first, second, third = (figures.price(price) for price in charged)
    given = {"p1": first, "p2": second, "p3": third, "surplus": figures.price(version.feed_in_ueur_kwh)}
    since = _("since %(day)s") % {"day": figures.day_and_year(version.valid_from)}
    return OfferRow(tariff, words % given, since, has_terms)


def verdict(found: Check) -> str:
    """Whether our bill and the real one agree."""
    given = {"theirs": figures.cents(found.theirs_cents), "ours": figures.cents(found.ours_cents)}
    if found.agrees:
        return _("Your bill says %(theirs)s, we compute %(ours)s: they agree.") % given
    off = {"off": figures.cents(found.theirs_cents - found.ours_cents, signed=True)}
    words = _(
        "Your bill says %(theirs)s, we compute %(ours)s: %(off)s. Compare the lines below with the bill's; "
        "services and discounts that it adds are not part of the contract here."
    )
    return words % (given | off)


def bill_lines(found: Bill) -> list[tuple[str, int]]:
    """The bill's lines by their names, those of nothing left out, and the total."""
    names = {
        "power_p1": _("Power, peak"),
        "power_p2": _("Power, off-peak"),
        "energy_p1": _("Energy, peak (P1)"),
        "energy_p2": _("Energy, shoulder (P2)"),
        "energy_p3": _("Energy, off-peak (P3)"),
        "compensation": _("Compensation of surplus"),
        "social_bonus": _("Social bonus"),
        "electricity_tax": _("Electricity tax"),
        "meter": _("Rent of the meter"),
        "wallet_fee": _("Fee of the virtual battery"),
        "vat": _("VAT or its like"),
    }
    lines = [(names[name], cents) for name, cents in found.lines if cents]
    if found.left_cents:
        lines.append((_("Surplus that could not be compensated (not in the total)"), found.left_cents))
    return [*lines, (_("Total"), found.total_cents)]
