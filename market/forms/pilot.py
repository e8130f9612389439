"""What somebody types to try a street: its homes, their tariffs, and what stands between them and the grid."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from community.lines import LineField
from market.forms.fields import PriceField, Slider, to_ueur
from market.forms.rules import KilowattField
from market.pilot.readings import LEAST_HOURS, HomeCurve, TooLittle, curve_of
from market.pilot.scenario import Costs, PilotHome, Prices, Scenario
from metering.formats import UnreadableFile, read_file
from metering.wording.files import unreadable

ZONE = ZoneInfo("Europe/Madrid")
MOST_ROWS = 30
MOST_FILE_MIB = 8
THREE, FLAT = "three", "flat"
# What typical homes take in a year, Wh. Each home of a street gets a real home's curve of its own.
TYPICAL_WH = {"flat": 2_400_000, "family": 3_500_000, "house": 5_000_000, "work": 4_200_000}
OWN_FILE = "file"
# Who stands in a street that nobody has described yet: kind, panels (kW), battery (kWh), car, tariff.
USUAL = (
    ("house", 4, 7, False, THREE),
    ("family", 0, 0, False, THREE),
    ("house", 5, 0, False, FLAT),
    ("flat", 0, 0, False, THREE),
    ("work", 3, 5, True, THREE),
    ("flat", 0, 0, False, FLAT),
    ("family", 3, 0, False, THREE),
    ("family", 0, 0, True, THREE),
)


class StreetForm(forms.Form):
    """The street as a whole. Prices are all-in, taxes included."""

    name = LineField(label=gettext_lazy("Name of the street or community"), max_length=120)
    p1 = PriceField(label=gettext_lazy("Peak (P1)"))
    p2 = PriceField(label=gettext_lazy("Mid (P2)"))
    p3 = PriceField(label=gettext_lazy("Off-peak (P3)"))
    surplus = PriceField(label=gettext_lazy("Paid for surplus"))
    flat = PriceField(label=gettext_lazy("At any hour"))
    flat_surplus = PriceField(label=gettext_lazy("Paid for surplus"))
    grid_fee = PriceField(label=gettext_lazy("Grid fee between neighbours"))
    import_limit = KilowattField(
        label=gettext_lazy("The transformer gives at most"),
        help_text=gettext_lazy("Empty: nobody knows a limit."),
    )
    panels_eur_kw = forms.IntegerField(label=gettext_lazy("Panels"), min_value=0, max_value=10_000)
    battery_eur_kwh = forms.IntegerField(label=gettext_lazy("Batteries"), min_value=0, max_value=10_000)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for surplus, imports in (("surplus", ("p1", "p2", "p3")), ("flat_surplus", ("flat",))):
            paid = given.get(surplus)
            charged = [given[name] for name in imports if given.get(name) is not None]
            if paid is not None and charged and paid >= min(charged):
                self.add_error(
                    surplus, _("A retailer pays less for surplus than it charges: look at both prices.")
                )
        return given

    def tariffs(self) -> tuple[Prices, ...]:
        """The two tariffs of the form."""
        given = {name: to_ueur(value) or 0 for name, value in self.cleaned_data.items() if name in _PRICES}
        flat = given["flat"]
        return (
            Prices(THREE, (given["p1"], given["p2"], given["p3"]), given["surplus"]),
            Prices(FLAT, (flat, flat, flat), given["flat_surplus"]),
        )


_PRICES = ("p1", "p2", "p3", "surplus", "flat", "flat_surplus")


class HomeForm(forms.Form):
    """One home of the street."""

    name = LineField(label=pgettext_lazy("a dwelling", "Home"), max_length=60)
    kind = forms.ChoiceField(
        label=gettext_lazy("Who lives there"),
        choices=[
            ("flat", gettext_lazy("Small flat, 2,400 kWh a year")),
            ("family", gettext_lazy("Family, 3,500 kWh")),
            ("house", gettext_lazy("House, 5,000 kWh")),
            ("work", gettext_lazy("Works at home, 4,200 kWh")),
            (OWN_FILE, gettext_lazy("As its meter file says")),
        ],
    )
    file = forms.FileField(
        label=gettext_lazy("Meter file"),
        required=False,
        help_text=gettext_lazy("From Datadis or the distributor; at least four weeks of hours, best a year."),
    )
    yearly_kwh = forms.IntegerField(
        label=gettext_lazy("kWh a year"),
        required=False,
        min_value=100,
        max_value=50_000,
        help_text=gettext_lazy("From the bills, if you know it."),
    )
    pv_kw = forms.DecimalField(
        label=gettext_lazy("Panels"), min_value=0, max_value=15, decimal_places=1, widget=Slider(15, "0.5")
    )
    battery_kwh = forms.DecimalField(
        label=gettext_lazy("Battery"), min_value=0, max_value=20, decimal_places=1, widget=Slider(20, "0.5")
    )
    car = forms.BooleanField(label=gettext_lazy("Electric car, charged at home"), required=False)
    tariff = forms.ChoiceField(
        label=gettext_lazy("Tariff"),
        choices=[(THREE, gettext_lazy("Three periods")), (FLAT, gettext_lazy("One price"))],
    )
    objective = forms.ChoiceField(
        label=gettext_lazy("What matters most"),
        choices=[
            ("savings", gettext_lazy("Savings")),
            ("revenue", gettext_lazy("Revenue")),
            ("resilience", gettext_lazy("Resilience")),
        ],
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.get("file")
        if given.get("kind") == OWN_FILE and file is None and "file" not in self.errors:
            self.add_error("file", _("Choose the home's meter file, or a typical home."))
        if file is not None and "file" not in self.errors:
            given["curve"] = self._curve(file)
        return given

    def _curve(self, file: Any) -> HomeCurve | None:
        """The file's year; says beside the field what is wrong with it."""
        if (file.size or 0) > MOST_FILE_MIB * 2**20:
            self.add_error("file", _("At most 8 MiB: export one supply and one or two years."))
            return None
        try:
            reading = read_file(file.read(), ZONE, name=file.name or "", cups="ES9999000000000001DS0F")
            return curve_of(reading, ZONE)
        except UnreadableFile as error:
            self.add_error("file", unreadable(error))
        except TooLittle as error:
            words = _("This file has %(hours)s hours of readings; it takes %(least)s: export a longer time.")
            self.add_error("file", words % {"hours": error.hours, "least": LEAST_HOURS})
        return None

    def home(self, number: int) -> PilotHome:
        """The home as the pilot takes it; `number` is its place in the street."""
        given = self.cleaned_data
        curve: HomeCurve | None = given.get("curve")
        return PilotHome(
            name=given["name"],
            tariff=given["tariff"],
            curve=number,
            yearly_wh=(given["yearly_kwh"] or 0) * 1_000 or TYPICAL_WH.get(given["kind"], TYPICAL_WH["family"]),
            load_wh=() if curve is None else curve.load_wh,
            pv_w=int(given["pv_kw"] * 1_000),
            battery_wh=int(given["battery_kwh"] * 1_000),
            ev_w=3_700 if given["car"] else 0,
            objective=given["objective"],
        )


Homes = forms.formset_factory(
    HomeForm, extra=0, min_num=2, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_min=True, validate_max=True
)


def usual_street(count: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the form says before anybody has typed: prices of today's offers, and a mixed street."""
    street = {
        "p1": Decimal("0.229"), "p2": Decimal("0.159"), "p3": Decimal("0.117"), "surplus": Decimal("0.055"),
        "flat": Decimal("0.172"), "flat_surplus": Decimal("0.07"), "grid_fee": Decimal("0.005"),
        "panels_eur_kw": 1_200, "battery_eur_kwh": 550,
    }  # fmt: skip
    homes = []
    for i in range(count):
        kind, pv_kw, battery_kwh, car, tariff = USUAL[i % len(USUAL)]
        homes.append(
            {
                "name": _("Home %(number)s") % {"number": i + 1}, "kind": kind, "pv_kw": pv_kw,
                "battery_kwh": battery_kwh, "car": car, "tariff": tariff, "objective": "savings",
            }
        )  # fmt: skip
    return street, homes


def scenario_of(street: StreetForm, homes: Any, year: int) -> Scenario:
    """The scenario that two valid forms describe."""
    given = street.cleaned_data
    limit = given["import_limit"]
    return Scenario(
        year=year,
        homes=tuple(form.home(number) for number, form in enumerate(homes)),
        tariffs=street.tariffs(),
        grid_fee_ueur_kwh=to_ueur(given["grid_fee"]) or 0,
        import_limit_w=None if limit is None else int(limit * 1_000),
        costs=Costs(given["panels_eur_kw"], given["battery_eur_kwh"]),
    )
