"""Taking over a list of neighbours: a template, a look at what it would do, and doing it."""

import json
from hashlib import sha256

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from community.access import allowed
from community.models import Household, Tariff
from community.pages import page
from community.queries import street_order
from community.roles import Can
from community.spreadsheets import write_csv
from config import clock
from config.sealing import CannotUnseal, seal, unseal
from metering.forms.roster import RosterForm
from metering.roster import COLUMNS, RosterFault, RosterLine, read_roster
from metering.services.roster import RosterHasFaults, take_over
from metering.services.roster_plan import plan_roster
from metering.wording import roster as wording

DRAFT = "roster"  # the list looked at last, sealed: it names people and their meters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_roster(request: HttpRequest) -> HttpResponse:
    """Hand in a list; what it would do is shown before anything is stored."""
    admin = allowed(request, Can.INVITE)
    form = RosterForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            lines = read_roster(form.cleaned_data["file"].read())
        except RosterFault as found:
            form.add_error("file", wording.fault(found))
        else:
            request.session[DRAFT] = seal(json.dumps(lines))
            return redirect("check-roster")
    offers = Tariff.objects.filter(community=None) | Tariff.objects.filter(community=admin.community)
    context = {"section": "members", "form": form, "offers": sorted({str(one) for one in offers})}
    return page(request, "metering/import_roster.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_roster(request: HttpRequest) -> HttpResponse:
    """What the list would do row by row, and doing exactly that."""
    admin, at = allowed(request, Can.INVITE), clock.now()
    lines = _draft(request)
    if lines is None:
        messages.warning(request, _("Nothing is waiting to be stored: choose a file first."))
        return redirect("import-roster")
    digest = sha256(json.dumps(lines).encode()).hexdigest()
    if request.method == "POST" and request.POST.get("digest") == digest:
        by_mail = bool(settings.EMAIL_HOST) and "mail" in request.POST
        site = request.build_absolute_uri("/").rstrip("/") if by_mail else ""
        try:
            done = take_over(by=admin, lines=lines, at=at, site=site)
        except RosterHasFaults:
            messages.error(request, _("The list has rows to mend: nothing was taken over."))
            return redirect("check-roster")
        del request.session[DRAFT]
        messages.success(request, wording.done(done))
        return redirect("letters" if done.invited and not by_mail else "members")
    if request.method == "POST":
        messages.warning(request, _("Another file was looked at meanwhile: this is what it says."))
    rows = plan_roster(admin.community, lines, at)
    context = {
        "section": "members",
        "digest": digest,
        "rows": wording.shown(rows),
        "summary": wording.summary(rows),
        "ready": not any(row.faults for row in rows),
        "changing": any(row.changes for row in rows),
        "inviting": any(row.does("invited") for row in rows),
    }
    return page(request, "metering/check_roster.html", context)


@login_required
@require_safe
def roster_template(request: HttpRequest) -> HttpResponse:
    """The list as it is now, to be added to: a header, and a row for each home. Codes of meters stay here."""
    community = allowed(request, Can.INVITE).community
    homes = Household.objects.filter(community=community).select_related("member__user", "node")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="azotea-neighbours.csv"'
    response.write("\ufeff")
    rows = (
        [
            home.member.user.name if home.member else "",
            home.member.user.email if home.member else "",
            home.name,
            "",
            "",
            home.priority,
            home.node.code if home.node else "",
        ]
        for home in sorted(homes, key=lambda home: street_order(home.name))
    )
    write_csv(response, list(COLUMNS), rows)
    return response


def _draft(request: HttpRequest) -> list[RosterLine] | None:
    try:
        return [RosterLine(*line) for line in json.loads(unseal(request.session.get(DRAFT, "")))]
    except CannotUnseal:
        return None
