"""Ways of sharing: a month under each rule, the coefficients agreed on, and the distributor's file."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_safe

from community.access import allowed
from community.datebar import month_bar, parse_month
from community.models import Household, Member
from community.pages import page
from community.queries import in_street_order
from community.roles import Can
from config import clock
from market.forms.sharing import SharesForm
from market.models import SharingSet
from market.queries.sharing import month_shared
from market.services.sharing import FileFaults, keep_file, keep_shares
from market.settlement.coefficients import CRLF, LF, cau_of, file_name, write
from market.wording import sharing as wording

LINE_ENDS = {"crlf": CRLF, "lf": LF}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sharing(request: HttpRequest) -> HttpResponse:
    """Compare rules on a month; keep coefficients that members agreed on."""
    admin = allowed(request, Can.SET_SHARING)
    community = admin.community
    today = clock.now().astimezone(community.zone).date()
    month = parse_month(request.GET.get("m"), today)
    form = SharesForm(
        request.POST or None,
        request.FILES or None,
        community=community,
        initial={"year": today.year, "agreed_on": today},
    )
    refused: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            _keep(admin, form)
        except FileFaults as error:
            refused = wording.faults(error)
        else:
            return redirect("sharing")
    found = month_shared(community, month)
    sets = SharingSet.objects.filter(community=community).select_related("added_by__user").order_by("-added_at")
    homes = list(Household.objects.filter(community=community).order_by(in_street_order()))
    agreements = wording.agreements(homes, sets.first())
    context: dict[str, Any] = {
        "section": "more",
        "bar": month_bar(month, today, request.path),
        "month": month,
        "rules": wording.rule_rows(found) if found is not None else [],
        "form": form,
        "refused": refused,
        "sets": wording.versions(list(sets)),
        "agreements": agreements if any(signed or mandate for _home, signed, mandate in agreements) else [],
    }
    return page(request, "market/sharing.html", context, status=422 if form.errors or refused else 200)


@login_required
@require_safe
def sharing_file(request: HttpRequest, pk: int, ends: str) -> HttpResponse:
    """The distributor's file of a set, in either habit of ending lines."""
    found = get_object_or_404(SharingSet, pk=pk, community=allowed(request, Can.SET_SHARING).community)
    line_end = LINE_ENDS.get(ends, CRLF)
    response = HttpResponse(write(found.beta_ppm, line_end), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name(found.cau, found.year)}"'
    return response


def _keep(admin: Member, form: SharesForm) -> SharingSet:
    given, at = form.cleaned_data, clock.now()
    if given["file"] is None:
        return keep_shares(
            by=admin,
            plant_cups=given["plant"].cups,
            shares=form.shares(),
            year=given["year"],
            agreed_on=given["agreed_on"],
            note=given["note"],
            at=at,
        )
    return keep_file(
        by=admin,
        content=given["file"].read(),
        name=given["file"].name,
        plant_cau=cau_of(given["plant"].cups),
        agreed_on=given["agreed_on"],
        note=given["note"],
        at=at,
    )
