"""The examples of docs/api.md do what they say."""

import os
import re
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest

from community.services.devices import StateReport, record_states
from market.models import Acknowledgement
from market.queries.plan import cleared_plan
from market.services.agents import place_orders
from market.services.clear import clear_slot
from metering.models import Equipment, Reading
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


def test_the_examples_run_against_a_real_site(live_server):
    home = make.home(make.community(), "Ana", make.tariff())
    for number in range(4):  # sums are of five homes at least
        make.home(home.community, f"Casa {number}", home.contracts.get().tariff)
    place = {"SITE": live_server.url, "METER": str(make.meter(home).public_id), "TOKEN": make.token(home)}
    place |= suggested(home)

    with (
        patch("metering.api.views.now", lambda: make.NOON + make.QUARTER * 4),
        patch("metering.api.authentication.now", lambda: make.NOON),
        patch("metering.api.files.now", lambda: make.NOON),
        patch("metering.api.completeness.now", lambda: make.NOON + make.QUARTER * 4),
        patch("market.api.plan.now", lambda: make.NOON),
        patch("market.api.acknowledgements.now", lambda: make.NOON),
    ):
        printed = [run(block, place) for block in blocks("sh")]
        uploaded, table, read, filed, month, reported, plan, answered, full = printed
        exec(blocks("python")[0], place)

    assert '"created":2' in uploaded
    assert '"created":1' in table
    assert '"energy_wh":1000' in read
    assert '"state":"waiting"' in filed
    assert '"present":2' in month
    assert reported == ""
    assert Equipment.objects.get().firmware == "8.3.5167"
    assert '"congested_minutes":0' in full
    assert f'"version":"{place["VERSION"]}"' in plan
    assert '"created":1' in answered
    assert Acknowledgement.objects.get().energy_wh == 250
    assert Reading.objects.count() == 4


def suggested(home):
    """A battery with a set-point for the slot of the examples."""
    battery = make.battery(home)
    record_states([StateReport(battery.pk, make.NOON - 2 * make.QUARTER, soc_wh=5_000)])
    slot = make.slot(home.community)
    place_orders(slot_id=slot.pk, at=slot.gate_closure - make.QUARTER)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    (plan,) = cleared_plan(home.pk, home.community_id, slot.start, slot.end)
    return {"DEVICE": str(battery.pk), "VERSION": plan.version}


def run(block: str, place: dict[str, str]) -> str:
    """What a block's commands print; the variables are the environment's."""
    command = block.replace("curl ", "curl --silent --fail-with-body ")
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, env={**os.environ, **place}
    )
    return done.stdout
