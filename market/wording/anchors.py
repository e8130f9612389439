"""Anchors in words: how old they are, how to check a file of one, and what each kind costs."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.ledger.anchors.costs import FEES, STREETS, Fee
from market.ledger.anchors.files import ENDINGS
from market.models import LogAnchor
from market.queries.anchors import Usual

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# So many decimals show a millionth of a unit.
FINE = 6


class AnchorRow(NamedTuple):
    """One anchor: its kind and state in words, and its file."""

    kind: str
    label: str
    size: int
    state: str
    name: str
    check: str


class CostRow(NamedTuple):
    """One kind of anchor: figures, each with its trades a day, and what a transaction for each trade costs."""

    label: str
    note: str
    shared: list[tuple[int, str]]
    each: str
    year_hourly: str
    year_each: str


def age(since: datetime, at: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    passed = max(at - since, timedelta(0))
    if passed < HOUR:
        count = passed // MINUTE
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    if passed < 2 * DAY:
        count = passed // HOUR
        return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}
    count = passed // DAY
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


def file_name(size: int, kind: str = "") -> str:
    """How the file of a head is called, or that of its anchor."""
    return f"head-{size}.txt.{ENDINGS[kind]}" if kind else f"head-{size}.txt"


def rows(anchors: Iterable[LogAnchor]) -> list[AnchorRow]:
    """Anchors as the page lists them."""
    return [
        AnchorRow(
            one.kind, str(LogAnchor.Kind(one.kind).label), one.head.size, _state(one),
            file_name(one.head.size, one.kind), _check(one),
        )
        for one in anchors
    ]  # fmt: skip


def last_words(anchors: Sequence[LogAnchor], at: datetime) -> str:
    """How old the newest complete one of them is, and which were only asked; they come newest first."""
    said = []
    for one in [one for one in anchors if one.complete_at is not None][:1]:
        known = {"age": age(one.asked_at, at), "kind": LogAnchor.Kind(one.kind).label, "size": one.head.size}
        said.append(_("The last anchor is %(age)s old: %(kind)s, for the head of %(size)s entries.") % known)
    waiting = [one for one in anchors if one.complete_at is None]
    if waiting:
        kinds = ", ".join(str(LogAnchor.Kind(one.kind).label) for one in waiting)
        known = {"age": age(waiting[0].asked_at, at), "kinds": kinds}
        said.append(_("Asked %(age)s ago and not complete yet: %(kinds)s.") % known)
    return " ".join(said)


def _state(one: LogAnchor) -> str:
    if one.complete_at is None and one.kind == LogAnchor.Kind.IOTA:
        return _("handed in as %(place)s; not seen in the chain yet") % {"place": one.place}
    if one.complete_at is None:
        return _("promised by %(place)s; the proof comes within hours") % {"place": one.place}
    if one.kind == LogAnchor.Kind.OPENTIMESTAMPS:
        return _("names %(place)s; whether that block holds it is not checked here") % {"place": one.place}
    if one.said_at is None:
        return _("stands in %(place)s") % {"place": one.place}
    day = figures.day_and_year(figures.local_day(one.said_at))
    known = {"place": one.place, "day": day, "clock": figures.clock(one.said_at)}
    return _("%(place)s says: it was there on %(day)s, %(clock)s") % known


def _check(one: LogAnchor) -> str:
    known = {"head": file_name(one.head.size), "file": file_name(one.head.size, one.kind)}
    words = {
        "rfc3161": _(
            "openssl ts -verify -data %(head)s -in %(file)s -CAfile ROOTS.pem, where ROOTS.pem holds the root "
            "certificates that the authority publishes."
        ),
        "opentimestamps": _(
            "ots verify %(file)s, with OpenTimestamps's own program and a node of Bitcoin; it reads %(head)s "
            "beside it."
        ),
        "iota": _(
            "Look the transaction that %(file)s names up in an explorer of IOTA: its argument is the SHA-256 of "
            "%(head)s. Azotea's makers never ran this against IOTA's own network."
        ),
    }
    return words[one.kind] % known


def costs(usual: Usual | None) -> list[CostRow]:
    """Every kind of anchor with its figures; the first street is the own one, if its trades may be known."""
    own = usual.trades_a_day if usual else STREETS[0]
    return [
        CostRow(
            labels()[fee.kind], _note(fee),
            [(count, _amount(fee.hourly_per_trade(count), fee, FINE)) for count in streets(usual)],
            _amount(fee.of_one(), fee, FINE),
            _amount(fee.year_hourly(), fee), _amount(fee.year_each(own), fee),
        )
        for fee in FEES
    ]  # fmt: skip


def streets(usual: Usual | None) -> Sequence[int]:
    """Trades a day by which figures are shown, the own street's first."""
    return (usual.trades_a_day, *STREETS) if usual else STREETS


def labels() -> dict[str, str]:
    """Every kind of anchor that has a price."""
    return {
        "witness": _("Witness (a neighbour's computer)"),
        "rfc3161": _("Free time-stamping authority (RFC 3161)"),
        "rfc3161_qualified": _("Qualified time-stamping authority (RFC 3161)"),
        "opentimestamps": _("OpenTimestamps, in Bitcoin"),
        "iota": _("IOTA, a call that keeps nothing (experimental)"),
        "iota_record": _("IOTA, a kept record of 500 bytes"),
        "hedera": _("Hedera Consensus Service"),
    }


def _note(fee: Fee) -> str:
    notes = {
        "witness": _("Costs the electricity of a small computer."),
        "rfc3161": _("Free authorities exist; no court has to presume that their stamps are right."),
        "rfc3161_qualified": _(
            "A court presumes that its stamps are right. They are sold in packs; no public price was found."
        ),
        "opentimestamps": _("Its calendars collect everybody's digests and pay for the block."),
        "iota": _("The smallest fee of the network; it is gone."),
        "iota_record": _("Of it %(deposit)s are a deposit, given back when the record is deleted."),
        "hedera": _("Eight times what it was before."),
    }
    deposit = figures.number(Decimal(fee.deposit_nano) / 10**9, 4)
    known = {"deposit": f"{deposit}{figures.NBSP}{fee.unit}", "month": figures.month(date(*fee.known, 1))}
    when = _("As of %(month)s.") if fee.built_in else _("As of %(month)s; not built in.")
    return f"{notes[fee.kind] % known} {when % known}"


def _amount(value: Decimal, fee: Fee, decimals: int = 2) -> str:
    if not fee.published:
        return _("not published")
    if not value:
        return _("nothing")
    return f"{figures.number(value, decimals)}{figures.NBSP}{fee.unit}"
