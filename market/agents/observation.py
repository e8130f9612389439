"""What an agent may look at before it orders: public prices and its own home, nothing of the neighbours."""

from dataclasses import dataclass, field
from datetime import datetime

from market.agents.devices import Battery, Curtailable, EvCharger
from market.agents.hours import LocalTime
from market.agents.mandate import Mandate
from market.agents.policy.guide import Guided
from market.agents.terms import SlotTerms, terms_ahead


@dataclass(frozen=True, slots=True)
class Observation:
    """A home at gate closure. All tuples have one entry per slot, from the slot in question on.

    `net_load_wh` is the forecast of consumption less PV without the steered devices (positive is need).
    Prices are in µ€/kWh; `price_ueur_kwh` is the community's typical price in that slot, None if unknown.
    `local` places the slots on the wall clock; it may be empty for a mandate without hours of the owner's own.
    `guided` is what the street's public signals come to here, if there are any. `terms` follow: what the mandate
    comes to in each slot.
    Raises ValueError if lengths differ, an instant has no zone or a retailer pays more than it charges.
    """

    household_id: int
    start: datetime
    slot_minutes: int
    net_load_wh: tuple[int, ...]
    import_ueur_kwh: tuple[int, ...]
    feed_in_ueur_kwh: tuple[int, ...]
    period: tuple[str, ...]
    price_ueur_kwh: tuple[int | None, ...]
    grid_fee_ueur_kwh: int
    mandate: Mandate
    batteries: tuple[Battery, ...] = ()
    ev_chargers: tuple[EvCharger, ...] = ()
    loads: tuple[Curtailable, ...] = ()
    local: tuple[LocalTime, ...] = ()
    guided: Guided | None = None
    terms: tuple[SlotTerms, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        slots = len(self.net_load_wh)
        series = (self.import_ueur_kwh, self.feed_in_ueur_kwh, self.period, self.price_ueur_kwh)
        if not slots or any(len(values) != slots for values in series):
            raise ValueError("The forecast, prices and periods must cover the same slots, at least one.")
        if self.start.tzinfo is None:
            raise ValueError("The start of a slot must be an aware instant.")
        if self.slot_minutes <= 0:
            raise ValueError("A slot must take time.")
        if any(map(int.__gt__, self.feed_in_ueur_kwh, self.import_ueur_kwh)):
            raise ValueError("The feed-in price must not be above the import price.")
        if self.grid_fee_ueur_kwh < 0:
            raise ValueError("The grid fee must not be negative.")
        if len(self.local) not in ({slots} if self.mandate.has_own_hours else {0, slots}):
            raise ValueError("Local times must cover the same slots, and own hours need them.")
        terms = terms_ahead(self.mandate, self.start, self.slot_minutes, self.period, self.local)
        object.__setattr__(self, "terms", terms)

    @property
    def trades(self) -> bool:
        """Whether the mandate lets the agent order in the first slot at all: neither paused nor expired."""
        return self.mandate.trades_in(self.start, self.slot_minutes)

    @property
    def slots_today(self) -> int:
        """Slots from the first on that start on its local day; all of them if local times are not known."""
        if not self.local:
            return len(self.net_load_wh)
        today = self.local[0].day
        return sum(local.day == today for local in self.local)
