"""What full cables meant to the homes, in words: shares, cards, the rule, and what figures of fairness mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from community import figures
from market.queries.congestion import Fairness, StreetHeld
from market.queries.held_back import Held, HomeLog, PriceParts

HOME_COLUMNS = (
    "home", "held_back_wh", "asked_wh", "sun_held_wh", "wishes_held_wh", "battery_held_wh", "lost_neur",
    "bought_wh", "mean_bought_ueur_kwh", "sold_wh", "mean_sold_ueur_kwh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """A figure of fairness and one sentence of what it means."""

    name: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class HomeCard:
    """One home's part in words: a sentence, facts, and the parts of its prices if they were kept."""

    name: str
    sentence: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One home among all, for an administrator."""

    name: str
    held: str
    share: str
    lost: str
    bought: str
    sold: str


def share(held: Held) -> str:
    """A part to the tenth of a percent; one too small for that is not called nothing."""
    pct = held.share_pct
    if pct is None:
        return "—"
    return (
        _("less than %(least)s") % {"least": figures.percent(0.1, 1)}
        if 0 < pct < 0.05
        else figures.percent(pct, 1)
    )


def held_facts(log: HomeLog | StreetHeld) -> tuple[tuple[str, str], ...]:
    """What was held back, kind by kind, of what was asked for."""
    kinds = (
        (_("Sun not sent out"), log.sun),
        (_("Wishes that could wait, not served"), log.wishes),
        (_("Battery energy not given"), log.battery),
    )
    return tuple(
        (name, _("%(energy)s, %(share)s") % {"energy": figures.kwh(held.held_wh), "share": share(held)})
        for name, held in kinds
        if held is not None and held.asked_wh
    )


def sharing_rule(rule: str, cap_pct: int) -> str:
    """What the community's rule does about full cables."""
    words = {
        "pro_rata": _(
            "By the street's rule, homes with the same price and place share what the cables can carry in "
            "proportion to what each asked for."
        ),
        "equal_share": _(
            "By the street's rule, each home with the same price and place gets the same of what the cables can "
            "carry, small wishes first."
        ),
        "need_first": _("By the street's rule, homes with priority come first when cables are full."),
        "capped": _(
            "By the street's rule, no home should lose more than %(cap)s of its month to the cables: whoever "
            "comes near goes first."
        )
        % {"cap": figures.percent(cap_pct)},
    }
    return words.get(rule, rule)


def home_card(log: HomeLog, parts: Sequence[PriceParts]) -> HomeCard:
    """One home's month at the cables."""
    return HomeCard(log.name, _home_sentence(log), (*_held_of(log), *_mean_prices(log)), tuple(map(_parts, parts)))


def _home_sentence(log: HomeLog) -> str:
    held = log.held
    if not held.held_wh:
        return _("Nothing of yours was held back.")
    words = (
        _(
            "%(energy)s of yours was held back, %(share)s of what you asked for. It would have brought you "
            "%(gain)s."
        )
        if log.lost_neur
        else _("%(energy)s of yours was held back, %(share)s of what you asked for.")
    )
    return words % {
        "energy": figures.kwh(held.held_wh),
        "share": share(held),
        "gain": figures.euros(log.lost_neur),
    }


def _held_of(log: HomeLog) -> tuple[tuple[str, str], ...]:
    return held_facts(log) if log.held.held_wh else ()


def _mean_prices(log: HomeLog) -> list[tuple[str, str]]:
    facts = []
    if log.bought_ueur_kwh is not None:
        facts.append((_("Mean price of what you bought, as cleared"), figures.price(log.bought_ueur_kwh)))
    if log.sold_ueur_kwh is not None:
        facts.append((_("Mean price of what you sold, as cleared"), figures.price(log.sold_ueur_kwh)))
    return facts


def _parts(parts: PriceParts) -> str:
    words = (
        _(
            "The price of what you bought: energy %(energy)s, congestion %(congestion)s, voltage %(voltage)s, "
            "fee %(fee)s."
        )
        if parts.side == "buy"
        else _(
            "The price of what you sold: energy %(energy)s, congestion %(congestion)s, voltage %(voltage)s, fee "
            "%(fee)s."
        )
    )
    return words % {part: figures.price(worth) for part, worth in parts.parts_ueur_kwh.items()}


def fairness_meanings(found: Fairness) -> list[Meaning]:
    """Each figure of fairness with what it means; those with nothing to compare are left out."""
    rows = (
        (
            _("Jain index"),
            found.jain_passed,
            _("While cables were full: 1 if every home got the same part of its energy through."),
        ),
        (
            _("Gini coefficient"),
            found.gini_held,
            _("Of what was held back: 0 if every home gave up the same part, near 1 if one home carried it all."),
        ),
        (
            _("Quality of service (QoS)"),
            found.qos,
            _("1 if every home traded as much energy with its neighbours as the others."),
        ),
        (
            _("Quality of experience (QoE)"),
            found.qoe,
            _("1 if all homes had the same mean price; 0 if half had the best price possible and half the worst."),
        ),
        (
            _("Lowest over highest price (MiM)"),
            found.min_over_max,
            _("1 if all homes had the same mean price; 0.5 if one had half of what another had."),
        ),
    )
    return [
        Meaning(name, figures.number(Decimal(str(round(value, 6))), 3), text)
        for name, value, text in rows
        if value is not None
    ]


def home_rows(homes: Sequence[HomeLog]) -> list[HomeRow]:
    """Every home, those that gave up most first, else in the order given, which is the street's."""
    return [
        HomeRow(
            log.name,
            figures.kwh(log.held.held_wh),
            share(log.held),
            figures.euros(log.lost_neur),
            _price_or_dash(log.bought_ueur_kwh),
            _price_or_dash(log.sold_ueur_kwh),
        )
        for log in sorted(homes, key=lambda log: -log.held.held_wh)
    ]


def _price_or_dash(price_ueur_kwh: int | None) -> str:
    return "—" if price_ueur_kwh is None else figures.price(price_ueur_kwh)


def csv_home(log: HomeLog) -> tuple[object, ...]:
    """A home in the order of `HOME_COLUMNS`; without trades a mean price is empty."""
    return (
        log.name,
        log.held.held_wh,
        log.held.asked_wh,
        log.sun.held_wh,
        log.wishes.held_wh,
        log.battery.held_wh,
        log.lost_neur,
        log.bought_wh,
        "" if log.bought_ueur_kwh is None else log.bought_ueur_kwh,
        log.sold_wh,
        "" if log.sold_ueur_kwh is None else log.sold_ueur_kwh,
    )
