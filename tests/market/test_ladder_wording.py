"""The steps of one device's ladder are told together, the price that decided among them once."""

import pytest
from django.utils.translation import override

from community.models import Device
from market.models import Order, Outcome, Slot
from market.wording.ladder import order_lines
from tests.market.test_slot_wording import plain

BATTERY = Device(pk=7, name="Battery")


def steps(side, *limits, filled=(), reason="limit_not_met"):
    orders = []
    for i, limit in enumerate(limits):
        order = Order(
            pk=i + 1, side=side, kind="flexible", energy_wh=300, limit_ueur_kwh=limit, device=BATTERY,
            retailer_ueur_kwh=200_000 if side == "buy" else 50_000,
        )  # fmt: skip
        local = 300 if i in filled else 0
        order.outcome = Outcome(
            order=order, local_wh=local, retailer_wh=0, reason="filled" if local else reason, facts={}
        )
        order._state.fields_cache["trade"] = None
        orders.append(order)
    return orders


def a_slot():
    return Slot(price_ueur_kwh=130_000, price_rule="equilibrium_midpoint", grid_fee_ueur_kwh=4_000)


def told(orders):
    with override("en"):
        return [
            (plain(line.title), plain(line.reason), plain(line.badge)) for line in order_lines(orders, a_slot())
        ]


def test_part_of_a_ladder_was_sold():
    assert told(steps("sell", 110_000, 120_000, 140_000, filled=(0, 1))) == [
        (
            "Battery: 0.90 kWh in 3 steps from 0.110 €/kWh to 0.140 €/kWh",
            "0.60 kWh went to neighbours at 0.126 €/kWh; the other steps asked for more.",
            "0.60 kWh",
        )
    ]


@pytest.mark.parametrize(
    ("side", "limits", "reason"),
    [
        ("sell", (140_000, 150_000), "The street paid 0.126 €/kWh, less than any step asked for."),
        ("buy", (100_000, 110_000), "The street paid 0.130 €/kWh, more than any step would."),
    ],
)
def test_none_of_a_ladder_was_traded(side, limits, reason):
    ((_title, said, badge),) = told(steps(side, *limits))

    assert (said, badge) == (reason, "no trade")


def test_what_the_price_does_not_explain_is_told_step_by_step():
    assert len(told(steps("sell", 110_000, 120_000, reason="network_limit"))) == 2
