"""Which of a dial's many registers are worth keeping: those on both sides of every boundary."""

from datetime import datetime

Dial = tuple[int, str]  # metering point and channel
Register = tuple[datetime, int]


class Dials:
    """Remembers the last register of every dial. What lies between two boundaries says nothing more."""

    def __init__(self) -> None:
        self._last: dict[Dial, tuple[Register, bool]] = {}

    def news(self, dial: Dial, at: datetime, register_wh: int, minutes: int) -> list[Register]:
        """Registers to keep now that this one is heard: the first ever, and around each boundary its two."""
        before = self._last.get(dial)
        found = (at, register_wh)
        if before is not None and at <= before[0][0]:
            return [found]  # late: it may fill a gap
        crossed = before is None or _interval(before[0][0], minutes) != _interval(at, minutes)
        self._last[dial] = (found, crossed)
        if not crossed:
            return []
        return [found] if before is None or before[1] else [before[0], found]

    def rest(self) -> list[tuple[Dial, Register]]:
        """The last registers that are not kept yet, for when the listener ends."""
        return [(dial, last) for dial, (last, kept) in self._last.items() if not kept]


def _interval(at: datetime, minutes: int) -> int:
    return int(at.timestamp() // (minutes * 60))
