"""The rules of sharing, and where each is law.

Sources: RD 244/2019 Annex I (ES); ElWOG 2010 §16 and ElWG (AT); Code de l'énergie D315-4 (FR); DM CACER 414/2023
(IT); DL 15/2022 and ERSE 815/2023 (PT); EnWG §42b and §42c (DE).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from market.settlement.apportion import apportion

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Fixed shares of the production (β, in millionths, one a member), whatever anybody consumes."""

    beta_ppm: tuple[int, ...]

    def __post_init__(self) -> None:
        if sum(self.beta_ppm) != MILLION or min(self.beta_ppm, default=0) < 0:
            raise ValueError("Coefficients must not be negative and must add up to one million millionths.")

    def share(self, production_wh: int, consumption_wh: Sequence[int]) -> list[int]:
        """By β; leftovers to the largest remainders."""
        return apportion(production_wh, self.beta_ppm)


@dataclass(frozen=True, slots=True)
class Equal:
    """The same to each."""

    def share(self, production_wh: int, consumption_wh: Sequence[int]) -> list[int]:
        """Equal parts; leftovers to the first."""
        return apportion(production_wh, [1] * len(consumption_wh))


@dataclass(frozen=True, slots=True)
class Proportional:
    """In proportion to consumption; what is left over once all are served goes by β, or equally without."""

    beta_ppm: tuple[int, ...] = ()

    def share(self, production_wh: int, consumption_wh: Sequence[int]) -> list[int]:
        """As much to each as it consumes in proportion, never more while another is short."""
        if production_wh <= sum(consumption_wh):
            return apportion(production_wh, consumption_wh)
        return _served(production_wh, consumption_wh, self.beta_ppm)


@dataclass(frozen=True, slots=True)
class Hybrid:
    """By β first; parts that members cannot use go to those still short, in proportion to what they lack."""

    beta_ppm: tuple[int, ...]

    def share(self, production_wh: int, consumption_wh: Sequence[int]) -> list[int]:
        """As by coefficients where everybody uses its part."""
        given = apportion(production_wh, self.beta_ppm)
        unused = [max(part - used, 0) for part, used in zip(given, consumption_wh, strict=True)]
        lacking = [max(used - part, 0) for part, used in zip(given, consumption_wh, strict=True)]
        moved = min(sum(unused), sum(lacking))
        gives, takes = apportion(moved, unused), apportion(moved, lacking)
        return [part - less + more for part, less, more in zip(given, gives, takes, strict=True)]


@dataclass(frozen=True, slots=True)
class Cascade:
    """Groups of members by place, one after the other: each group is served in proportion to its ratios, and again
    among those still short; the rest goes by β, or equally without.
    """

    groups: tuple[tuple[int, ...], ...]
    ratios: tuple[int, ...] = ()
    beta_ppm: tuple[int, ...] = ()

    def share(self, production_wh: int, consumption_wh: Sequence[int]) -> list[int]:
        """The first group first."""
        members = [i for group in self.groups for i in group]
        if sorted(members) != list(range(len(consumption_wh))):
            raise ValueError("Every member stands in exactly one group.")
        given, left = [0] * len(consumption_wh), production_wh
        for group in self.groups:
            due = [consumption_wh[i] for i in group]
            weights = [self.ratios[i] for i in group] if self.ratios else due
            for i, part in zip(group, water_filled(min(left, sum(due)), due, weights), strict=True):
                given[i] += part
                left -= part
        extra = _by_beta(left, len(given), self.beta_ppm)
        return [part + more for part, more in zip(given, extra, strict=True)]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A key for each pair of producer and consumer: `keys_ppm[producer][member]`, each producer's in millionths.

    Producers' parts of the production are `parts_wh` for one interval; keys need not add up to a whole: what a
    producer promised nobody goes to all by consumption, then equally.
    """

    keys_ppm: tuple[tuple[int, ...], ...]
    parts_wh: tuple[int, ...]

    def __post_init__(self) -> None:
        if any(sum(keys) > MILLION or min(keys, default=0) < 0 for keys in self.keys_ppm):
            raise ValueError("A producer's keys must not be negative nor add up to more than one million.")

    def share(self, production_wh: int, consumption_wh: Sequence[int]) -> list[int]:
        """Each producer's part by its own keys."""
        if sum(self.parts_wh) != production_wh or len(self.parts_wh) != len(self.keys_ppm):
            raise ValueError("The producers' parts must add up to the production.")
        given, free = [0] * len(consumption_wh), 0
        for part_wh, keys in zip(self.parts_wh, self.keys_ppm, strict=True):
            *promised, rest = apportion(part_wh, [*keys, MILLION - sum(keys)])
            given = [before + more for before, more in zip(given, promised, strict=True)]
            free += rest
        lacking = [max(used - part, 0) for part, used in zip(given, consumption_wh, strict=True)]
        extra = Proportional().share(free, lacking) if free else [0] * len(given)
        return [part + more for part, more in zip(given, extra, strict=True)]


@dataclass(frozen=True, slots=True)
class Matched:
    """What the market matched to each member first, then the rest by β."""

    matched_wh: tuple[int, ...]
    beta_ppm: tuple[int, ...] = ()

    def share(self, production_wh: int, consumption_wh: Sequence[int]) -> list[int]:
        """Matches never exceed the production; a market that matched more is scaled down."""
        matched = list(self.matched_wh)
        if sum(matched) > production_wh:
            matched = apportion(production_wh, matched)
        extra = _by_beta(production_wh - sum(matched), len(matched), self.beta_ppm)
        return [part + more for part, more in zip(matched, extra, strict=True)]


Rule = Coefficients | Equal | Proportional | Hybrid | Cascade | Pairs | Matched


def to_the_others(count: int) -> tuple[tuple[int, ...], ...]:
    """Each producer's keys: the same for every other home, none for itself."""
    rows = []
    for own in range(count):
        others = apportion(MILLION, [1] * (count - 1))
        rows.append((*others[:own], 0, *others[own:]))
    return tuple(rows)


class RuleFacts(NamedTuple):
    """A rule by its name: the minutes it counts in, where it is law, and whether it can be exported to the Spanish
    distributor (only coefficients fixed beforehand can).
    """

    name: str
    minutes: int
    legal_in: tuple[str, ...]
    exportable: bool = False


RULES = (
    RuleFacts("static", 60, ("ES", "AT", "FR", "PT", "DE"), exportable=True),
    RuleFacts("hourly", 60, ("ES",), exportable=True),
    RuleFacts("equal", 15, ("DE",)),
    RuleFacts("proportional", 15, ("AT", "FR")),
    RuleFacts("hybrid", 30, ("FR",)),
    RuleFacts("cascade", 30, ("FR",)),
    RuleFacts("pairs", 30, ("FR",)),
    RuleFacts("market", 15, ()),
)


def allocate(production_wh: int, consumption_wh: Sequence[int], rule: Rule) -> list[int]:
    """What each member is given of `production_wh`, whole Wh that add up to it; no part is negative.

    Raises ValueError for energies below zero, no members, or a rule that does not fit them.

    >>> allocate(3_000, [400, 2_000, 1_200], Coefficients((500_000, 300_000, 200_000)))
    [1500, 900, 600]
    """
    if production_wh < 0 or min(consumption_wh, default=-1) < 0:
        raise ValueError("Production and consumption must not be negative, and there must be members.")
    given = rule.share(production_wh, consumption_wh)
    if len(given) != len(consumption_wh) or sum(given) != production_wh or min(given) < 0:
        raise ValueError("The rule does not fit these members.")
    return given


def water_filled(total: int, most: Sequence[int], weights: Sequence[int]) -> list[int]:
    """Split `total` by weights, nobody beyond its `most`; what one cannot take goes to the others by theirs.

    `total` is at most the sum of `most`; members without weight are served last, equally.

    >>> water_filled(100, [10, 80, 80], [1, 1, 1])
    [10, 45, 45]
    """
    given = [0] * len(most)
    while (left := total - sum(given)) > 0:
        open_ = [i for i in range(len(most)) if given[i] < most[i]]
        shares = [weights[i] for i in open_]
        for i, part in zip(open_, apportion(left, shares if any(shares) else [1] * len(open_)), strict=True):
            given[i] += min(part, most[i] - given[i])
    return given


def _served(production_wh: int, consumption_wh: Sequence[int], beta_ppm: Sequence[int]) -> list[int]:
    extra = _by_beta(production_wh - sum(consumption_wh), len(consumption_wh), beta_ppm)
    return [used + more for used, more in zip(consumption_wh, extra, strict=True)]


def _by_beta(energy_wh: int, members: int, beta_ppm: Sequence[int]) -> list[int]:
    return apportion(energy_wh, beta_ppm or [1] * members)
