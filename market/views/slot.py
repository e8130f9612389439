"""Why a home traded, or did not, in one slot."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from community import figures
from community.access import household_of, member_of
from community.anonymity import may_see_sums
from community.datebar import DateBar
from community.models import Household
from community.pages import page
from config import clock
from market.addresses import cables_address, kept, slot_address
from market.forms.what_if import LimitForm
from market.models import Order, Slot, WhatIf
from market.queries import home as home_queries
from market.queries import slot as queries
from market.wording import home as home_wording
from market.wording import ladder
from market.wording import slot as wording
from market.wording import slot_grid as grid_wording
from market.wording import slot_price as price_wording
from market.wording import what_if as trying_wording
from market.wording.money import money


@login_required
@require_safe
def slot(request: HttpRequest, start: datetime) -> HttpResponse:
    """The price of the slot and its rule, the home's orders with their reasons, meter and money."""
    household = household_of(request)
    row = queries.slot_at(household.community, start)
    if row is None:
        raise Http404("The market has no such slot.")
    orders = queries.orders_of(household, row)
    sums = may_see_sums(member_of(request))
    context = {
        "section": "home",
        "start": row.start,
        "bar": _bar(row, kept(request.GET)),
        **_market(row, sums=sums),
        **_own(row, household, orders),
        **(_what_if(request, row, household, orders) if sums else {}),
    }
    return page(request, "market/slot.html", context)


def _bar(row: Slot, keep: Mapping[str, str]) -> DateBar:
    """One slot back, one on; the day is a step up."""
    step = row.end - row.start
    day = timezone.localtime(row.start).date()
    ahead = slot_address(row.end, keep) if row.end <= clock.now() else None
    return DateBar(
        title=_("%(day)s, %(slot)s") % {"day": figures.short_day(day), "slot": figures.span(row.start, row.end)},
        previous=slot_address(row.start - step, keep),
        previous_label=_("The slot before"),
        next=ahead,
        next_label=_("The slot after"),
        today=f"{reverse('home')}?{urlencode({**keep, 'd': day.isoformat()})}",
        today_label=_("The whole day"),
    )


def _market(row: Slot, *, sums: bool) -> dict[str, Any]:
    """What everybody may see; sums only where enough homes stand behind them."""
    totals = queries.totals(row)
    tells_rent = sums and totals.tells_traded
    return {
        "why": price_wording.why(row, totals, sums=sums),
        "grid": grid_wording.grid(row, row.community.rent_rule, tells_rent=tells_rent),
        "state": grid_wording.state(row, queries.phase_v(row)) if sums else [],
        "cables": cables_address(row.start) if queries.phase_v(row) else "",
    }


def _what_if(request: HttpRequest, row: Slot, household: Household, orders: Sequence[Order]) -> dict[str, Any]:
    """The form that tries another limit, and the answer that `?w=` names; nothing where nothing can be tried."""
    sides = frozenset(order.side for order in orders)
    if not sides or row.status != Slot.Status.CLEARED:
        return {}
    wanted = request.GET.get("w", "")
    own = WhatIf.objects.filter(household=household, start=row.start, end=row.end, rules__isnull=True)
    asked = own.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 16 else None
    address = reverse("try-slot", kwargs={"start": row.start})
    keep = kept(request.GET)
    return {
        "limit_form": LimitForm(sides=sides, initial=trying_wording.typed(asked)),
        "try_address": f"{address}?{urlencode(keep)}" if keep else address,
        "tried": trying_wording.answer(asked) if asked else None,
    }


def _own(row: Slot, household: Household, orders: Sequence[Order]) -> dict[str, Any]:
    """What only this home may see."""
    settled = queries.settled(household, row)
    mandate = home_queries.mandate_at(household, row.gate_closure)
    paused = mandate is not None and mandate.paused
    expired = mandate is not None and mandate.expired_at(row.start)
    trades = [order.trade for order in orders if hasattr(order, "trade")]
    sold_wh, bought_wh = (sum(t.energy_wh for t in trades if t.side == side) for side in ("sell", "buy"))
    known = settled is not None and not settled.missing
    return {
        "sentence": price_wording.sentence(row, queries.price_range(row), [t.price_ueur_kwh for t in trades]),
        "orders": ladder.order_lines(orders, row),
        "no_orders": wording.no_orders(row, paused=paused, expired=expired),
        "prices": price_wording.tables(orders, row),
        "devices": [wording.device_line(device) for device in queries.devices(household, row)],
        "meter": wording.meter_facts(settled, sold_wh, bought_wh) if settled and known else None,
        "no_meter": wording.no_meter(row),
        "money": money(settled, row) if settled and known else None,
        "notice": home_wording.notice(int(bool(settled and settled.provisional)), paused=False),
        "book": queries.book(row, household) if row.status != Slot.Status.OPEN else [],
    }
