"""One slot's money, step by step, so that a reader can check the sum to the last n€."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from community import figures
from market.models import SettledHome, Slot


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """One step of the sum; + is received, − is paid."""

    label: str
    formula: str
    amount_neur: int


@dataclass(frozen=True, slots=True)
class Money:
    """The slot's money as the home sees it: + is received, − is paid."""

    lines: tuple[MoneyLine, ...]
    actual_neur: int
    baseline_neur: int
    baseline_formula: str
    saving_neur: int


def money(home: SettledHome, slot: Slot) -> Money:
    """The sum of the slot, step by step, in n€; the same figures that the settlement booked."""
    price = home.price_ueur_kwh or 0
    lines = [
        *_traded(_("Sold to neighbours"), (home.sold_wh, home.trueup_sold_wh), home.earned_neur,
                 price - slot.grid_fee_ueur_kwh, 1),
        *_traded(_("Bought from neighbours"), (home.bought_wh, home.trueup_bought_wh), home.paid_neur, price, -1),
        *_shared(home, slot),
    ]  # fmt: skip
    retailer = (
        (_("Surplus to your retailer"), home.export_wh - home.sold_wh, home.feed_in_ueur_kwh, 1),
        (_("From your retailer"), home.import_wh - home.bought_wh, home.import_ueur_kwh, -1),
    )
    lines += [
        MoneyLine(label, _times(energy, rate), sign * energy * rate)
        for label, energy, rate, sign in retailer
        if energy
    ]
    exported = (home.export_wh, home.feed_in_ueur_kwh, "")
    alone = (exported, (home.import_wh, home.import_ueur_kwh, figures.MINUS))
    return Money(
        lines=tuple(lines),
        actual_neur=-home.actual_neur,
        baseline_neur=-home.baseline_neur,
        baseline_formula=" ".join(f"{sign}{_times(energy, rate)}" for energy, rate, sign in alone if energy),
        saving_neur=home.baseline_neur - home.actual_neur,
    )


def _traded(
    label: str, wh: tuple[int, int], amount_neur: int, rate_ueur_kwh: int, sign: int
) -> Iterator[MoneyLine]:
    """One side with neighbours, `wh` in all and of it added after metering, which is always at the slot's price.

    Where the trades themselves had other prices, the two parts are lines of their own.
    """
    total_wh, added_wh = wh
    added_neur = added_wh * rate_ueur_kwh
    if not total_wh:
        return
    if amount_neur == total_wh * rate_ueur_kwh:
        yield MoneyLine(label, _times(total_wh, rate_ueur_kwh), sign * amount_neur)
        return
    if total_wh > added_wh:
        yield MoneyLine(
            label, _mean(total_wh - added_wh, amount_neur - added_neur), sign * (amount_neur - added_neur)
        )
    if added_wh:
        added = _("%(label)s, added after metering") % {"label": label}
        yield MoneyLine(added, _times(added_wh, rate_ueur_kwh), sign * added_neur)


def _shared(home: SettledHome, slot: Slot) -> Iterator[MoneyLine]:
    """What the whole street shares: a lack where trades were not delivered, and the common pool."""
    if home.shortfall_neur:
        note = _("Not all that was agreed was delivered, so the money of this slot fell short; every gain gave up "
                 "the same share.")  # fmt: skip
        yield MoneyLine(_("Given up where trades were not delivered"), note, -home.shortfall_neur)
    if home.pool_neur:
        words = {
            "equal": _("%(part)s of every home's gain goes into the pool, which is shared equally."),
            "need": _(
                "%(part)s of every home's gain goes into the pool, which gives more to homes with priority."
            ),
        }
        note = words[slot.pool_rule] % {"part": figures.percent(slot.pool_pct)}
        yield MoneyLine(
            _("From the common pool") if home.pool_neur > 0 else _("Into the common pool"), note, home.pool_neur
        )


def _times(energy_wh: int, rate_ueur_kwh: int) -> str:
    nb = figures.NBSP
    return f"{figures.watt_hours(energy_wh)}{nb}×{nb}{figures.price_exact(rate_ueur_kwh)}"


def _mean(energy_wh: int, amount_neur: int) -> str:
    """Energy times price, or the mean price where several orders had prices of their own."""
    if amount_neur % energy_wh == 0:
        return _times(energy_wh, amount_neur // energy_wh)
    nearest_ueur_kwh = (2 * amount_neur + energy_wh) // (2 * energy_wh)
    return _("%(product)s on average") % {"product": _times(energy_wh, nearest_ueur_kwh)}
