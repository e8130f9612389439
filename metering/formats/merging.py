"""Lines that say the same interval twice: the better quality stays, among equals the later line."""

from collections.abc import Iterable

from metering.formats.facts import Interval

# The better quality replaces the worse, never the other way round.
RANK = {"measured": 5, "manual": 4, "calculated": 3, "substituted": 2, "estimated": 1, "profiled": 1}


def merge(intervals: Iterable[Interval]) -> tuple[list[Interval], int, int]:
    """One interval per supply and start, in their order; how many lines only repeated, how many differed.

    An empty cell never replaces a filled one.
    """
    kept: dict[tuple[str, object], Interval] = {}
    duplicates = conflicts = 0
    for interval in intervals:
        key = (interval.cups, interval.start)
        before = kept.get(key)
        if before is None:
            kept[key] = interval
        elif (before.energies, before.quality) == (interval.energies, interval.quality):
            duplicates += 1
        else:
            conflicts += 1
            kept[key] = _better(before, interval)
    return sorted(kept.values(), key=lambda one: (one.cups, one.start)), duplicates, conflicts


def _better(before: Interval, after: Interval) -> Interval:
    winner, other = (before, after) if RANK[after.quality] < RANK[before.quality] else (after, before)
    pairs = list(zip(winner.energies, other.energies, strict=True))
    if not any(mine is None and theirs is not None for mine, theirs in pairs):
        return winner
    if all(mine is None or mine == theirs for mine, theirs in pairs):
        return other
    # Figures of both lines stand together now: they are as good as the worse.
    filled = [theirs if mine is None else mine for mine, theirs in pairs]
    worse = min(winner.quality, other.quality, key=RANK.__getitem__)
    return winner._replace(energies=(filled[0], filled[1], filled[2], filled[3]), quality=worse)
