"""Bringing the street's cables in, and connecting homes to them: look first, then store with one click."""

from dataclasses import dataclass, replace
from hashlib import sha256
from json import dumps
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community import queries
from community.access import allowed
from community.feeder_drawing import TreeDrawing, draw_tree
from community.feeder_files import FeederFault, FeederFile, as_json, from_json, outwards, read_feeder, remarks
from community.forms.people import CablesForm, ConnectionsForm
from community.models import Community, Feeder
from community.pages import page
from community.roles import Can
from community.services import feeders as service
from community.wording import feeders as wording

DRAFT = "cables"  # what was looked at last, in the administrator's session
SHOWN = 200


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_cables(request: HttpRequest) -> HttpResponse:
    """A file of the street's cables, or a usual street; what it says is shown before anything is stored."""
    community = allowed(request, Can.SET_CABLES).community
    usual = request.POST.get("usual", "")
    form = CablesForm() if usual or request.method != "POST" else CablesForm(request.POST, request.FILES)
    if usual in service.USUAL:
        _keep(request, service.usual_feeder(community=community, kind=usual))
        return redirect("check-cables")
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            _keep(request, read_feeder(upload.read(), PurePath(upload.name).stem))
        except FeederFault as found:
            form.add_error("file", wording.fault(found))
        else:
            return redirect("check-cables")
    context = {"section": "members", "form": form, "feeder": Feeder.objects.filter(community=community).first()}
    return page(request, "community/new_cables.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_cables(request: HttpRequest) -> HttpResponse:
    """What the cables that were handed in would be, and storing exactly these."""
    community = allowed(request, Can.SET_CABLES).community
    draft = request.session.get(DRAFT)
    if draft is None:
        messages.warning(request, _("Nothing is waiting to be stored: choose a file first."))
        return redirect("new-cables")
    described, digest = _read(draft), _digest(draft)
    if request.method == "POST" and request.POST.get("digest") == digest:
        try:
            feeder = service.store_feeder(community=community, described=described)
        except service.HomeWouldLoseItsNode as error:
            messages.error(request, wording.losing(error.homes))
            return redirect("check-cables")
        del request.session[DRAFT]
        messages.success(request, _("The cables are stored, revision %(n)d.") % {"n": feeder.revision})
        return redirect("connect-homes")
    if request.method == "POST":
        messages.warning(request, _("Another file was looked at meanwhile: this is what it says."))
    context = {"section": "members", "digest": digest, **_preview(community, described)}
    return page(request, "community/check_cables.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def connect_homes(request: HttpRequest) -> HttpResponse:
    """The node and the phase of every home, saved together."""
    community = allowed(request, Can.SET_CABLES).community
    nodes = queries.nodes_of(community.pk)
    if not nodes:
        messages.warning(request, _("The street has no cables yet: bring them in first."))
        return redirect("new-cables")
    homes = queries.connected_homes(community.pk)
    form = ConnectionsForm(request.POST or None, homes=homes, nodes=nodes)
    if request.method == "POST" and form.is_valid():
        service.connect_homes(community=community, connections=form.connections())
        messages.success(request, _("The connections are saved."))
        return redirect("connect-homes")
    context = {"section": "members", "form": form, "nodes": nodes, "homes": homes}
    return page(request, "community/connect_homes.html", context, status=422 if form.errors else 200)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A cable as the preview's table shows it."""

    code: str
    parent: str
    child: str
    r: str
    x: str
    limit: str


def _preview(community: Community, described: FeederFile) -> dict[str, Any]:
    """Everything that the page says about a feeder that is not stored yet."""
    ways = outwards(described.root, described.cables)
    plate = described.transformer
    homes = queries.connected_homes(community.pk)
    losing = service.homes_without_node(community, described)
    codes = {bus.code for bus in described.buses}
    return {
        "described": described,
        "replaces": Feeder.objects.filter(community=community).first(),
        "size": wording.kilovoltamperes(plate.s_va),
        "band": (wording.per_unit(described.v_min_pu), wording.per_unit(described.v_max_pu)),
        "slack": wording.per_unit(described.slack_pu),
        "remarks": [wording.remark(found) for found in remarks(described)],
        "losing": wording.losing(losing) if losing else "",
        "kept": sum(home.node in codes for home in homes),
        "waiting": sum(not home.node and service.HOME_NODE.format(home.id) not in codes for home in homes),
        "by_name": sum(not home.node and service.HOME_NODE.format(home.id) in codes for home in homes),
        "drawing": _drawing(described, ways),
        "rows": [
            PreviewRow(
                cable.code,
                parent,
                child,
                wording.ohm(cable.r_ohm),
                wording.ohm(cable.x_ohm),
                wording.ampere(cable.limit_a),
            )
            for cable, parent, child in ways[:SHOWN]
        ],
        "more": max(len(ways) - SHOWN, 0),
    }


def _drawing(described: FeederFile, ways: list[Any]) -> tuple[TreeDrawing, list[tuple[Any, str, str]]] | None:
    """The tree with a title a row, of a street that is not too large for a picture."""
    if len(described.buses) > SHOWN:
        return None
    order = [described.root, *(child for _cable, _parent, child in ways)]
    place = {code: i for i, code in enumerate(order)}
    drawing = draw_tree([None, *(place[parent] for _cable, parent, _child in ways)])
    names = {bus.code: bus.name for bus in described.buses}
    return drawing, [(row, order[row.node], names[order[row.node]]) for row in drawing.rows]


def _keep(request: HttpRequest, described: FeederFile) -> None:
    request.session[DRAFT] = {"feeder": as_json(described), "left_out": list(described.left_out)}


def _read(draft: dict[str, Any]) -> FeederFile:
    return replace(from_json(draft["feeder"]), left_out=tuple(draft["left_out"]))


def _digest(draft: dict[str, Any]) -> str:
    """Which feeder was looked at, so that no other is stored by an old page."""
    return sha256(dumps(draft, sort_keys=True).encode()).hexdigest()
