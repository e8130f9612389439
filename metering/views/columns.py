"""Explaining the columns of one's own table, once: paste its first lines, say what each column is, keep it."""

from itertools import islice

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from community.access import allowed
from community.pages import page
from community.roles import Can
from config import clock
from metering.formats import UnreadableFile
from metering.formats.columns import ROLE_OF, plain
from metering.formats.tables import rows_of
from metering.forms.meters import ColumnsForm, SampleForm
from metering.models import ColumnMapping
from metering.services.column_mappings import NameTaken, SampleUnreadable, keep_mapping
from metering.wording import files as wording


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest) -> HttpResponse:
    """Two steps on one page: the sample, then its columns."""
    community = allowed(request, Can.BRING_METERS).community
    sample = SampleForm(request.POST or None)
    form = None
    if request.method == "POST" and sample.is_valid():
        text = sample.cleaned_data["sample"]
        header = _header(text)
        told = request.POST if "name" in request.POST else None
        guesses = {f"column_{i}": ROLE_OF.get(plain(cell), "") for i, cell in enumerate(header)}
        form = ColumnsForm(told, header=header, initial=guesses)
        if told is not None and form.is_valid():
            try:
                keep_mapping(
                    community=community,
                    name=form.cleaned_data["name"],
                    columns=form.columns(),
                    unit=form.cleaned_data["unit"],
                    labels=form.cleaned_data["labels"],
                    sample=text,
                    at=clock.now(),
                )
            except NameTaken:
                form.add_error("name", _("Another table has this name: choose a different one."))
            except SampleUnreadable as error:
                form.add_error(None, wording.unreadable(error.cause))
            else:
                messages.success(request, _("Kept. Choose it when you hand in such a table."))
                return redirect("meter-files")
    context = {
        "section": "members",
        "sample": sample,
        "form": form,
        "mappings": community.column_mappings.order_by("name"),
    }
    errors = sample.errors or (form is not None and form.errors)
    return page(request, "metering/columns.html", context, status=422 if errors else 200)


@login_required
@require_POST
def forget_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a table that no file was read with; one that was stays, so that its readings can be traced."""
    mapping = get_object_or_404(ColumnMapping, community=allowed(request, Can.BRING_METERS).community, pk=pk)
    if mapping.meter_files.exists():
        messages.error(request, _("Files were read with it: it stays, so that their readings can be traced."))
    else:
        mapping.delete()
    return redirect("meter-columns")


def _header(text: str) -> list[str]:
    """The longest of the first lines: what stands above it is the portal's own words."""
    try:
        found = max(islice(rows_of(text), 40), key=len, default=[])
    except UnreadableFile:
        found = []
    return [cell.strip() for cell in found][:60]
