"""What decides the settlement of one slot, and what comes out of it."""

from dataclasses import dataclass

MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Metered:
    """Energy at a household's meter in the slot, Wh; None where no reading came. The worst of their qualities."""

    household_id: int
    import_wh: int | None
    export_wh: int | None
    quality: str = MEASURED

    @property
    def estimated(self) -> bool:
        """Whether a better reading may still come."""
        return self.quality != MEASURED


@dataclass(frozen=True, slots=True)
class Traded:
    """What a household's orders sold and bought in the clearing: Wh, and in n€ what that brings and costs.

    `earned_neur` is net of the slot's grid fee, `paid_neur` includes it; None stands for all of it at the slot's
    price. The parts that pay for distance are inside: purchases pay `bought_distance_neur` more for it, sales
    bring `sold_distance_neur` less (either may be negative where energy eases a long way).
    """

    household_id: int
    sold_wh: int
    bought_wh: int
    earned_neur: int | None = None
    paid_neur: int | None = None
    sold_distance_neur: int = 0
    bought_distance_neur: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """A household's retailer prices and mandate in the slot, µ€/kWh, and whether it lets its agent trade.

    `priority` (0 to 9) weighs in a pool by need; a household that does not take part is left out of the pool.
    """

    household_id: int
    import_ueur_kwh: int
    feed_in_ueur_kwh: int
    min_sell_ueur_kwh: int
    max_buy_ueur_kwh: int
    may_buy: bool = True
    may_sell: bool = True
    priority: int = 0
    takes_part: bool = True


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """The slot's price (what a buyer pays, fee included; None without trades) and grid fee, µ€/kWh, and its pool.

    With prices by place or by order the price is the energy part, at which the true-up is shared. `pool_pct` of
    every gain goes into the pool, 0 to 40; `pool_rule` is equal or need.
    """

    price_ueur_kwh: int | None
    grid_fee_ueur_kwh: int = 0
    pool_pct: int = 0
    pool_rule: str = "equal"


@dataclass(frozen=True, slots=True)
class SlotCase:
    """Everything that decides the settlement of one slot: one row per household in each tuple, same order."""

    facts: SlotFacts
    metered: tuple[Metered, ...]
    traded: tuple[Traded, ...]
    terms: tuple[Terms, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A household's settled slot: Wh, µ€/kWh, and money in n€.

    `paid_neur` is what its purchases from neighbours cost, `earned_neur` what its sales brought, `shortfall_neur`
    what it gave up because undelivered trades left the slot short of money, `pool_neur` what it received from the
    common pool less what it gave. `baseline_neur` and `actual_neur` are what it owes in all, without neighbours
    and with them.
    """

    household_id: int
    missing: bool
    quality: str
    import_wh: int
    export_wh: int
    bought_wh: int
    sold_wh: int
    trueup_bought_wh: int
    trueup_sold_wh: int
    paid_neur: int
    earned_neur: int
    shortfall_neur: int
    pool_neur: int
    priority: int
    import_ueur_kwh: int
    feed_in_ueur_kwh: int
    baseline_neur: int
    actual_neur: int

    @property
    def saving_neur(self) -> int:
        """What the neighbourhood spared this household against its retailer alone; never negative."""
        return self.baseline_neur - self.actual_neur


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of the slot's entry: n€ that an account receives (+) or gives (−), for so many Wh."""

    account: tuple[str, int | None]
    amount_neur: int
    energy_wh: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The settlement of one slot. Its postings add up to zero."""

    lines: tuple[Line, ...]
    postings: tuple[Posting, ...]
    provisional: bool
