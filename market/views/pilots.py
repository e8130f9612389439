"""The pilot studio: try a street, follow its year, read the report, show it, found the community."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.access import allowed, operator_may
from community.models import User
from community.pages import page
from community.roles import Can
from config import clock
from config.tenancy import across_all, of_person
from market.bell import ring_studio
from market.documents import as_report_pdf
from market.forms.pilot import MOST_ROWS, Homes, StreetForm, scenario_of, usual_street
from market.models import Pilot
from market.pilot.scenario import Scenario
from market.pilot.states import pilots_of, state_of
from market.services import pilots as service
from market.wording import pilot_document as document
from market.wording import pilots as wording

USUAL_HOMES = 8


@login_required
@require_safe
def studio(request: HttpRequest) -> HttpResponse:
    """The streets that one has tried."""
    owner = _owner(request)
    return page(request, "market/studio.html", {"section": "more", "pilots": pilots_of(owner)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_pilot(request: HttpRequest) -> HttpResponse:
    """Describe a street, filled in as a usual one; `?homes=` says how many homes it has."""
    owner = _owner(request)
    count = request.GET.get("homes", "")
    number = min(max(int(count), 2), MOST_ROWS) if count.isdecimal() and len(count) < 4 else USUAL_HOMES
    usual, rows = usual_street(number)
    street = StreetForm(request.POST or None, initial=usual)
    homes = Homes(request.POST or None, request.FILES or None, initial=rows, prefix="home")
    if request.method == "POST" and street.is_valid() and homes.is_valid():
        at = clock.now()
        scenario = scenario_of(street, homes, at.year - 1)
        pilot = service.begin(name=street.cleaned_data["name"], scenario=scenario, owner=owner, at=at)
        ring_studio()
        return redirect("pilot", pilot.public_id)
    failed = request.method == "POST"
    context = {"section": "more", "street": street, "homes": homes, "number": number, "failed": failed}
    return page(request, "market/new_pilot.html", context, status=422 if failed else 200)


@require_safe
def pilot(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The report: for its owner, and for anybody who has the address once it is shared."""
    found = _readable(request, public_id)
    own = _is_owner(request, found)
    return page(request, "market/pilot.html", {"section": "more", "pilot": found, "own": own, **_report(found)})


@require_safe
def pilot_pdf(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The report to print and to send around, for whoever may read the page."""
    found = _readable(request, public_id)
    report = _report(found)
    if report["state"].usual is None:
        raise Http404("The year is not lived yet.")
    response = HttpResponse(as_report_pdf(document.report(found, report)), content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="azotea-pilot.pdf"'
    return response


@login_required
@require_POST
def share_pilot(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Open the report to whoever has its address, or close it again."""
    found = _own(request, public_id)
    service.share(pilot=found, shared=request.POST.get("shared") == "yes")
    return redirect("pilot", public_id)


@login_required
@require_POST
def found_community(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make a community of the pilot."""
    found = _own(request, public_id)
    already = found.community_id is not None
    with across_all():  # it makes one more
        community = service.found_community(pilot_id=found.pk, at=clock.now())
    if already:
        messages.warning(request, _("%(name)s exists already; nothing was made.") % {"name": community.name})
    else:
        words = _("%(name)s exists now: homes, devices, contracts, rules; you are its administrator.")
        messages.success(request, words % {"name": community.name})
    return redirect("pilot", public_id)


def _report(found: Pilot) -> dict[str, Any]:
    with of_person(found.owner_id):  # a shared report is read by others, too
        state, scenario = state_of(found), Scenario.of(found.scenario)
    context: dict[str, Any] = {"state": state, "live": state.usual is None and state.under_way}
    if state.usual is None:
        return context
    return context | {
        "sentence": wording.sentence(state.usual),
        "figures": wording.four(state.usual),
        "range": wording.spread(state.years),
        "rows": wording.home_rows(state.usual),
        "facts": wording.street_facts(state.usual, scenario),
        "assumed": wording.assumptions(scenario),
        "bars": wording.bars(state.usual),
        "rules": wording.rule_rows(state.usual),
        "by_rule": wording.gains_by_rule(state.usual),
        "objectives": wording.objectives(state.years),
    }


def _readable(request: HttpRequest, public_id: UUID) -> Pilot:
    """A pilot that the visitor owns, or that is shared."""
    with across_all():  # the community that was made of it is told by name
        found = get_object_or_404(Pilot.objects.select_related("community"), public_id=public_id)
    if not found.shared and not _is_owner(request, found):
        raise Http404("There is no such report.")
    return found


def _is_owner(request: HttpRequest, found: Pilot) -> bool:
    return request.user.is_authenticated and found.owner_id == request.user.pk


def _own(request: HttpRequest, public_id: UUID) -> Pilot:
    return get_object_or_404(Pilot, public_id=public_id, owner=_owner(request))


def _owner(request: HttpRequest) -> User:
    """Administrators try streets out; so does whoever runs the site."""
    user = request.user
    if isinstance(user, User) and operator_may(request):
        return user
    return allowed(request, Can.RUN_PILOTS).user
