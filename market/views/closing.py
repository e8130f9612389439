"""An administrator's months: preview, what is missing, close, correct."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from community import figures
from community.access import allowed
from community.datebar import parse_month
from community.models import Household, What
from community.pages import page
from community.roles import Can
from community.services.audit import note_look
from config import clock
from market.addresses import month_named
from market.queries import closing as queries
from market.queries.month import home_months, latest_statements
from market.services.closing import correct_month
from market.services.deliveries import ask_again, ask_for_deliveries
from market.services.payments import OWING
from market.services.statements import close_month
from market.wording import closing as wording
from market.wording.checklist import checklist


@login_required
@require_safe
def closing(request: HttpRequest) -> HttpResponse:
    """Every month with its state, and one of them home by home; `?m=` names it."""
    admin, at = allowed(request, Can.SEE_MONTHS), clock.now()
    community = admin.community
    states = queries.month_states(community, at)
    chosen = parse_month(request.GET.get("m"), at.astimezone(community.zone).date())
    state = next((one for one in states if one.month == chosen), states[0] if states else None)
    context: dict[str, Any] = {"section": "more", "rows": wording.month_rows(states), "state": state}
    if state is None:
        context["checklist"] = checklist(admin, at)
    if state is not None:
        known = list(Household.objects.filter(community=community))
        names = {home.pk: home.name for home in known}
        note_look(known, What.MONTH_SEEN, at=at, by=admin, reason=f"{state.month:%Y-%m}")
        issued = latest_statements(community, state.month)
        gaps = queries.home_gaps(community, state.month)
        homes = wording.home_rows(home_months(community, state.month), issued, gaps, names)
        owing = {statement.legal_mode for statement in issued.values()} & set(OWING)
        context |= {"mailed": bool(settings.EMAIL_HOST), "letters": wording.letters(community, state.month)}
        context |= {"owing": bool(owing), "homes": homes, "sum_cents": sum(home.owed_cents for home in homes)}
    return page(request, "market/closing.html", context)


@login_required
@require_POST
def close(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Close a month that is over and settled."""
    admin = allowed(request, Can.CLOSE_MONTHS)
    community, first, at = admin.community, month_named(year, month), clock.now()
    states = queries.month_states(community, at)
    state = next((one for one in states if one.month == first), None)
    if state is None:
        raise Http404("There is no such month.")
    name = {"month": figures.month(first)}
    earlier = [one for one in states if one.month < first and one.issued_at is None]
    if state.issued_at is not None:
        messages.warning(request, _("%(month)s is closed already; nothing was changed.") % name)
    elif not state.closable:
        messages.error(
            request, _("%(month)s cannot be closed yet: it has to be over, and every slot settled.") % name
        )
    elif earlier:
        messages.error(
            request,
            _("Close %(month)s first: months close in order.") % {"month": figures.month(earlier[-1].month)},
        )
    else:
        close_month(community=community, month=first, at=at, by=admin)
        messages.success(request, _("%(month)s is closed, and every home has its statement.") % name)
    return redirect(f"{reverse('closing')}?m={first:%Y-%m}")


@login_required
@require_POST
def correct(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Issue the corrections of a closed month."""
    admin = allowed(request, Can.CLOSE_MONTHS)
    first = month_named(year, month)
    count = correct_month(community=admin.community, month=first, at=clock.now(), by=admin)
    if count:
        words = ngettext(
            "%(count)s home has a correction of its statement.",
            "%(count)s homes have corrections of their statements.",
            count,
        )
        messages.success(request, words % {"count": count})
    else:
        messages.warning(request, _("Nothing has changed since the last statements: none was issued."))
    return redirect(f"{reverse('closing')}?m={first:%Y-%m}")


@login_required
@require_POST
def send_statements(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Send every statement that was not sent yet, and those that could not be delivered once more."""
    admin, at = allowed(request, Can.CLOSE_MONTHS), clock.now()
    community, first = admin.community, month_named(year, month)
    count = ask_for_deliveries(community=community, at=at, by=admin) + ask_again(community=community, at=at)
    words = ngettext("%(count)s statement is on its way.", "%(count)s statements are on their way.", count)
    messages.success(request, words % {"count": count})
    return redirect(f"{reverse('closing')}?m={first:%Y-%m}")
