"""What an administrator may type about the rules of the street."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community import figures
from community.models import Community
from market.forms.fields import UEUR, PriceField

W = 1_000
WAYS = ("grid_fee", "grid_fee_substation", "grid_fee_beyond")


class KilowattField(forms.DecimalField):
    """A power in kW, typed with comma or point, to the W; empty is no limit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_value=Decimal(0),
            max_value=Decimal(100_000),
            max_digits=9,
            decimal_places=3,
            required=False,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            **kwargs,
        )
        self.error_messages["invalid"] = gettext_lazy("Write a power in kW, such as 63 or 17,5.")
        self.error_messages["min_value"] = gettext_lazy(
            "A limit cannot be below zero. Leave it empty if there is none."
        )
        self.error_messages["max_value"] = gettext_lazy("That is more than 100 MW: is it meant in W?")

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class FeeField(PriceField):
    """A fee in €/kWh."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_messages["min_value"] = gettext_lazy("A fee cannot be below zero.")


def _choice(rule: type[TextChoices], label: Any) -> forms.ChoiceField:
    """Radio buttons of a rule's choices."""
    return forms.ChoiceField(label=label, choices=rule.choices, widget=forms.RadioSelect)


def _percent(label: Any, most: int, too_much: Any, hint: Any) -> forms.IntegerField:
    messages = {
        "invalid": gettext_lazy("Write a whole number of percent, such as 10."),
        "min_value": gettext_lazy("Less than 0 percent is not possible."),
        "max_value": too_much,
    }
    return forms.IntegerField(label=label, min_value=0, max_value=most, error_messages=messages, help_text=hint)


class RulesForm(forms.Form):
    """Every rule of a street; what is typed in euros and kW is kept as whole µ€ and W."""

    price_rule = _choice(Community.PriceRule, gettext_lazy("How the price is made"))
    fairness_rule = _choice(Community.FairnessRule, gettext_lazy("Who goes first when not all fits"))
    curtailment_cap_pct = _percent(
        gettext_lazy("Most that a home may lose to the cables"),
        100,
        gettext_lazy("A home cannot lose more than all: at most 100 percent."),
        gettext_lazy("Part of its energy of the month. It counts with the rule “nobody loses more than a part”."),
    )
    rent_rule = _choice(Community.RentRule, gettext_lazy("How congestion rent is given back"))
    pool_pct = _percent(
        gettext_lazy("Part of every gain that goes into the pool"),
        40,
        gettext_lazy("The pool takes 40 percent at most, so that it still pays to trade. Choose 0 to 40."),
        gettext_lazy("0 means that there is no pool; 40 is the most."),
    )
    pool_rule = _choice(Community.PoolRule, gettext_lazy("How the pool is shared"))
    grid_fee = FeeField(label=gettext_lazy("On the same feeder"))
    grid_fee_substation = FeeField(
        label=gettext_lazy("Between two feeders of one substation"),
        required=False,
        help_text=gettext_lazy("Empty: as on the same feeder."),
    )
    grid_fee_beyond = FeeField(
        label=gettext_lazy("Between two substations"),
        required=False,
        help_text=gettext_lazy("Empty: as between two feeders."),
    )
    import_limit = KilowattField(label=gettext_lazy("Most that the street may take"))
    export_limit = KilowattField(label=gettext_lazy("Most that the street may give"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        nearest: tuple[Any, Decimal] | None = None
        for name in WAYS:
            fee = given.get(name)
            if fee is None:
                continue
            if nearest is not None and fee < nearest[1]:
                self.add_error(name, _too_cheap(*nearest))
            nearest = (self.fields[name].label, fee)
        return given

    def rules(self) -> dict[str, Any]:
        """The rules in the words of `set_rules`."""
        given = dict(self.cleaned_data)
        for name in WAYS:
            fee = given.pop(name)
            given[f"{name}_ueur_kwh"] = None if fee is None else int(fee * UEUR)
        for name in ("import_limit", "export_limit"):
            power = given.pop(name)
            given[f"{name}_w"] = None if power is None else int(power * W)
        return given


def _too_cheap(nearer: Any, fee: Decimal) -> str:
    words = _(
        "A longer way costs no less than a shorter one: write at least %(fee)s, the fee “%(way)s”, or lower that."
    )
    return words % {"fee": figures.price_exact(int(fee * UEUR)), "way": nearer}


def written_rules(community: Community) -> dict[str, Any]:
    """The rules in force as the form's first values."""
    same = ("price_rule", "fairness_rule", "curtailment_cap_pct", "rent_rule", "pool_pct", "pool_rule")
    return {
        **{name: getattr(community, name) for name in same},
        **{name: _typed(getattr(community, f"{name}_ueur_kwh"), UEUR, 2) for name in WAYS},
        "import_limit": _typed(community.import_limit_w, W, 0),
        "export_limit": _typed(community.export_limit_w, W, 0),
    }


def _typed(amount: int | None, unit: int, decimals: int) -> str:
    """A whole amount in a larger unit, in the reader's way of writing, without idle zeros; empty for none."""
    if amount is None:
        return ""
    whole, rest = divmod(amount, unit)
    fraction = f"{rest:0{len(str(unit)) - 1}}".rstrip("0").ljust(decimals, "0")
    return f"{whole}{get_format('DECIMAL_SEPARATOR')}{fraction}" if fraction else str(whole)
