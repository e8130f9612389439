"""Handing in meter files: look first, then store with one click."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.access import allowed
from community.models import Household, What
from community.pages import page
from community.roles import Can
from community.services.audit import note_look
from config import clock
from metering import progress
from metering.formats import PARSER_VERSION, UnreadableFile
from metering.forms.meters import MeterFileForm
from metering.models import MeterFile
from metering.services import meter_files as service
from metering.services.previews import preview
from metering.services.summaries import FileSummary, summary
from metering.tasks import look_at_file, ring, store_file
from metering.wording import files as wording

SHOWN = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meter_files(request: HttpRequest) -> HttpResponse:
    """The files of a community, newest first, and handing in another."""
    admin = allowed(request, Can.BRING_METERS)
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
                mapping=form.cleaned_data.get("mapping"),
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
    context = _context(file)
    if context["seen"] is not None:
        named = [one.household for one in context["seen"].supplies]
        homes = Household.objects.filter(community=file.community_id, name__in=named)
        note_look(homes, What.FILE_SEEN, at=clock.now(), by=allowed(request, Can.BRING_METERS), about=file)
    return page(request, "metering/file.html", context)


@login_required
@require_POST
def commit_file(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Store a file's readings: all of them or none."""
    by, file = allowed(request, Can.BRING_METERS), _file(request, public_id)
    if service.is_large(file):
        service.ask_to_store(file_id=file.pk, at=clock.now())
        ring(store_file, file_id=file.pk)
        return redirect("meter-file", file.public_id)
    try:
        uploads = service.commit(file_id=file.pk, at=clock.now(), again=True, by=by)
    except tuple(service.FAILURES) as error:
        messages.error(request, wording.failure(service.failure_of(error)))
    else:
        news = sum(upload.created + upload.revised for upload in uploads)
        text = ngettext("%(count)d reading stored.", "%(count)d readings stored.", news)
        messages.success(request, text % {"count": news})
    return redirect("meter-file", file.public_id)


def _file(request: HttpRequest, public_id: UUID) -> MeterFile:
    admin = allowed(request, Can.BRING_METERS)
    files = MeterFile.objects.select_related("community", "metering_point", "mapping", "token")
    return get_object_or_404(files, community=admin.community, public_id=public_id)


def _context(file: MeterFile) -> dict[str, Any]:
    storing = file.asked_at is not None and file.committed_at is None and file.failure is None
    found = None if storing or file.failure or not file.size else _summary(file)
    context: dict[str, Any] = {"section": "members", "file": file, "storing": storing, "seen": found}
    if not file.size:
        gone = _("What it held was removed: raw readings are kept for thirteen months.")
        return {**context, "failure": gone, "gone": True}
    if file.failure is not None:
        return {**context, "failure": wording.failure(file.failure)}
    if found is None:
        return {**context, "step": progress.step(file.pk)}
    return {
        **context,
        "format": wording.format_name(found.format),
        "dialect": wording.DIALECTS[found.dialect],
        "refusals": [(line, wording.refusal(line.code)) for line in found.refusals],
        "remarks": [wording.remark(code, value) for code, value in found.remarks],
        "outdated": file.committed_at is not None and file.parser_version < PARSER_VERSION,
    }


def _summary(file: MeterFile) -> FileSummary | None:
    """What the file says; None while a worker reads it."""
    if not service.is_large(file):
        return summary(preview(file=file, at=clock.now()))
    found = progress.kept_summary(file.pk)
    if found is None and progress.step(file.pk) is None:
        progress.tell(file.pk, "reading", 0, file.size)
        ring(look_at_file, file_id=file.pk)
    return found
