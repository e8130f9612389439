"""Stored reasons of the market in words: a code and its facts become a sentence in the reader's language.

Nothing is made up here: a sentence uses only the code and the facts that were written when the decision fell.
Codes of orders come from `market/clearing/outcome.py`; those of plans are worded in `market/plan_reasons.py`.
A code that this version does not know is shown as it is, so that an old page never hides a newer reason.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from community import figures

Facts = Mapping[str, Any]


def outcome(code: str, facts: Facts, side: str) -> str:
    """Why an order of `side` (buy or sell) was filled, cut or left, and what its owner can do.

    `facts` are those stored with the outcome (`element` and `kind` of a full limit, the fairness `rule`), and of
    its order `energy_wh`, `local_wh`, `retailer_wh`, `curtailed_wh`, `limit_ueur_kwh` (the one that counted) and
    `price_ueur_kwh` (what its owner would pay or get, None where there was no price or none can be named).
    `for_distance` says that the fee for distance took the price beyond the limit.
    """
    selling = side == "sell"
    words = _selling(facts) if selling else _buying(facts)
    sentence = words.get(code)
    if sentence is None:
        return unknown(code)
    return " ".join(filter(None, [sentence % _written(facts), _why(code, facts, selling), _rest(facts, selling)]))


def _selling(facts: Facts) -> dict[str, str]:
    traded = _traded(
        facts,
        some=_("%(local)s went to neighbours at %(price)s."),
        unpriced=_("%(local)s went to neighbours."),
        none=_("Nothing of it went to neighbours."),
    )
    return {
        "filled": _filled(
            facts,
            all_of_it=_("All of it went to neighbours at %(price)s."),
            part=_("%(local)s went to neighbours at %(price)s."),
            none=_("Your own retailer paid no less than a neighbour would have."),
        ),
        "rationed": traded,
        "limit_not_met": _unmet(
            facts,
            priced=_(
                "You wanted %(limit)s or more and the street paid %(price)s. "
                "You can accept less in “My rules”, if you like."
            ),
            far=_("You wanted %(limit)s or more; with the fee for distance, the street paid less."),
            unpriced=_("You wanted %(limit)s or more, and nobody would pay that much."),
        ),
        "no_counterparty": _("Nobody was left to buy it."),
        "network_limit": traded,
        "curtailed": traded if facts.get("local_wh") else "",
        "fallback": _("There was no market in this slot."),
    }


def _buying(facts: Facts) -> dict[str, str]:
    traded = _traded(
        facts,
        some=_("%(local)s came from neighbours at %(price)s."),
        unpriced=_("%(local)s came from neighbours."),
        none=_("Nothing of it came from neighbours."),
    )
    return {
        "filled": _filled(
            facts,
            all_of_it=_("All of it came from neighbours at %(price)s."),
            part=_("%(local)s came from neighbours at %(price)s."),
            none=_("Your own retailer charged no more than a neighbour would have."),
        ),
        "rationed": traded,
        "limit_not_met": _unmet(
            facts,
            priced=_(
                "You would pay %(limit)s at most and the street charged %(price)s. "
                "You can allow more in “My rules”, if you like."
            ),
            far=_("You would pay %(limit)s at most; with the fee for distance, the street charged more."),
            unpriced=_("You would pay %(limit)s at most, and nobody would sell for that."),
        ),
        "no_counterparty": _("Nobody was left to sell it."),
        "network_limit": traded,
        "curtailed": traded if facts.get("local_wh") else "",
        "fallback": _("There was no market in this slot."),
    }


def _traded(facts: Facts, *, some: str, unpriced: str, none: str) -> str:
    if not facts.get("local_wh"):
        return none
    return unpriced if facts.get("price_ueur_kwh") is None else some


def _unmet(facts: Facts, *, priced: str, far: str, unpriced: str) -> str:
    if facts.get("for_distance"):
        return far
    return unpriced if facts.get("price_ueur_kwh") is None else priced


def _why(code: str, facts: Facts, selling: bool) -> str:
    """What stopped the rest of an order: the sharing rule, or a limit of the street by its name."""
    if code == "rationed":
        scarce = (
            _("More was offered at this price than was wanted.")
            if selling
            else _("More was wanted at this price than was offered.")
        )
        return " ".join(filter(None, [scarce, _sharing(str(facts.get("rule")))]))
    if code == "network_limit":
        return _("There was no room for more: %(limit)s.") % {"limit": full(facts)}
    if code == "curtailed":
        held = {"curtailed": figures.energy(facts.get("curtailed_wh") or 0), "limit": full(facts)}
        return _("%(curtailed)s was held back: %(limit)s.") % held
    return ""


def _sharing(rule: str) -> str:
    """How a fairness rule shares what is not enough for all; nothing where the rule was not kept."""
    words = {
        "pro_rata": _("It was shared out in proportion to what each home asked for."),
        "equal_share": _("Each home got the same, and none more than it had asked for."),
        "need_first": _("Homes with a higher priority came first, as the street has agreed."),
        "capped": _(
            "Homes that have lost much of their month to full cables came first; among the others it was shared "
            "out in proportion to what each asked for."
        ),
    }
    return words.get(rule, "")


def full(facts: Facts) -> str:
    """The limit of the street that held energy back, by `element` and `kind`, as the end of a sentence."""
    words = {
        "import": _("the street could take no more from the grid"),
        "export": _("the street could give no more to the grid"),
        "transformer": _("the transformer was full"),
        "line": _("line %(element)s was full"),
        "voltage_high": _("the voltage at %(element)s was at its upper limit"),
        "voltage_low": _("the voltage at %(element)s was at its lower limit"),
    }
    template = words.get(str(facts.get("kind")), _("the street's cables could carry no more"))
    return template % {"element": facts.get("element", "")}


def _filled(facts: Facts, *, all_of_it: str, part: str, none: str) -> str:
    """A filled order may have met neighbours, its own retailer at the same price, or both."""
    local_wh = facts.get("local_wh") or 0
    if not local_wh:
        return none
    return part if facts.get("retailer_wh") else all_of_it


def _written(facts: Facts) -> dict[str, str]:
    """The facts as figures."""
    return {
        "limit": figures.price(facts.get("limit_ueur_kwh") or 0),
        "price": figures.price(facts.get("price_ueur_kwh") or 0),
        "local": figures.energy(facts.get("local_wh") or 0),
    }


def _rest(facts: Facts, selling: bool) -> str:
    """Where the energy went, or came from, that neighbours did not take part in."""
    retailer_wh = facts.get("retailer_wh") or 0
    if not retailer_wh:
        return ""
    words = _("Your retailer took %(energy)s.") if selling else _("Your retailer supplied %(energy)s.")
    return words % {"energy": figures.energy(retailer_wh)}


def untraded(code: str) -> str:
    """Why an order met no neighbour at all, in a few words for a list."""
    short = {
        "filled": _("your retailer's price was as good"),
        "rationed": _("shared out: not enough for everybody"),
        "limit_not_met": _("your price limit was not met"),
        "no_counterparty": _("nobody on the other side"),
        "network_limit": _("the street's cables were at their limit"),
        "curtailed": _("held back to protect the street's cables"),
        "fallback": _("no market in this slot"),
    }
    return short.get(code) or unknown(code)


def nothing_traded(counts: Mapping[str, int]) -> str:
    """Why a whole day went by without a trade, from how often each reason was given."""
    if not counts:
        return _("Your agent had nothing to offer or to ask for: no surplus, no need, or your rules left no room.")
    commonest = max(sorted(counts), key=lambda code: counts[code])
    advice = {
        "limit_not_met": _("The price was beyond your limits. You can widen them in “My rules”."),
        "no_counterparty": _("There was nobody on the other side at those hours; your retailer took over."),
        "filled": _("Your retailer's price was as good as your neighbours', so it took over."),
        "network_limit": _("The street's cables were at their limit at those hours."),
        "curtailed": _("The street's cables were at their limit at those hours."),
        "fallback": _("The market could not be used in these slots; everybody was with their retailer."),
    }
    return advice.get(commonest) or _("Most often: %(reason)s.") % {"reason": untraded(commonest)}


def binding(row: Mapping[str, Any]) -> str:
    """A limit of the grid that held energy back, and what more room would have been worth."""
    place = {
        "element": row["element"],
        "loading": figures.percent(row["loading_pct"]),
        "phase": row.get("phase") or "",
    }
    words = _reached_in_a_phase() if place["phase"] else _reached()
    said = words.get(str(row["kind"]), _("%(element)s was at %(loading)s of its limit.")) % place
    worth_neur = 1_000 * int(row["shadow_ueur_kwh"])
    if worth_neur < 500_000:
        return said
    worth = _("Room for one kWh more would have been worth %(worth)s.") % {"worth": figures.euros(worth_neur, 3)}
    return f"{said} {worth}"


def _reached() -> dict[str, str]:
    return {
        "import": _("The street may take no more from the grid: its connection was at %(loading)s."),
        "export": _("The street may give no more to the grid: its connection was at %(loading)s."),
        "line": _("Line %(element)s was at %(loading)s of what it can carry."),
        "transformer": _("The transformer was at %(loading)s of what it can carry."),
        "voltage_high": _("The voltage at %(element)s was at its upper limit."),
        "voltage_low": _("The voltage at %(element)s was at its lower limit."),
    }


def _reached_in_a_phase() -> dict[str, str]:
    return {
        "line": _("Phase %(phase)s of line %(element)s was at %(loading)s of what it can carry."),
        "transformer": _("Phase %(phase)s of the transformer was at %(loading)s of what it can carry."),
        "voltage_high": _("The voltage of phase %(phase)s at %(element)s was at its upper limit."),
        "voltage_low": _("The voltage of phase %(phase)s at %(element)s was at its lower limit."),
    }


def unknown(code: str) -> str:
    """A code that has no words here."""
    return _("reason “%(code)s”") % {"code": code}
