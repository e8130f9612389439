"""The log: proofs from a million leaves, the size of a receipt, what settling costs with it, tampering.

    .venv/bin/python -m benchmarks.ledger [LEAVES] [TRIALS]

`ledger_ratio` is how many slots are settled in the same time with the log as without it, in interleaved rounds.
Tampering flips a bit of a receipt or of its entry; a trial that still proves something else counts as undetected.
"""

import json
import os
import platform
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

LEAVES, TRIALS, PROOFS, ROUNDS = 1_000_000, 15_000, 2_000, 15
# Homes of a street, and how many of its slots are settled in one transaction.
STREETS = {12: 60, 100: 20}


def proofs(leaves: int) -> tuple[float, float, float]:
    """Milliseconds of a proof read from tiles (median, 99th of a hundred); seconds to hash all entries anew."""
    from market.ledger import merkle
    from market.ledger.leaves import home_leaf
    from market.ledger.merkle import leaf_hash
    from market.ledger.tiles import appended
    from market.models import LogTile
    from market.queries.log import tiles_of, tiles_of_entry
    from tests import factories as make

    street = make.community(slug="million", name="Million")
    entries = [home_leaf("2026-11-23T11:00Z", f"{number:064x}") for number in range(leaves)]
    begun = time.perf_counter()
    tiles = appended([leaf_hash(entry) for entry in entries], 0, lambda *_place: b"")
    audited = time.perf_counter() - begun
    LogTile.objects.bulk_create(
        [LogTile(community=street, level=level, place=place, data=data) for (level, place), data in tiles.items()],
        batch_size=500,
    )
    root = merkle.root(leaves, tiles_of(street.pk))
    chance, times = random.Random(1), []
    for _proof in range(PROOFS):
        index = chance.randrange(leaves)
        begun = time.perf_counter()
        proof = merkle.inclusion_proof(index, leaves, tiles_of_entry(street.pk, index, leaves))
        times.append((time.perf_counter() - begun) * 1e3)
        assert merkle.proves_inclusion(index, leaves, leaf_hash(entries[index]), proof, root)
    return statistics.median(times), statistics.quantiles(times, n=100)[98], audited


def settling(size: int, batch: int) -> tuple[float, float]:
    """Slots a second with the log, and how many times as many that is as without it.

    In every slot half of the homes sell a kWh to the other half: as many trades as homes.
    """
    from market.services.settle import settle_slots
    from tests import factories as make

    street, offer = make.community(slug=f"calle-{size}", name=f"Calle {size}"), make.tariff(f"Luz {size}")
    homes = [make.home(street, f"Home {size}/{i}", offer) for i in range(size)]
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(ROUNDS * 2):
        with_log = number % 2 == 0
        slots = traded(street, homes, make.NOON + timedelta(minutes=15 * number * batch), batch)
        at = slots[-1].end + timedelta(days=1)
        begun = time.perf_counter()
        if with_log:
            settle_slots(community=street, slot_ids=[one.pk for one in slots], at=at)
        else:
            with patch("market.services.log.append"):
                settle_slots(community=street, slot_ids=[one.pk for one in slots], at=at)
        times[with_log].append((time.perf_counter() - begun) / batch)
    fast, slow = statistics.median(times[False]), statistics.median(times[True])
    return 1 / slow, fast / slow


def traded(street: Any, homes: Sequence[Any], first: datetime, count: int) -> list[Any]:
    """Cleared slots with their readings, each as it was traded."""
    from metering.services.readings import ReadingRow, store_readings
    from tests import factories as make
    from tests.market.test_rent_and_pool import cleared

    starts = [first + timedelta(minutes=15 * i) for i in range(count)]
    trades = [(home, ("sell", "buy")[i % 2], 1_000, 100_000, 0, 0) for i, home in enumerate(homes)]
    slots = [cleared(street, trades, start) for start in starts]
    for i, home in enumerate(homes):
        moved = {"export": 1_000 if i % 2 == 0 else 0, "import": 1_000 if i % 2 else 0}
        store_readings(
            metering_point=make.meter(home),
            rows=[ReadingRow(channel, start, wh) for start in starts for channel, wh in moved.items()],
            source="api", content_sha256="0" * 64, at=slots[-1].end,
        )  # fmt: skip
    return slots


def receipts(trials: int, folder: Path) -> tuple[int, int]:
    """Bytes of a receipt, and how many of so many changed ones went unseen."""
    from community.models import Community
    from market.ledger.guard import Guard
    from market.ledger.notes import BadNote, VerifierKey
    from market.ledger.receipts import Receipt, proven
    from market.models import LogLeaf
    from market.services.log import sign_head
    from market.wording.receipts import receipt_of
    from tests import factories as make

    street = Community.objects.get(slug="calle-12")
    head = sign_head(community=street, keeper=Guard(folder / "signer"), at=make.NOON)
    assert head is not None
    leaf = LogLeaf.objects.filter(community=street, household__isnull=False).order_by("-seq")[5]
    text, entry, key = receipt_of(leaf, head).text.encode(), leaf.entry, VerifierKey.of(head.verifier_key)
    proven(Receipt.of(text.decode()), entry, key)
    chance, unseen = random.Random(2), 0
    for _trial in range(trials):
        parts = [bytearray(text), bytearray(entry)]
        one = chance.choice(parts)
        one[chance.randrange(len(one))] ^= 1 << chance.randrange(8)
        try:
            proven(Receipt.of(bytes(parts[0]).decode()), bytes(parts[1]), key)
        except (BadNote, UnicodeDecodeError):
            continue
        unseen += 1
    return len(text), unseen


def main() -> None:
    leaves, trials = (int(word) for word in [*sys.argv[1:], LEAVES, TRIALS][:2])
    folder = Path(tempfile.mkdtemp(prefix="azotea-ledger-"))
    from config.garbage import look_seldom
    from config.programs import embedded

    os.environ |= {"AZOTEA_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    os.environ |= embedded.start(folder, dies_with_us=True)
    try:
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        machine = platform.processor() or platform.machine()
        print(f"{machine}, {os.cpu_count()} cores, Python {platform.python_version()}")
        median, worst, audited = proofs(leaves)
        look_seldom()  # as every worker does
        print(f"proof from {leaves} leaves: {median:.2f} ms, 99th {worst:.2f} ms; all hashed in {audited:.1f} s")
        settled = {size: settling(size, batch) for size, batch in STREETS.items()}
        for homes, (rate, ratio) in settled.items():
            print(f"{homes} homes: {rate:.1f} slots, {rate * homes:.0f} trades a second with the log, "
                  f"{ratio:.2f} times as many as without")  # fmt: skip
        size, unseen = receipts(trials, folder)
        print(f"receipt of {size} bytes; {unseen} of {trials} changes unseen")
        figures = {
            "proof_p50_ms": (leaves, median), "proof_p99_ms": (leaves, worst), "audit_s": (leaves, audited),
            "ledger_ratio": (12, settled[12][1]), "ledger_ratio_100": (100, settled[100][1]),
            "trades_per_s": (100, settled[100][0] * 100),
            "receipt_bytes": (leaves, size), "tamper_undetected": (trials, unseen),
        }  # fmt: skip
        for figure, (n, value) in figures.items():
            print(json.dumps({"bench": "ledger", "figure": figure, "n": n, "value": round(value, 3)}))
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
