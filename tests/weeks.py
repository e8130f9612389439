"""A street with weeks of hourly readings behind it, for what learns from the past."""

from datetime import UTC, datetime, timedelta

import numpy as np

from community.models import Device, DeviceState, Member
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make

MONDAY = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # a Monday's midnight in Madrid
WEEK = 168
HOUR = timedelta(hours=1)
TINY = {"generations": 24, "population": 8, "weeks": 4, "step": 0.3}


def street(weeks=12, until=MONDAY, **fields):
    """Four homes: panels and battery, battery, panels, neither; metered by the hour until `until`."""
    community = make.community(slot_minutes=60, **fields)
    offer = make.tariff()
    admin = make.member(community, "Marta", Member.Role.ADMIN)
    homes = [make.home(community, f"Azahar {n}", offer, admin if n == 1 else None) for n in range(1, 5)]
    for home in homes[:2]:
        make.battery(home)
    for home in (homes[0], homes[2]):
        Device.objects.create(household=home, kind="pv", name="Placas", peak_w=4_000)
    live(homes, until - HOUR * WEEK * weeks, weeks)
    return community


def live(homes, first, weeks, seed=7):
    """Readings of so many weeks from `first` on; the same seed and first hour give the same."""
    loads = hourly(len(homes), WEEK * weeks, seed)
    for number, home in enumerate(homes):
        meter(home, first, loads[:, number])


def meter(home, first, net_wh):
    """Hourly readings of a home, `None` where the meter said nothing."""
    rows = []
    for hour, energy in enumerate(net_wh):
        if energy is not None:
            start, whole = first + HOUR * hour, round(float(energy))
            rows += [ReadingRow("import", start, max(whole, 0)), ReadingRow("export", start, max(-whole, 0))]
    store_readings(
        metering_point=make.meter(home),
        rows=rows,
        source="api",
        content_sha256="0" * 64,
        at=first + HOUR * len(net_wh),
        minutes=60,
    )


def hourly(homes, hours, seed=7):
    """Net load `[hour, home]`, Wh: evenings and mornings, and sun on the first and the third home."""
    chance = np.random.default_rng(seed)
    hour = np.arange(hours) % 24
    usual = 250 + 900 * ((hour >= 19) & (hour < 23)) + 350 * ((hour >= 7) & (hour < 9))
    load = usual[:, None] * chance.uniform(0.5, 1.5, (hours, homes))
    clear = np.repeat(chance.uniform(0.2, 1.0, hours // 24), 24)
    sun = 3_200 * clear * np.clip(np.sin(np.pi * (hour - 7) / 11), 0, None) * ((hour >= 7) & (hour <= 18))
    load[:, 0] -= sun
    load[:, 2] -= sun
    return load


def car(home, stays):
    """A charger whose car came, wanted so much energy (Wh) and should be ready, at the given instants."""
    charger = Device.objects.create(household=home, kind="ev_charger", name="Coche", charge_w=7_400)
    for came, need_wh, ready_by in stays:
        DeviceState.objects.create(device=charger, at=came, plugged_in=True, need_wh=need_wh, ready_by=ready_by)
        DeviceState.objects.create(device=charger, at=came + HOUR * 3, plugged_in=True, need_wh=0)
        DeviceState.objects.create(device=charger, at=ready_by, plugged_in=False, need_wh=0)
    return charger
