"""Handing in meter files: look first, then store with one click."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.access import admin_of
from community.pages import page
from config import clock
from metering.formats import UnreadableFile
from metering.forms import MeterFileForm
from metering.models import MeterFile
from metering.services import meter_files as service
from metering.services.readings import RowErrors
from metering.wording import files as wording

SHOWN = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meter_files(request: HttpRequest) -> HttpResponse:
    """The files of a community, newest first, and handing in another."""
    admin = admin_of(request)
    form = MeterFileForm(request.POST or None, request.FILES or None, community=admin.community)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            file = service.take_in(
                community=admin.community,
                name=upload.name,
                content=upload.read(),
                at=clock.now(),
                uploaded_by=admin,
                metering_point=form.cleaned_data["metering_point"],
                dialect=form.cleaned_data["dialect"],
            )
        except UnreadableFile as error:
            field = {"no-cups": "metering_point", "start-or-end": "dialect"}.get(error.code, "file")
            form.add_error(field, wording.unreadable(error))
        else:
            return redirect("meter-file", file.public_id)
    files = MeterFile.objects.filter(community=admin.community).defer("content").order_by("-received_at", "-pk")
    context = {"section": "members", "form": form, "files": files.select_related("uploaded_by__user")[:SHOWN]}
    return page(request, "metering/files.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def meter_file(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What one file says, and what storing it would change or has changed."""
    file = _file(request, public_id)
    return page(request, "metering/file.html", _context(file))


@login_required
@require_POST
def commit_file(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Store a file's readings: all of them or none."""
    file = _file(request, public_id)
    try:
        uploads = service.commit(file_id=file.pk, at=clock.now())
    except service.OlderVersion:
        messages.error(request, _("Nothing was stored: a newer version of this file is in already."))
    except service.NothingToStore:
        messages.error(request, _("Nothing was stored: none of its supplies belongs to this community."))
    except RowErrors as error:
        messages.error(request, _("Nothing was stored: %(why)s") % {"why": error.errors[0].message})
    else:
        news = sum(upload.created + upload.revised for upload in uploads)
        text = ngettext("%(count)d reading stored.", "%(count)d readings stored.", news)
        messages.success(request, text % {"count": news})
    return redirect("meter-file", file.public_id)


def _file(request: HttpRequest, public_id: UUID) -> MeterFile:
    admin = admin_of(request)
    files = MeterFile.objects.select_related("community", "metering_point")
    return get_object_or_404(files, community=admin.community, public_id=public_id)


def _context(file: MeterFile) -> dict[str, Any]:
    seen = service.preview(file=file, at=clock.now())
    zone = ZoneInfo(file.community.timezone)
    by_supply = {
        supply.cups: [one for one in seen.reading.intervals if one.cups == supply.cups] for supply in seen.supplies
    }
    return {
        "section": "members",
        "file": file,
        "seen": seen,
        "format": wording.format_name(seen.reading),
        "dialect": wording.DIALECTS[seen.reading.dialect],
        "supplies": [(supply, wording.day_totals(by_supply[supply.cups], zone)) for supply in seen.supplies],
        "refusals": [(line, wording.refusal(line)) for line in seen.reading.refusals[:SHOWN]],
        "remarks": [wording.remark(said) for said in seen.reading.remarks],
        "missing": wording.missing_days(seen, zone),
        "estimated": sum(one.quality != "measured" for one in seen.reading.intervals),
    }
