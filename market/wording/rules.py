"""The rules of the street, each choice with what it is good for and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext as _

from community import figures
from community.models import Community


@dataclass(frozen=True, slots=True)
class Choice:
    """A radio button of the form and what choosing it means."""

    widget: BoundWidget
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force: its name, what was chosen, and what that means."""

    label: str
    value: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Rules that belong together."""

    title: str
    rules: Sequence[Rule]


def choices(field: BoundField) -> list[Choice]:
    """The field's radio buttons, each with its explanation."""
    texts = meanings(field.name)
    return [Choice(widget, texts[str(widget.data["value"])]) for widget in field]


def meanings(field: str) -> dict[str, str]:
    """What each choice of a rule means, by its stored value. Figures are those of the project's own trials."""
    return {
        "price_rule": _prices,
        "fairness_rule": _fairness,
        "pool_rule": _pool,
        "rent_rule": _rent,
    }[field]()


def _prices() -> dict[str, str]:
    return {
        "equilibrium_midpoint": _(
            "One price for all, midway between the last order that fitted and the first that did not. Stating "
            "your true limits pays best under it. The usual choice."
        ),
        "mid_market": _(
            "One price for all, midway between the dearest sale and the cheapest purchase that met. Easy to "
            "explain, but in trials it paid 2 to 3.6 times more to misstate one's limits."
        ),
        "supply_demand_ratio": _(
            "One price for all, low when much is offered and high when much is wanted. It misleads as the "
            "midpoint of the limits does, and in trials without Azotea's bounds it left 3 of 17 homes worse "
            "off than alone."
        ),
        "pay_as_bid": _(
            "Everybody's price follows what they stated. It feels natural, but everybody then gains by stating "
            "less than they mean, and the same energy has many prices."
        ),
        "locational": _(
            "Every place has its own price: higher behind a full cable, lower before it. It makes the most of "
            "the cables. Neighbours then pay different prices, and the difference is given back every month."
        ),
    }


def _fairness() -> dict[str, str]:
    return {
        "pro_rata": _(
            "Orders at the same limit share in proportion to what each asked for. Simple and neutral; large "
            "wishes get the larger part."
        ),
        "equal_share": _(
            "Orders at the same limit get the same each, so small ones are filled first. Good for small homes; "
            "large batteries and cars wait longer."
        ),
        "need_first": _(
            "Orders of homes with a higher priority are filled first, at the same limit. You give priorities "
            "under “Neighbours”; the others wait for them."
        ),
        "capped": _(
            "In proportion, but a home that has lost the stated part of its month to the cables goes before "
            "the others. It protects those at the end of a cable; those close by give way more often."
        ),
    }


def _pool() -> dict[str, str]:
    return {
        "equal": _("Every home receives the same part of the pool, whether it traded or not."),
        "need": _("A home with priority 1 receives twice as much as one without, with priority 9 ten times."),
    }


def _rent() -> dict[str, str]:
    return {
        "per_kwh": _(
            "In proportion to what each home traded with neighbours. Who uses the street most gets most back."
        ),
        "cut_homes": _(
            "In proportion to the gain that the cables cost each home. It makes up for bad places in the "
            "street; where nobody lost anything, it goes by what was traded."
        ),
        "equal": _("The same to each home. Simple; homes that the cables cut get no more than the others."),
    }


def chapters(community: Community) -> list[Chapter]:
    """The rules in force, for those who may only read them."""
    return [
        Chapter(_("Price"), [_chosen(community, "price_rule", _("How the price is made"))]),
        Chapter(_("When the cables are full"), _full_cables(community)),
        Chapter(_("Common pool"), _pooled(community)),
        Chapter(_("Grid fees"), _fees(community)),
        Chapter(
            _("At the transformer"),
            [
                Rule(_("Most that the street may take"), _power(community.import_limit_w)),
                Rule(_("Most that the street may give"), _power(community.export_limit_w)),
            ],
        ),
    ]


def _chosen(community: Community, field: str, label: str) -> Rule:
    value = getattr(community, field)
    return Rule(label, _display(community, field), meanings(field)[value])


def _display(community: Community, field: str) -> str:
    shown: Any = getattr(community, f"get_{field}_display")()
    return str(shown)


def _full_cables(community: Community) -> list[Rule]:
    rules = [_chosen(community, "fairness_rule", _("Who goes first when not all fits"))]
    if community.fairness_rule == Community.FairnessRule.CAPPED:
        cap = figures.percent(community.curtailment_cap_pct)
        rules.append(Rule(_("Most that a home may lose to the cables"), cap))
    return [*rules, _chosen(community, "rent_rule", _("How congestion rent is given back"))]


def _pooled(community: Community) -> list[Rule]:
    label = _("Part of every gain that goes into the pool")
    if not community.pool_pct:
        return [Rule(label, _("none"), _("Every home keeps its whole gain."))]
    part = figures.percent(community.pool_pct)
    return [Rule(label, part), _chosen(community, "pool_rule", _("How the pool is shared"))]


def _fees(community: Community) -> list[Rule]:
    near = community.grid_fee_ueur_kwh
    middle = near if community.grid_fee_substation_ueur_kwh is None else community.grid_fee_substation_ueur_kwh
    far = middle if community.grid_fee_beyond_ueur_kwh is None else community.grid_fee_beyond_ueur_kwh
    return [
        Rule(_("On the same feeder"), figures.price_exact(near)),
        Rule(_("Between two feeders of one substation"), figures.price_exact(middle)),
        Rule(_("Between two substations"), figures.price_exact(far)),
    ]


def _power(limit_w: int | None) -> str:
    return _("no limit") if limit_w is None else figures.kilowatts(limit_w)
