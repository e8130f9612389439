"""What countries compute around an allocation: Austria's participation, Italy's incentive, France's keys."""

from collections.abc import Sequence
from typing import NamedTuple

from market.settlement.allocation.rules import Coefficients, Proportional, allocate, water_filled
from market.settlement.apportion import apportion

PER_MILLE_PPM = 1_000


class Participation(NamedTuple):
    """An Austrian interval, Wh: what members consume in this community (G.01T), what stands ready for each (G.02),
    what of it is covered (G.03), and what each producer has left over (P.01T).
    """

    counted_wh: list[int]
    ready_wh: list[int]
    covered_wh: list[int]
    left_wh: list[int]


def austria(
    produced_wh: Sequence[int],
    consumed_wh: Sequence[int],
    factors_pct: Sequence[int],
    beta_ppm: tuple[int, ...] = (),
) -> Participation:
    """One quarter of an hour of an Austrian community, dynamic or, with β, static.

    `factors_pct` is the part of each member's consumption that takes part here, 1 to 100. Static parts that a
    member cannot use go to the grid; dynamic ones go by consumption. Raises ValueError for other factors.

    >>> austria([1_000], [1_000, 3_000], [100, 50]).covered_wh
    [400, 600]
    """
    if any(not 1 <= factor <= 100 for factor in factors_pct):
        raise ValueError("A participation factor is 1 to 100 percent.")
    counted = [used * factor // 100 for used, factor in zip(consumed_wh, factors_pct, strict=True)]
    total = sum(produced_wh)
    rule = Coefficients(beta_ppm) if beta_ppm else Proportional()
    ready = allocate(total, counted, rule)
    covered = [min(part, used) for part, used in zip(ready, counted, strict=True)]
    used_of = apportion(sum(covered), produced_wh) if total else [0] * len(produced_wh)
    left = [own - used for own, used in zip(produced_wh, used_of, strict=True)]
    return Participation(counted, ready, covered, left)


def italy_shared(injected_wh: Sequence[int], withdrawn_wh: Sequence[int]) -> int:
    """Energy shared in an hour under one primary substation, Wh: the lesser of all injected and all withdrawn.

    >>> italy_shared([3_000], [400, 2_000, 1_200])
    3000
    """
    return min(sum(injected_wh), sum(withdrawn_wh))


# Fixed part and cap of the incentive by the plant's power, €/MWh (DM CACER 414/2023).
TIP = ((200_000, 80, 120), (600_000, 70, 110), (1_000_000, 60, 100))


def italy_tip_ueur_kwh(plant_w: int, zonal_price_ueur_kwh: int) -> int:
    """The incentive for a shared kWh, µ€/kWh: fixed part plus what the zonal price lacks of 180 €/MWh, capped.

    Zonal supplements and ARERA's refund are not in it. Raises ValueError beyond 1 MW.

    >>> italy_tip_ueur_kwh(100_000, 100_000), italy_tip_ueur_kwh(100_000, 200_000)
    (120000, 80000)
    """
    for most_w, fixed, cap in TIP:
        if plant_w <= most_w:
            return min(cap * 1_000, fixed * 1_000 + max(180_000 - zonal_price_ueur_kwh, 0))
    raise ValueError("The incentive ends at 1 MW a plant.")


def italy_split(premium_neur: int, shares: Sequence[int]) -> list[int]:
    """The premium of a month by the statute's shares, n€, exact."""
    return apportion(premium_neur, shares)


def france_keys(wishes_ppm: Sequence[int]) -> list[int]:
    """An organiser's keys as the distributor takes them: rounded down to a tenth of a percent, up to 100 % in all.

    Raises ValueError where they add up to more.

    >>> france_keys([333_333, 333_333, 333_334])
    [333000, 333000, 333000]
    """
    if sum(wishes_ppm) > 1_000_000 or min(wishes_ppm, default=0) < 0:
        raise ValueError("Keys must not be negative nor add up to more than 100 %.")
    return [wish // PER_MILLE_PPM * PER_MILLE_PPM for wish in wishes_ppm]


def germany(production_wh: int, consumption_wh: Sequence[int], shares: Sequence[int] = ()) -> list[int]:
    """§42b, §42c EnWG: by the contract's key, equally without one, nobody beyond its consumption.

    Answers what each member is given; what is left of the production is fed in.

    >>> germany(1_000, [100, 2_000], [1, 1])
    [100, 900]
    """
    weights = list(shares) or [1] * len(consumption_wh)
    return water_filled(min(production_wh, sum(consumption_wh)), consumption_wh, weights)
