"""What members can prove: the log's signed head, receipts of their own slots, and the log itself."""

import re
from base64 import b64encode
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from community.access import household_of, member_of
from community.anonymity import may_see_sums
from community.models import Household
from community.pages import page
from config import clock
from market.addresses import month_named
from market.ledger import merkle
from market.ledger.identity import did_web
from market.ledger.tiles import WIDTH, bundle, tile_index
from market.models import LogAlarm, LogLeaf, LogTile, Slot, Statement
from market.queries.anchors import newest_anchors
from market.queries.evidence import evidence
from market.queries.log import (
    keys_of,
    latest_head,
    leaf_of,
    log_size,
    newest_own_leaves,
    newest_traded_leaves,
    origin_of,
    tiles_of,
)
from market.queries.passkeys import names_of_passkeys
from market.wording.anchors import last_words, rows
from market.wording.receipts import PROGRAM, NoReceipt, as_zip

SHOWN = 12
PARTIAL = re.compile(r"[1-9][0-9]{0,2}")
# No log fills eight levels: that would be more entries than fit into 64 bits.
LEVELS = frozenset("01234567")
TILE = "application/octet-stream"


@login_required
@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    """The newest head, how much is waiting to be signed, and the last slots with their receipts.

    Those in which the home traded, or all of them with `?slots=all`.
    """
    member = member_of(request)
    community, at = member.community, clock.now()
    head = latest_head(community.pk)
    home = member.households.first()
    every = request.GET.get("slots") == "all"
    shown = _leaves(home, every=every)
    slots = [leaf.settled.settlement.slot for leaf in shown if leaf.settled is not None]
    behind = evidence(slots, [home.pk] if home else [])
    signed = 0 if head is None else head.size
    anchors, keys = newest_anchors(community.pk), keys_of(community.pk, signed)
    context = {
        "section": "more",
        "slug": community.slug,
        "did": did_web(settings.LEDGER_HOST, community.slug),
        "earlier_keys": [one for one in keys if one.until is not None],
        "passkeys": names_of_passkeys(member.user),
        "anchors": rows(anchors),
        "last_anchor": last_words(anchors, at),
        "anchors_waited": bool(settings.ANCHORS.kinds),
        "origin": origin_of(community),
        "head": head,
        "witnesses": list(head.cosignatures.values_list("witness", flat=True)) if head else [],
        "size": log_size(community.pk),
        "home": home,
        "every": every,
        "rows": [(leaf.settled, leaf.seq < signed) for leaf in shown],
        "breaches": [slot for slot in slots if home is not None and behind.beyond(home.pk, slot)],
        "alarm": LogAlarm.objects.filter(community=community).order_by("-raised_at").first(),
    }
    return page(request, "market/proof.html", context)


def _leaves(home: Household | None, *, every: bool) -> list[LogLeaf]:
    if home is None:
        return []
    return newest_own_leaves(home, SHOWN) if every else newest_traded_leaves(home, SHOWN)


@login_required
@require_safe
def receipt(request: HttpRequest, start: datetime) -> HttpResponse:
    """The receipt of the home's own slot, with the program that checks it."""
    home = household_of(request)
    slot = get_object_or_404(Slot, community=home.community, start=start)
    try:
        return _download(leaf_of(home, slot), home, f"{slot.start:%Y-%m-%dT%H%MZ}")
    except NoReceipt:
        messages.warning(request, _("There is no receipt of this slot yet: it has to be settled and signed."))
        return redirect("proof")


@login_required
@require_safe
def statement_receipt(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The receipt of the home's newest statement of a month."""
    home = household_of(request)
    issued = Statement.objects.filter(household=home, month=month_named(year, month))
    last = issued.order_by("-version").first()
    if last is None:
        raise Http404("That month has no statement.")
    try:
        return _download(LogLeaf.objects.filter(statement=last).first(), home, f"{last.month:%Y-%m}")
    except NoReceipt:
        words = _("There is no receipt of this statement: it is not signed yet, or older than such receipts.")
        messages.warning(request, words)
        return redirect("statement", year=year, month=month)


def _download(leaf: LogLeaf | None, home: Household, name: str) -> HttpResponse:
    """Raises `NoReceipt`."""
    head = latest_head(home.community_id)
    if leaf is None or head is None:
        raise NoReceipt
    response = HttpResponse(as_zip(leaf, head), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="azotea-receipt-{name}.zip"'
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
def consistency(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """That the log's first `second` entries begin with its first `first`: a hash in base64 a line (RFC 9162)."""
    community_id = member_of(request).community_id
    head = latest_head(community_id)
    if head is None or not 0 < first <= second <= head.size:
        raise Http404("There is no such proof.")
    proof = merkle.consistency_proof(first, second, tiles_of(community_id))
    lines = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return HttpResponse(lines, content_type="text/plain; charset=utf-8")


@login_required
@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile or a bundle of entries as C2SP tlog-tiles names them: `0/x001/067`, `0/000.p/12`, `entries/000`."""
    member = member_of(request)
    community_id = member.community_id
    kind, _slash, rest = path.partition("/")
    name, partial, width = rest.partition(".p/")
    if partial and not (PARTIAL.fullmatch(width) and int(width) < WIDTH):
        raise Http404("There is no such tile.")
    count = int(width) if partial else WIDTH
    try:
        place = tile_index(name)
    except ValueError as error:
        raise Http404("There is no such tile.") from error
    if kind == "entries":
        if not may_see_sums(member):
            # A slot's entry says how much was sold in it.
            raise PermissionDenied("Sums of too few homes are not shown.")
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
