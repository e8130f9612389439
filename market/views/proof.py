"""What members can prove: the log's signed head, receipts of their own slots, and the log itself."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from community.access import household_of, member_of
from community.pages import page
from market.ledger.tiles import WIDTH, bundle, tile_index
from market.models import LogAlarm, LogLeaf, LogTile, Slot
from market.queries.log import latest_head, leaf_of, log_size, origin_of
from market.wording.receipts import PROGRAM, NoReceipt, as_zip

SHOWN = 12
# No log fills eight levels: that would be more entries than fit into 64 bits.
LEVELS = frozenset("01234567")
TILE = "application/octet-stream"


@login_required
@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    """The newest head, how much is waiting to be signed, and the last slots with their receipts."""
    member = member_of(request)
    community = member.community
    head = latest_head(community.pk)
    home = member.households.first()
    own = LogLeaf.objects.filter(household=home, settled__is_current=True) if home else LogLeaf.objects.none()
    shown = own.select_related("settled__settlement__slot").order_by("-seq")[:SHOWN]
    signed = 0 if head is None else head.size
    context = {
        "section": "more",
        "origin": origin_of(community),
        "head": head,
        "witnesses": list(head.cosignatures.values_list("witness", flat=True)) if head else [],
        "size": log_size(community.pk),
        "rows": [(leaf.settled, leaf.seq < signed) for leaf in shown],
        "alarm": LogAlarm.objects.filter(community=community).order_by("-raised_at").first(),
    }
    return page(request, "market/proof.html", context)


@login_required
@require_safe
def receipt(request: HttpRequest, start: datetime) -> HttpResponse:
    """The receipt of the home's own slot, with the program that checks it."""
    home = household_of(request)
    slot = get_object_or_404(Slot, community=home.community, start=start)
    leaf, head = leaf_of(home, slot), latest_head(home.community_id)
    try:
        if leaf is None or head is None:
            raise NoReceipt
        content = as_zip(leaf, head)
    except NoReceipt:
        messages.warning(request, _("There is no receipt of this slot yet: it has to be settled and signed."))
        return redirect("proof")
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="azotea-receipt-{slot.start:%Y-%m-%dT%H%MZ}.zip"'
    return response


@login_required
@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """The program alone."""
    response = HttpResponse(PROGRAM.read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="verify_receipt.py"'
    return response


@login_required
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed head (C2SP tlog-checkpoint)."""
    head = latest_head(member_of(request).community_id)
    if head is None:
        raise Http404("Nothing is signed yet.")
    return HttpResponse(head.cosigned, content_type="text/plain; charset=utf-8")


@login_required
@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile or a bundle of entries as C2SP tlog-tiles names them: `0/x001/067`, `0/000.p/12`, `entries/000`."""
    community_id = member_of(request).community_id
    kind, _slash, rest = path.partition("/")
    name, partial, width = rest.partition(".p/")
    if partial and not (width.isdecimal() and 0 < int(width) < WIDTH):
        raise Http404("There is no such tile.")
    count = int(width) if partial else WIDTH
    try:
        place = tile_index(name)
    except ValueError as error:
        raise Http404("There is no such tile.") from error
    if kind == "entries":
        return HttpResponse(_entries(community_id, place, count), content_type=TILE)
    if kind not in LEVELS:
        raise Http404("There is no such tile.")
    return HttpResponse(_hashes(community_id, int(kind), place, count), content_type=TILE)


def _entries(community_id: int, place: int, count: int) -> bytes:
    first = place * WIDTH
    leaves = LogLeaf.objects.filter(community=community_id, seq__gte=first, seq__lt=first + count).order_by("seq")
    entries = [leaf.entry for leaf in leaves]
    if len(entries) != count:
        raise Http404("There is no such tile.")
    return bundle(entries)


def _hashes(community_id: int, level: int, place: int, count: int) -> bytes:
    row = get_object_or_404(LogTile, community=community_id, level=level, place=place)
    data = bytes(row.data)[: count * 32]
    if len(data) != count * 32:
        raise Http404("There is no such tile.")
    return data
