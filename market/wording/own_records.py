"""A member's own records as one folder: tables, receipts of every signed slot, and the program that checks them.

The folder is packed while it is read: it may be larger than what a web process should hold.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from community.models import Household, Member
from community.spreadsheets import write_csv
from market.ledger import merkle
from market.ledger.leaves import link
from market.ledger.receipts import Receipt
from market.models import LogHead, LogLeaf
from market.queries.evidence import evidence, slot_name
from market.queries.log import keys_to, latest_head, previous_of, tiles_of
from market.queries.own_records import Table, leaves_of, tables
from market.queries.tenures import Tenure, tenures
from market.wording.receipts import LONG_AGO, PAGE, PROGRAM, Behind, NoReceipt, Signed, files_of

# So much is written at a time, and so many receipts are worked out at once.
PART_BYTES = 64 * 1024
AT_ONCE = 500


class _Pipe(io.RawIOBase):
    """Takes what an archive writes until somebody fetches it."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(self.parts[-1])

    def fetched(self) -> bytes:
        """What was written since the last time."""
        data, self.parts = b"".join(self.parts), []
        return data


def packed(member: Member) -> Iterator[bytes]:
    """The archive, part by part."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, chunks in _files(member):
            with archive.open(zipfile.ZipInfo(f"azotea/{name}", LONG_AGO), "w", force_zip64=True) as file:
                for chunk in chunks:
                    file.write(chunk)
                    yield pipe.fetched()
            yield pipe.fetched()
    yield pipe.fetched()


def _files(member: Member) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "README.txt", [_readme().encode()]
    yield "verify_receipt.py", [PROGRAM.read_bytes()]
    yield "verify_receipt.html", [PAGE.read_bytes()]
    together: dict[str, list[dict[str, Any]]] = {}
    for table in tables(member):
        if table.short:
            rows = [tuple(map(_plain, row)) for row in table.rows]
            together[table.name] = [dict(zip(table.columns, row, strict=True)) for row in rows]
            yield f"{table.name}.csv", _as_csv(Table(table.name, table.columns, rows))
        else:
            yield f"{table.name}.csv", _as_csv(table)
    yield "records.json", [json.dumps(together, ensure_ascii=False, indent=1).encode()]
    head = latest_head(member.community_id)
    for tenure in tenures(member) if head is not None else []:
        assert head is not None
        yield from _receipts(tenure, head)


def _readme() -> str:
    return _(
        "All that the site holds about you and the homes that you look after.\n\n"
        "records.json holds everything that is short; each table is a CSV file besides. Times are in UTC; "
        "energies in Wh, prices in µ€/kWh, money in n€ (a thousand millionth of a euro) or cents, "
        "as the columns say.\n\n"
        "receipts holds the proof of each settled slot. Check one of them without any network:\n"
        "python3 verify_receipt.py receipts/HOME/SLOT\n"
    )


def _as_csv(table: Table) -> Iterator[bytes]:
    text = io.StringIO()
    write_csv(text, table.columns, ())
    for row in table.rows:
        write_csv(text, (), [map(_plain, row)])
        if text.tell() >= PART_BYTES:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _plain(value: Any) -> Any:
    """A value as files hold it."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, (date, UUID)):
        return str(value)
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def _receipts(tenure: Tenure, head: LogHead) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The receipts of a home's leaves under the head; those of a destroyed key open nothing and are left out."""
    home = tenure.home
    keys, tiles, cosigned = keys_to(home.pk), tiles_of(home.community_id), head.cosigned
    signed = Signed.by(head)
    before: LogLeaf | None = None
    for leaves in _in_parts(leaves_of(tenure).filter(seq__lt=head.size).iterator(AT_ONCE)):
        behind = evidence([leaf.settled.settlement.slot for leaf in leaves if leaf.settled], [home.pk])
        for leaf in leaves:
            follows = before is not None and before.number == (leaf.number or 0) - 1
            previous = link(before.entry) if before is not None and follows else previous_of(leaf)
            before = leaf
            proof = merkle.inclusion_proof(leaf.seq, head.size, tiles)
            receipt = Receipt(leaf.seq, tuple(proof), cosigned)
            try:
                files = files_of(leaf, Behind(keys, behind, previous), receipt, signed)
            except NoReceipt:
                continue
            for name, content in files.items():
                yield f"{_folder(home, leaf)}/{name}", [content]


def _folder(home: Household, leaf: LogLeaf) -> str:
    """Where a leaf's receipt lies; of what was settled or stated again, each has its own."""
    if leaf.statement is not None:
        again = f"-{leaf.statement.version}" if leaf.statement.version > 1 else ""
        return f"receipts/{home.pk}/{leaf.statement.month:%Y-%m}{again}"
    assert leaf.settled is not None
    settlement = leaf.settled.settlement
    again = f"-{settlement.revision}" if settlement.revision > 1 else ""
    return f"receipts/{home.pk}/{slot_name(settlement.slot).replace(':', '')}{again}"


def _in_parts(leaves: Iterable[LogLeaf]) -> Iterator[Sequence[LogLeaf]]:
    part: list[LogLeaf] = []
    for leaf in leaves:
        part.append(leaf)
        if len(part) == AT_ONCE:
            yield part
            part = []
    yield part
