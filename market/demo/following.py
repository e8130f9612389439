"""How a simulated home takes a suggestion: as far as its battery, its car and its owner's reserve allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from community.models import Device
from market.agents import Battery, EvCharger, SimulatedHome

# A difference that no inverter would call one.
SLIGHT_WH = 25


@dataclass(frozen=True, slots=True)
class Followed:
    """What the devices will do, Wh by device: + take, − give (panels: held back), and the answers to send."""

    energy_wh: dict[int, int]
    answers: list[dict[str, Any]]


def follow(home: SimulatedHome, plan: Mapping[str, Any], reserve_pct: int, start: str) -> Followed:
    """Check each set-point against what is safe here: power, stored energy, and first the reserve."""
    energies: dict[int, int] = {}
    answers = []
    devices: Sequence[Mapping[str, Any]] = plan.get("devices", [])
    for asked in devices:
        able_wh, reason = _able(home, asked, reserve_pct)
        energies[asked["device"]] = able_wh
        answer = {"device": asked["device"], "start": start, "version": plan["version"], "answer": "accepted"}
        if abs(able_wh - asked["energy_wh"]) > SLIGHT_WH:
            answer |= {"answer": "changed" if able_wh else "refused", "energy_wh": able_wh, "reason": reason}
        answers.append(answer)
    return Followed(energies, answers)


def _able(home: SimulatedHome, asked: Mapping[str, Any], reserve_pct: int) -> tuple[int, str]:
    """The nearest safe energy (Wh) to what was asked, and what stands in the way of all of it."""
    if asked["kind"] == Device.Kind.BATTERY and home.battery is not None:
        return _battery_able(home.battery, asked["energy_wh"], reserve_pct, home.slot_minutes)
    if asked["kind"] == Device.Kind.EV_CHARGER and home.charger is not None:
        return _car_able(home.charger, asked["energy_wh"], home.slot_minutes)
    return asked["energy_wh"], ""


def _battery_able(battery: Battery, asked_wh: int, reserve_pct: int, minutes: int) -> tuple[int, str]:
    if asked_wh < 0:
        most_wh = battery.most_discharge_wh(minutes, battery.held_wh(reserve_pct))
        return -min(-asked_wh, most_wh), _("The reserve comes first.")
    return min(asked_wh, battery.most_charge_wh(minutes)), _("The battery takes no more.")


def _car_able(charger: EvCharger, asked_wh: int, minutes: int) -> tuple[int, str]:
    if not charger.plugged_in:
        return 0, _("No car is plugged in.")
    return min(max(asked_wh, 0), charger.most_wh(minutes)), _("The car needs no more.")
