"""What an agent may look at before it orders: public prices and its own home, nothing of the neighbours."""

from dataclasses import dataclass
from datetime import datetime

from market.agents.devices import Battery, EvCharger
from market.agents.mandate import Mandate


@dataclass(frozen=True, slots=True)
class Observation:
    """A home at gate closure. All tuples have one entry per slot, from the slot in question on.

    `net_load_wh` is the forecast of consumption less PV without the steered devices (positive is need).
    Prices are in µ€/kWh; `price_ueur_kwh` is the community's typical price in that slot, None if unknown.
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
