"""A street lived by chance: whatever is lost, late, repeated or killed, the books hold and nothing stays undone.

`AZOTEA_DAYS=400 AZOTEA_SEED=7` lives longer and otherwise; `python -m tests.simulation --help` does it at length.
"""

import os

import pytest
from django.core.management import call_command

from market.models import Settlement, Trade
from tests.simulation.world import Broken, Simulation

pytestmark = pytest.mark.django_db(transaction=True)

SEED = int(os.environ.get("AZOTEA_SEED", "26"))
DAYS = int(os.environ.get("AZOTEA_DAYS", "2"))
MORNING = 0.6  # of a day: until the sun has been traded


@pytest.mark.timeout(86_400)
def test_a_street_lived_by_chance_keeps_its_books(tmp_path):
    print("seed", SEED)
    simulation = Simulation(SEED, tmp_path / "signer")

    counts = simulation.live(DAYS)

    assert Trade.objects.exists()
    assert Settlement.objects.filter(revision__gt=1).exists(), "no correction was lived"
    assert min(counts.killed, counts.heard) > 0
    assert Settlement.objects.filter(is_current=True).count() >= 20 * DAYS


def test_the_same_seed_lives_the_same(tmp_path):
    first = Simulation(3, tmp_path / "one")
    first.live(MORNING)
    told, traded = first.result(), Trade.objects.count()
    call_command("flush", interactive=False, verbosity=0)
    again = Simulation(3, tmp_path / "two")
    again.live(MORNING)

    assert traded
    assert again.result() == told


def test_it_notices_what_breaks_and_names_the_seed(tmp_path, monkeypatch):
    monkeypatch.setattr("market.services.settle._reverse", lambda *_: None)

    with pytest.raises(Broken, match="seed 26, 2026-10-2"):
        Simulation(26, tmp_path / "signer").live(4)
