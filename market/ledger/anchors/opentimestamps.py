"""OpenTimestamps: calendars collect digests and have Bitcoin's miners put one root of them into a block.

A calendar answers at once with a promise, and hours later with the steps into a block. That the block is in the
chain has to be looked up by whoever checks (`ots verify` with a node); this site does not ask anybody for it.
"""

import logging
from dataclasses import dataclass

from market.ledger.anchors.anchor import UNKNOWN, Ask, BadAnchor, Evidence, digest_of, good
from market.ledger.anchors.ots_file import PENDING, Attestation, Stamp, read_file, read_stamp, write_file

logger = logging.getLogger(__name__)
HEADERS = {"Accept": "application/vnd.opentimestamps.v1"}
# A calendar promises once for a digest; of one that promises more so many are asked for.
MOST_ASKED = 2
TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class OpenTimestamps:
    """The calendars that the operator named; one good answer is enough."""

    calendars: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Its name."""
        return "opentimestamps"

    @property
    def urls(self) -> tuple[str, ...]:
        """Whom it asks."""
        return self.calendars

    def submit(self, note: bytes, ask: Ask) -> Evidence:
        """Hand the digest to every calendar. Raises `BadAnchor` if none gave a good answer."""
        stamp = Stamp(digest_of(note))
        refusals: list[Exception] = []
        for calendar in self.calendars:
            try:
                reply = ask(f"{calendar}/digest", stamp.message, HEADERS | TYPE)
                stamp.merge(read_stamp(good(reply), stamp.message))
            # Whatever is the matter with one calendar, the next is asked.
            except Exception as error:
                logger.warning("%s gave no promise: %s", calendar, error)
                refusals.append(error)
        if len(refusals) == len(self.calendars):
            raise BadAnchor("; ".join(str(one) for one in refusals)[:200])
        return self.verify(note, write_file(stamp))

    def poll(self, note: bytes, content: bytes, ask: Ask) -> Evidence:
        """Ask the calendars for what they promised; those that are not among the named ones are not asked.

        One that is away keeps no other from being asked; raises what was wrong with the last if none answered.
        """
        stamp, heard, refusals = read_file(content), 0, list[Exception]()
        for one, promise in self._to_ask(stamp):
            calendar = promise.calendar.rstrip("/")
            try:
                reply = ask(f"{calendar}/timestamp/{one.message.hex()}", None, HEADERS)
                if reply.status != UNKNOWN:
                    one.merge(read_stamp(good(reply), one.message))
                heard += 1
            # As when handing in: whatever is the matter with one.
            except Exception as error:
                logger.warning("%s said nothing of what it promised: %s", calendar, error)
                refusals.append(error)
                continue
            if _block(one) is not None:
                one.said.discard(promise)
        if refusals and not heard:
            raise refusals[-1]
        return self.verify(note, write_file(stamp))

    def _to_ask(self, stamp: Stamp) -> list[tuple[Stamp, Attestation]]:
        """Promises of the named calendars: one of each first, and few of one that promised much."""
        found: dict[str, list[tuple[Stamp, Attestation]]] = {}
        for one in stamp.all():
            for promise in sorted(said for said in one.said if said.tag == PENDING):
                found.setdefault(promise.calendar.rstrip("/"), []).append((one, promise))
        own = [found[calendar][:MOST_ASKED] for calendar in sorted(found) if calendar in self.calendars]
        return [promises[place] for place in range(MOST_ASKED) for promises in own if place < len(promises)]

    def verify(self, note: bytes, content: bytes) -> Evidence:
        """Check that the file's steps begin with the head. Raises `BadAnchor`."""
        stamp = read_file(content)
        if stamp.message != digest_of(note):
            raise BadAnchor("The file is of another head.")
        block = _block(stamp)
        calendars = sorted({said.calendar for one in stamp.all() for said in one.said} - {""})
        place = ", ".join(calendars)[:200] if block is None else f"Bitcoin {block}"
        return Evidence(content, block is not None, place)


def _block(stamp: Stamp) -> int | None:
    """The first block of Bitcoin that a stamp leads to."""
    blocks = [said.block for one in stamp.all() for said in one.said]
    return min((block for block in blocks if block is not None), default=None)
