"""What an administrator types about retailers: an offer, a home's contract, and a real bill to check it with."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from community.lines import LineField
from community.models import Community, Household, OfferTerms, Region, Tariff
from community.price_files import PriceFileFault, PublishedHour, read_prices
from community.price_files.esios import MOST_BYTES
from community.queries import in_street_order
from community.regulated import NotKnown, latest_levies, latest_tolls, taxes_on
from community.services.tariffs import Offer
from market.forms.fields import UEUR, PriceField, to_ueur
from market.settlement.bill import LONGEST_MONTH_DAYS, Bill, Contract, bill
from market.settlement.billing_period import parts_by_days
from market.wording import prices as wording
from market.wording.typed import written_euros

DAYS = 366
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
# What common offers look like before taxes, €/kWh; power at tolls and charges. Starting points, no one's prices.
PRESETS = {
    "three": ("0.180", "0.125", "0.092", "0.045"),
    "flat": ("0.135", "0.135", "0.135", "0.055"),
    "night": ("0.197", "0.132", "0.077", "0.035"),
    "pvpc": ("0", "0", "0", "0"),
}


class EurosField(forms.DecimalField):
    """An amount in euros, typed with comma or point."""

    def __init__(self, decimals: int = 2, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(
            min_value=Decimal(0), max_value=Decimal(100_000), decimal_places=decimals, widget=widget, **kwargs
        )
        self.error_messages["invalid"] = gettext_lazy("Write an amount in euros, such as 64,56.")

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class EnergyField(EurosField):
    """An energy in kWh, typed with comma or point."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(decimals=3, **kwargs)
        self.error_messages["invalid"] = gettext_lazy("Write an energy in kWh, such as 115 or 70,5.")


class OfferForm(forms.Form):
    """An offer before taxes, as contracts state it."""

    retailer = LineField(label=gettext_lazy("Retailer"), max_length=120)
    name = LineField(label=gettext_lazy("Name of the offer"), max_length=120)
    valid_from = forms.DateField(label=gettext_lazy("Valid from"), widget=DAY)
    region = forms.ChoiceField(label=gettext_lazy("Where"), choices=Region.choices)
    index = forms.ChoiceField(
        label=gettext_lazy("How energy is priced"),
        choices=OfferTerms.Index.choices,
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("By the hour, write below what is added to each hour: 0 for PVPC itself."),
    )
    p1 = PriceField(label=gettext_lazy("Peak (P1)"))
    p2 = PriceField(label=gettext_lazy("Mid (P2)"))
    p3 = PriceField(label=gettext_lazy("Off-peak (P3)"))
    surplus_kind = forms.ChoiceField(
        label=gettext_lazy("How surplus is priced"), choices=OfferTerms.Surplus.choices, widget=forms.RadioSelect
    )
    surplus = PriceField(label=gettext_lazy("Paid for surplus"), required=False)
    negative_surplus = forms.ChoiceField(
        label=gettext_lazy("Published prices below zero"), choices=OfferTerms.Negative.choices
    )
    power_p1 = EurosField(decimals=6, label=gettext_lazy("Power, peak"))
    power_p2 = EurosField(decimals=6, label=gettext_lazy("Power, off-peak"))
    cap = forms.ChoiceField(
        label=gettext_lazy("Surplus pays for at most"),
        choices=OfferTerms.Cap.choices,
        help_text=gettext_lazy("Most retailers count the whole energy term; look at the contract."),
    )
    wallet_pct = forms.IntegerField(
        label=gettext_lazy("Virtual battery: what counts of the rest"),
        min_value=0,
        max_value=100,
        help_text=gettext_lazy("100 percent or less, as the contract says; 0 if there is none."),
    )
    wallet_fee = EurosField(label=gettext_lazy("Its fee a month, before taxes"))
    wallet_expiry = forms.IntegerField(
        label=gettext_lazy("Lost after so many months"),
        required=False,
        min_value=1,
        max_value=120,
        help_text=gettext_lazy("Empty: never."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        charged = [given[name] for name in ("p1", "p2", "p3") if given.get(name) is not None]
        surplus, fixed = given.get("surplus"), given.get("surplus_kind") == OfferTerms.Surplus.FIXED
        if fixed and surplus is None and "surplus" not in self.errors:
            self.add_error("surplus", _("Write what a kWh of surplus is paid; 0 if nothing is."))
        if fixed and not given.get("index") and surplus is not None and charged and surplus >= min(charged):
            self.add_error("surplus", _("A retailer pays less for surplus than it charges: look at both prices."))
        if given.get("valid_from") and given.get("region"):
            try:
                taxes_on(given["valid_from"], given["region"])
            except NotKnown:
                words = _("Azotea knows no taxes of that day: choose one from 2025 on.")
                self.add_error("valid_from", words)
        return given

    def offer(self) -> Offer:
        """The offer as typed."""
        given = self.cleaned_data
        first, second, third = (to_ueur(given[name]) or 0 for name in ("p1", "p2", "p3"))
        return Offer(
            retailer=given["retailer"],
            name=given["name"],
            valid_from=given["valid_from"],
            region=given["region"],
            energy_ueur_kwh=(first, second, third),
            surplus_ueur_kwh=0 if given["surplus_kind"] == "published" else to_ueur(given["surplus"]) or 0,
            power_ueur_kw_year=(int(given["power_p1"] * UEUR), int(given["power_p2"] * UEUR)),
            cap=given["cap"],
            wallet={
                "wallet_ppm": given["wallet_pct"] * 10_000,
                "wallet_fee_cents": int(given["wallet_fee"] * 100),
                "wallet_expiry_months": given["wallet_expiry"],
            },
            hourly={name: given[name] for name in ("index", "surplus_kind", "negative_surplus")},
        )


def preset(name: str, today: date, region: str) -> dict[str, Any]:
    """What the form says at first: a common offer with power at tolls and charges; `pvpc` is the regulated one."""
    first, second, third, surplus = PRESETS.get(name, PRESETS["three"])
    power = latest_tolls(today).power_ueur_kw_year
    if name == "pvpc":
        power = (power[0] + latest_levies(today).pvpc_margin_ueur_kw_year, power[1])
    return {
        "region": region, "index": "pvpc" if name == "pvpc" else "", "cap": OfferTerms.Cap.WITH_TOLLS,
        "surplus_kind": "published" if name == "pvpc" else "fixed", "negative_surplus": "as_published",
        **{
            name: written_euros(int(Decimal(price) * UEUR))
            for name, price in (("p1", first), ("p2", second), ("p3", third), ("surplus", surplus))
        },
        "power_p1": written_euros(power[0]), "power_p2": written_euros(power[1]),
        "valid_from": today.replace(month=1, day=1), "wallet_pct": 0, "wallet_fee": 0,
    }  # fmt: skip


class PriceFileForm(forms.Form):
    """A file of published prices."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "As ESIOS gives it out: PVPC's day file, or indicator 1001 (PVPC) or 1739 (surplus) as CSV or JSON."
        ),
        error_messages={"required": gettext_lazy("Choose a file."), "empty": gettext_lazy("This file is empty.")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("That is more than 5 MiB: hand in a year at a time at most."))
        return file

    def hours(self) -> list[PublishedHour]:
        """The prices in the file; none if it cannot be read, with an error that says where and why."""
        try:
            return read_prices(self.cleaned_data["file"].read())
        except PriceFileFault as error:
            self.add_error("file", wording.price_fault(error))
            return []


class ContractForm(forms.Form):
    """Which tariff supplies a home from a day on."""

    household = forms.ModelChoiceField(
        label=pgettext_lazy("a dwelling", "Home"),
        queryset=Household.objects.none(),
        empty_label=gettext_lazy("Choose…"),
    )
    tariff = forms.ModelChoiceField(
        label=gettext_lazy("Tariff"), queryset=Tariff.objects.none(), empty_label=gettext_lazy("Choose…")
    )
    valid_from = forms.DateField(label=gettext_lazy("Valid from"), widget=DAY)

    def __init__(self, *args: Any, community: Community, tariffs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        homes, offers = self.fields["household"], self.fields["tariff"]
        assert isinstance(homes, forms.ModelChoiceField)
        assert isinstance(offers, forms.ModelChoiceField)
        homes.queryset = Household.objects.filter(community=community).order_by(in_street_order())
        offers.queryset = tariffs


class BillForm(forms.Form):
    """A real bill: what was used in which days, and what it asks for."""

    first = forms.DateField(label=gettext_lazy("First day"), widget=DAY)
    last = forms.DateField(label=gettext_lazy("Last day"), widget=DAY)
    kilowatts = EurosField(decimals=3, label=gettext_lazy("Contracted power, peak"))
    valley = EurosField(
        decimals=3,
        label=gettext_lazy("Contracted power, off-peak"),
        required=False,
        help_text=gettext_lazy("Empty: the same."),
    )
    p1 = EnergyField(label=gettext_lazy("Peak (P1)"))
    p2 = EnergyField(label=gettext_lazy("Mid (P2)"))
    p3 = EnergyField(label=gettext_lazy("Off-peak (P3)"))
    surplus = EnergyField(label=gettext_lazy("Surplus"), required=False)
    total = EurosField(label=gettext_lazy("Total of the bill"))
    firm = forms.BooleanField(label=gettext_lazy("A firm's contract"), required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and not 0 <= (last - first).days < DAYS:
            self.add_error("last", _("The last day comes after the first, within a year."))
        elif first and last and given.get("surplus") and (last - first).days >= LONGEST_MONTH_DAYS:
            words = _("Surplus is compensated by the month: check one month's bill at a time.")
            self.add_error("last", words)
        return given

    def ours(self, terms: OfferTerms) -> Bill:
        """The bill as Azotea works it out. Raises `NotKnown` for days without known tolls or taxes.

        Where tolls, taxes or levies change inside the period, its energy is split by days.
        """
        given = self.cleaned_data
        bands = [int(given[name] * 1_000) for name in ("p1", "p2", "p3")]
        worth = int((given["surplus"] or 0) * 1_000) * terms.surplus_ueur_kwh
        peak = int(given["kilowatts"] * 1_000)
        valley = peak if given["valley"] is None else int(given["valley"] * 1_000)
        contract = Contract(
            terms.energy_ueur_kwh,
            terms.power_ueur_kw_year,
            (peak, valley),
            terms.cap,
            terms.wallet_fee_cents * 10_000,
            given["firm"],
        )
        return bill(contract, parts_by_days(given["first"], given["last"], terms.region, bands, worth))
