"""A home's virtual battery, and what its months would have cost under other offers."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.access import household_of
from community.pages import page
from market.queries.wallet import offer_costs, wallet_rows
from market.wording import wallet as wording


@login_required
@require_safe
def virtual_battery(request: HttpRequest) -> HttpResponse:
    """The wallet month by month, and every offer known here on the home's own months."""
    household = household_of(request)
    rows, costs = wallet_rows(household), offer_costs(household)
    context = {
        "section": "more",
        "household": household,
        "rows": list(reversed(rows)),
        "balance_cents": rows[-1].balance_cents if rows else 0,
        "costs": [(one, wording.worth_it(one)) for one in costs],
        "choice": wording.choice(costs),
        "months": costs[0].months if costs else 0,
    }
    return page(request, "market/virtual_battery.html", context)
