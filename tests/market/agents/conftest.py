"""Homes to decide for: a summer working day in Valencia, with sun at noon and dear evenings."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from market.agents import Battery, Mandate, Observation, local_times

START = datetime(2026, 6, 1, 22, tzinfo=UTC)  # midnight in Valencia
IMPORT = {"P1": 229_000, "P2": 159_000, "P3": 117_000}
FEED_IN = 55_000
MADRID = ZoneInfo("Europe/Madrid")


def period(hour):
    if hour < 8:
        return "P3"
    return "P1" if 10 <= hour < 14 or 18 <= hour < 22 else "P2"


@pytest.fixture(scope="session")
def observe():
    """Build an observation that starts at a local hour; `net` maps local hours to Wh per quarter."""

    def build(hour=0, *, net=None, price=None, pv=True, battery=None, slots=96, **changes):
        hours = [(hour + i // 4) % 24 for i in range(slots)]
        shape = net or {h: 150 - (pv and 9 <= h < 18) * 700 for h in range(24)}
        periods = tuple(period(h) for h in hours)
        starts = [START + timedelta(hours=hour, minutes=15 * i) for i in range(slots)]
        values = {
            "household_id": 1,
            "start": starts[0],
            "slot_minutes": 15,
            "net_load_wh": tuple(shape.get(h, 100) for h in hours),
            "import_ueur_kwh": tuple(IMPORT[p] for p in periods),
            "feed_in_ueur_kwh": (FEED_IN,) * slots,
            "period": periods,
            "price_ueur_kwh": (price,) * slots,
            "grid_fee_ueur_kwh": 5_000,
            "mandate": Mandate(),
            "local": local_times(starts, MADRID, lambda day: day.weekday() >= 5),
            "batteries": () if battery is None else (battery,),
        }
        return Observation(**{**values, **changes})

    return build


@pytest.fixture(scope="session")
def battery():
    def build(soc_wh, **changes):
        figures = {
            "id": 7,
            "capacity_wh": 10_000,
            "charge_w": 4_000,
            "discharge_w": 4_000,
            "efficiency_ppm": 950_000,
        }
        return Battery(**{**figures, **changes}, soc_wh=soc_wh)

    return build
