"""Ten thousand communities and their months: sums exact, nobody worse off, caps and wallets held, corrections true."""

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest

from community.regulated import tolls_on
from market.settlement import Metered, SlotCase, SlotFacts, Terms, Traded, settle
from market.settlement.apportion import apportion
from market.settlement.bill import Contract, bill
from market.settlement.billing_period import Hour, parts_by_hours
from market.settlement.statement import balance_cents
from market.settlement.virtual_battery import Wallet, WalletTerms, live_month

SLOTS, MONTHS = 2, 2
FIRST = date(2026, 1, 1)
PIECES, EACH = 10, 1_000


@pytest.mark.parametrize("piece", range(PIECES))
def test_a_thousand_communities(piece):
    for number in range(EACH):
        live(Random(f"{piece}-{number}"))


def live(chance):
    """A community's slots with first and later readings, its cents, and one home's bills and wallet."""
    homes = range(chance.randint(2, 8))
    terms = tuple(
        Terms(
            home, chance.randint(90_000, 300_000), chance.randint(-20_000, 60_000), chance.randint(0, 90_000),
            chance.randint(60_000, 400_000), priority=chance.randint(0, 9), takes_part=chance.random() < 0.9,
        )
        for home in homes
    )  # fmt: skip
    cases = [case_of(chance, terms) for _slot in range(SLOTS)]
    first = [settle(case) for case in cases]
    later = [settle(read_again(chance, case)) if chance.random() < 0.5 else None for case in cases]
    for settled in (*first, *(one for one in later if one)):
        assert sum(posting.amount_neur for posting in settled.postings) == 0
        assert sum(posting.energy_wh for posting in settled.postings) == 0
        assert all(line.saving_neur >= 0 for line in settled.lines)
        for line in settled.lines:
            assert line.bought_wh <= line.import_wh
            assert line.sold_wh <= line.export_wh
    corrected(first, later)
    billed(chance)


def case_of(chance, terms):
    """A slot in which some homes sold to others at one price that suits all of them, and what meters saw."""
    fee = chance.choice([0, 2_000, 5_000])
    price = chance.randint(65_000, 85_000) + fee
    sides = [chance.choice(["sell", "buy", ""]) for _ in terms]
    sells = [i for i, side in enumerate(sides) if side == "sell"]
    buys = [i for i, side in enumerate(sides) if side == "buy"]
    sold, bought = [0] * len(terms), [0] * len(terms)
    if sells and buys:
        total = chance.randint(1, 5_000)
        for places, amounts in ((sells, sold), (buys, bought)):
            parts = apportion(total, [chance.randint(1, 9) for _ in places])
            for place, part in zip(places, parts, strict=True):
                amounts[place] = part
    facts = SlotFacts(
        price if sells and buys else None, fee, chance.choice([0, 0, 30, 40]), chance.choice(["equal", "need"])
    )
    traded = tuple(Traded(i, sold[i], bought[i]) for i in range(len(terms)))
    return SlotCase(facts, tuple(metered(chance, i, sides[i]) for i in range(len(terms))), traded, terms)


def metered(chance, home, side):
    energy = chance.randint(0, 4_000)
    if chance.random() < 0.05:
        return Metered(home, None, None)
    quality = "measured" if chance.random() < 0.9 else "estimated"
    return Metered(home, 0, energy, quality) if side == "sell" else Metered(home, energy, 0, quality)


def read_again(chance, case):
    rows = tuple(
        metered(chance, row.household_id, "sell" if row.export_wh else "buy") if chance.random() < 0.5 else row
        for row in case.metered
    )
    return SlotCase(case.facts, rows, case.traded, case.terms)


def corrected(first, later):
    """Entries, reversals and new entries come to what the newest readings say; so do cents, version by version."""
    books, truth = Counter(), Counter()
    for old, new in zip(first, later, strict=True):
        for sign, settled in ((1, old), (-1, old if new else None), (1, new)):
            for posting in settled.postings if settled else ():
                books[posting.account] += sign * posting.amount_neur
        for posting in (new or old).postings:
            truth[posting.account] += posting.amount_neur
    accounts = sorted(books.keys() | truth.keys(), key=str)
    assert [books[account] for account in accounts] == [truth[account] for account in accounts]
    cents = balance_cents([truth[account] for account in accounts])
    assert sum(cents) == 0
    assert all(abs(cent * 10**7 - truth[account]) < 10**7 for cent, account in zip(cents, accounts, strict=True))


def billed(chance):
    """A home's months at its retailer: the cap holds, nothing of surplus is lost but by the contract."""
    cap = chance.choice(["with_tolls", "without_tolls"])
    contract = Contract(
        (0, 0, 0), tolls_on(FIRST).power_ueur_kw_year, (4_600, 4_600), cap, chance.choice([0, 1_990_000])
    )
    rule = WalletTerms(chance.choice([1_000_000, 800_000]), chance.choice([None, 1, 2]))
    wallet, added, used, expired = Wallet(), 0, 0, 0
    for month in range(MONTHS):
        first = FIRST + timedelta(days=31 * month)
        hours = [
            Hour(
                first + timedelta(days=chance.randint(0, 27)), chance.randint(0, 2), chance.randint(0, 90_000),
                chance.randint(0, 120_000), chance.randint(-5_000, 350_000), chance.randint(-20_000, 90_000),
            )
            for _ in range(4)
        ]  # fmt: skip
        parts = parts_by_hours(first, first + timedelta(days=27), "peninsula", hours)
        found = bill(contract, parts)
        energy = sum(found[f"energy_p{i}"] for i in (1, 2, 3))
        assert 0 <= -found["compensation"] <= max(energy, 0)
        assert found.left_cents >= 0
        lived = live_month(wallet, month, max(found.total_cents, 0), found.left_cents, rule)
        wallet = lived.wallet
        added, used, expired = added + lived.added_cents, used + lived.used_cents, expired + lived.expired_cents
        assert 0 <= lived.used_cents <= max(found.total_cents, 0)
        assert wallet.balance_cents == added - used - expired >= 0
