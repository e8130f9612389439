"""Template words of Azotea: figures, times and the parts of the page that need a little thought.

`{% load azotea %}`: filters take what the models store (Wh, n€, µ€/kWh, aware instants) and write it in the
reader's language; the figures themselves are made in `community/figures.py`.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from community import figures
from community.feeder_drawing import tree_svg
from community.table_rows import written
from community.wording import browsers
from community.wording.running import running

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """JSON for an attribute (`data-…`), where the template escapes it; a script element is never needed."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def browser(user_agent: str) -> str:
    """A session's user agent as "Firefox, Android"."""
    return browsers.browser(user_agent)


register.filter("running", running)
register.filter("table_rows", written)
register.filter("tree_svg", tree_svg)


SIGNED = "signed"


@register.filter
def kwh(energy_wh: int, decimals: int | None = None) -> str:
    """`3200|kwh` is "3,2 kWh"; `|kwh:3` fixes the decimals."""
    return figures.kwh(energy_wh, decimals)


@register.filter
def energy(energy_wh: int) -> str:
    """`4|energy` is "4 Wh" where kWh would read as nothing."""
    return figures.energy(energy_wh)


@register.filter
def kilowatts(power_w: float) -> str:
    """`5759|kilowatts` is "5,7 kW"."""
    return figures.kilowatts(power_w)


@register.filter
def kwh_number(energy_wh: int, decimals: int = 2) -> str:
    """kWh without the unit: "0,31"."""
    return figures.kwh_number(energy_wh, decimals)


@register.filter
def euros(amount_neur: int, option: str = "") -> str:
    """n€ to cents: "6,84 €"; `|euros:"signed"` writes "+6,84 €"."""
    return figures.euros(amount_neur, signed=option == SIGNED)


@register.filter
def euros_fine(amount_neur: int, option: str = "") -> str:
    """n€ to tenths of a cent, for single slots: "0,035 €"."""
    return figures.euros(amount_neur, 3, signed=option == SIGNED)


@register.filter
def euros_exact(amount_neur: int, option: str = "") -> str:
    """n€ to the last one: "0,034720125 €"."""
    return figures.euros_exact(amount_neur, signed=option == SIGNED)


@register.filter
def cents(amount_cents: int, option: str = "") -> str:
    """Whole cents as euros: "12,30 €"."""
    return figures.cents(amount_cents, signed=option == SIGNED)


@register.filter
def price(price_ueur_kwh: int, decimals: int = 3) -> str:
    """µ€/kWh: "0,112 €/kWh"."""
    return figures.price(price_ueur_kwh, decimals)


@register.filter
def price_number(price_ueur_kwh: int, decimals: int = 3) -> str:
    """€/kWh without the unit: "0,112"."""
    return figures.price_number(price_ueur_kwh, decimals)


@register.filter
def price_axis(price_ueur_kwh: float) -> str:
    """€/kWh on an axis, whose unit stands above it: "0,15"."""
    return figures.number(Decimal(str(price_ueur_kwh)) / 10**6, 2)


@register.filter
def energy_axis(energy_wh: float) -> str:
    """kWh on an axis that counts up for giving and up for taking: "0,5"."""
    kwh = abs(Decimal(str(energy_wh))) / 1_000
    return figures.number(kwh, max(0, -int(kwh.normalize().as_tuple().exponent)))


@register.filter
def hour_axis(hour: float) -> str:
    """An hour on an axis: "06"."""
    return f"{int(hour):02d}"


@register.filter
def hours_axis(hours: float) -> str:
    """Hours on an axis, without idle zeros: "0,5", "12"."""
    value = Decimal(str(hours)).normalize()
    return figures.number(value, max(0, -int(value.as_tuple().exponent)))


@register.filter
def percent(value: float, decimals: int = 0) -> str:
    """A percentage: "71 %"."""
    return figures.percent(value, decimals)


@register.filter
def clock(instant: datetime) -> str:
    """Local time of day: "12:15"."""
    return figures.clock(instant)


@register.filter
def slot_time(start: datetime, end: datetime) -> str:
    """`start|slot_time:end` is "12:15–12:30"."""
    return figures.span(start, end)


@register.filter
def day(value: date) -> str:
    """ "22 de noviembre"."""
    return figures.day(figures.local_day(value))


@register.filter
def short_day(value: date) -> str:
    """ "22 nov"."""
    return figures.short_day(figures.local_day(value))


@register.filter
def day_and_year(value: date) -> str:
    """ "22 de noviembre de 2026"."""
    return figures.day_and_year(figures.local_day(value))


@register.filter
def short_day_and_year(value: date) -> str:
    """ "22 nov 2026"."""
    return figures.short_day_and_year(figures.local_day(value))


@register.filter
def instant(moment: datetime) -> str:
    """ "22 de noviembre de 2026, 00:34"."""
    return figures.instant(moment)


@register.filter
def short_instant(moment: datetime) -> str:
    """ "22 nov, 00:34"."""
    return figures.short_instant(moment)


@register.filter
def iso(value: date) -> str:
    """For an attribute that a script reads, or an address: "2026-11-22", or an instant with its offset."""
    return timezone.localtime(value).isoformat() if isinstance(value, datetime) else value.isoformat()


@register.filter
def iso_month(value: date) -> str:
    """For an address or a hidden field: "2026-11"."""
    return f"{figures.local_day(value):%Y-%m}"


@register.filter
def month(value: date) -> str:
    """ "noviembre de 2026"."""
    return figures.month(figures.local_day(value))


@register.filter
def is_choice_list(field: BoundField) -> bool:
    """Whether the field shows radio buttons or check boxes, which need a fieldset."""
    return isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the field is a single check box, whose label follows it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.inclusion_tag("components/nav_item.html", takes_context=True)
def nav_item(context: Context, name: str, label: str, icon: str, wide_only: bool = False) -> dict[str, Any]:
    """A link of the main navigation; a page belongs to it by its URL name or by `section` in its context."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    here = match.url_name if match else None
    # The pages of the account are of allauth's making and name no section.
    section = context.get("section") or ("more" if match and match.route.startswith("account/") else "")
    current = "page" if here == name else "true" if section == name else ""
    try:
        address = reverse(name)
    except NoReverseMatch:
        address = "/"
    return {
        "address": address,
        "label": label,
        "icon": f"components/icons/{icon}.html",
        "current": current,
        "wide_only": wide_only,
    }
