"""Hours and tariff periods of a mandate are checked by everybody: receipts' program, Proof, and the books' rule I4."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from unittest.mock import patch

import pytest

from community.tariffs import is_off_peak_day
from market.agents import HoursRule, local_times, terms_at
from market.agents import Mandate as MandateTerms
from market.agents.hours import PERIODS
from market.ledger.standalone import verify_receipt
from market.models import Order, Outcome, Slot, Trade
from market.queries.evidence import Evidence, beyond, clock_of, evidence, mandate_hash, plain_mandate
from market.queries.fsck import faults
from market.queries.log import latest_head
from market.services.log import sign_head
from market.services.mandates import give_mandate
from market.wording.receipts import as_zip
from tests import factories as make
from tests.market.ledger.conftest import NOW
from tests.market.ledger.test_log import leaf, unpacked
from tests.market.test_rent_and_pool import cleared, metered, usual

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_of_few")]
BEFORE = make.NOON - timedelta(hours=3)
NEVER = HoursRule(from_minute=720, to_minute=780, may_trade=False)
CHEAP = HoursRule(period="P1", max_buy_ueur_kwh=10_000)


def traded(street, homes, guard, tmp_path, **limits):
    """A receipt of the home whose agent buys at 0.09 €/kWh in a slot at noon, a Monday in P1."""
    for home in homes:
        give_mandate(household=home, given_by=None, at=BEFORE, **(limits if home == homes[1] else {}))
    cleared(street, usual(homes))
    metered(homes)
    sign_head(community=street, keeper=guard, at=NOW)
    for name, content in unpacked(as_zip(leaf(homes[1]), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    "limits",
    [{"hours": [NEVER]}, {"hours": [CHEAP]}, {"buy_periods": ["P2", "P3"]}],
    ids=["hours", "price", "period"],
)
def test_an_order_outside_the_owners_hours_is_a_breach_to_everybody(
    street, homes, guard, tmp_path, capsys, limits
):
    receipt = traded(street, homes, guard, tmp_path, **limits)

    assert verify_receipt.main(str(receipt)) == 1
    assert "BREACH: no mandate allowed this: buy 400 Wh at 90000" in capsys.readouterr().out
    slot = Slot.objects.get()
    assert evidence([slot], [homes[1].pk]).beyond(homes[1].pk, slot) == [["buy", 400, 90_000]]
    what = f"shows an order that home {homes[1].pk}'s mandate did not allow in slot {slot.pk}"
    assert list(faults(street)) == [f"I4 entry {leaf(homes[1]).seq} {what}"]


def test_an_order_within_the_owners_hours_is_none(street, homes, guard, tmp_path, capsys):
    later = HoursRule(from_minute=735, to_minute=720, may_trade=False)
    rest = HoursRule(days="rest", max_buy_ueur_kwh=1)
    receipt = traded(street, homes, guard, tmp_path, hours=[later, rest], buy_periods=["P1"])

    assert verify_receipt.main(str(receipt)) == 0
    assert "2026-11-23T12:00+01:00" in capsys.readouterr().out
    assert list(faults(street)) == []


def test_a_local_time_that_is_not_the_slots_is_wrong():
    mandate = plain_mandate(MandateTerms(hours=(NEVER,)))
    clock = {"local": "2026-11-23T13:00+01:00", "minutes": 15, "period": "P1", "rest": [False, True]}
    opening = {"mandate": mandate_hash(mandate), "orders": [], "slot": "2026-11-23T11:00Z", "clock": clock}

    with pytest.raises(verify_receipt.Wrong, match="local time"):
        verify_receipt.allowed(opening, mandate, None)


def test_entries_from_before_openings_stated_the_clock_still_open(street, homes, guard, tmp_path, capsys):
    with patch.object(Evidence, "clock_of", return_value=None):
        traded(street, homes, guard, tmp_path, hours=[HoursRule(days="rest", may_trade=False)])

    files = unpacked(as_zip(leaf(homes[1]), latest_head(street.pk)))

    assert "clock" not in json.loads(files["opening.json"])["opening"]
    assert verify_receipt.main(str(tmp_path)) == 0
    assert list(faults(street)) == []


def test_an_order_that_cites_rules_which_were_replaced_is_named_by_the_books(street, homes):
    old = give_mandate(household=homes[1], given_by=None, at=BEFORE, max_buy_ueur_kwh=300_000)
    give_mandate(household=homes[1], given_by=None, at=BEFORE + timedelta(hours=1), max_buy_ueur_kwh=200_000)
    other = give_mandate(household=homes[0], given_by=None, at=BEFORE)
    slot = make.slot(street, make.NOON)
    for home, side in ((homes[0], "sell"), (homes[1], "buy")):
        mandate = old if home == homes[1] else other
        order = Order.objects.create(
            slot=slot, household=home, mandate=mandate, side=side, kind="firm", energy_wh=400,
            limit_ueur_kwh=85_000, retailer_ueur_kwh=200_000, placed_at=slot.gate_closure,
        )  # fmt: skip
        Outcome.objects.create(order=order, slot=slot, local_wh=0, retailer_wh=400, reason="beaten")
    assert not Trade.objects.exists()

    found = [one for one in faults(street) if one.startswith("I4")]

    assert found == [f"I4 orders beyond their mandates: 1 ({order.pk})"]


STARTS = [
    datetime(2026, 3, 28, 22, 45, tzinfo=UTC),  # a Saturday before midnight
    datetime(2026, 3, 29, 0, 45, tzinfo=UTC),  # the hour before clocks go forward
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2026, 3, 29, 22, 0, tzinfo=UTC),  # Monday's midnight
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # half past two, twice
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 12, 8, 9, 0, tzinfo=UTC),  # a holiday
    datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
]
SPANS = [(0, 1440), (150, 165), (165, 180), (1425, 15), (600, 840), (1380, 1440)]


@pytest.mark.parametrize("start", STARTS)
def test_agent_site_and_program_agree_on_hours_through_every_change_of_the_clock(street, start):
    orders = [[side, 1, limit] for side in ("buy", "sell") for limit in (49, 50, 100, 101)]
    slot = make.slot(street, start)
    clock = clock_of(slot, street)
    (local,) = local_times([start], street.zone, is_off_peak_day)

    for days, (first, last), trade, periods in product(
        ("every", "working", "rest"), SPANS, (True, False), (PERIODS, {"P1"}, {"P2", "P3"}, set())
    ):
        own = HoursRule(
            days=days, from_minute=first, to_minute=last, may_trade=trade,
            min_sell_ueur_kwh=101, max_buy_ueur_kwh=49,
        )  # fmt: skip
        by_period = HoursRule(period="P2", max_buy_ueur_kwh=50)
        terms = MandateTerms(
            min_sell_ueur_kwh=50, max_buy_ueur_kwh=100, buy_periods=frozenset(periods), hours=(own, by_period)
        )
        mandate = plain_mandate(terms)
        opening = {
            "mandate": mandate_hash(mandate), "orders": orders, "slot": f"{start:%Y-%m-%dT%H:%MZ}", "clock": clock,
        }  # fmt: skip

        found = beyond(orders, mandate, slot, clock)

        asked = terms_at(terms, start, 15, street.period(start), local)
        assert found == verify_receipt.allowed(opening, mandate, None)
        assert found == [
            [side, wh, limit]
            for side, wh, limit in orders
            if not (
                (asked.may_buy and limit <= asked.max_buy_ueur_kwh)
                if side == "buy"
                else (asked.may_sell and limit >= asked.min_sell_ueur_kwh)
            )
        ]
