"""Homes that live alone: batteries keep the home's own sun for its own need, cars charge when they come."""

from typing import NamedTuple

import numpy as np

from market.agents.street.fleet import Fleet, Floats, Weeks


class Alone(NamedTuple):
    """€ by week and home with nobody but their retailers; and by week if the meters' sums were netted."""

    bill_eur: Floats
    netted_eur: Floats


def alone(fleet: Fleet, weeks: Weeks, *, end_ueur_kwh: float, start_share: float = 0.5) -> Alone:
    """The baseline of every gain. What is stored at the end counts `end_ueur_kwh`; limits of the street do not."""
    hours = weeks.slot_minutes / 60
    stored = np.tile(start_share * fleet.capacity_wh, (weeks.count, 1))
    need = np.zeros_like(stored)
    bill_neur, netted_neur = np.zeros_like(stored), np.zeros(weeks.count)
    for slot in range(weeks.slots):
        comes = weeks.arrives_wh[:, slot]
        need = np.where(comes > 0, comes, need)
        car = np.minimum(need, fleet.car_w * hours)
        need = need - car
        retail, feed_in = weeks.import_ueur_kwh[:, slot], weeks.feed_in_ueur_kwh[:, slot]
        net = weeks.net_wh[:, slot] + car
        runs, lost_neur = _loads(fleet, weeks, slot, net, (retail, feed_in))
        net, bill_neur, netted_neur = net + runs, bill_neur + lost_neur, netted_neur + lost_neur.sum(axis=1)
        room = np.minimum(fleet.charge_w * hours, (fleet.capacity_wh - stored) / fleet.efficiency)
        spare = np.minimum(fleet.discharge_w * hours, np.maximum(stored - fleet.reserve_wh, 0) * fleet.efficiency)
        moved = np.clip(-net, -spare, room)
        stored = stored + np.where(moved > 0, moved * fleet.efficiency, moved / fleet.efficiency)
        net = net + moved
        bill_neur += np.where(net > 0, net * retail, net * feed_in)
        # Netted, the street pays the mean of its homes' prices.
        total = net.sum(axis=1)
        netted_neur += np.where(total > 0, total * retail.mean(axis=1), total * feed_in.mean(axis=1))
    bill_neur -= stored * end_ueur_kwh
    return Alone(bill_neur / 1e9, (netted_neur - stored.sum(axis=1) * end_ueur_kwh) / 1e9)


def _loads(
    fleet: Fleet, weeks: Weeks, slot: int, net_wh: Floats, prices: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """What loads that may stay off take, Wh, and what staying off costs, n€, `[week, home]`.

    They run if the retailer charges no more than they are worth, else on the home's own surplus if that is worth
    more than its feed-in price.
    """
    if weeks.wishes_wh is None or fleet.load_ueur_kwh is None:
        return np.zeros_like(net_wh), np.zeros_like(net_wh)
    wish, worth = weeks.wishes_wh[:, slot], fleet.load_ueur_kwh
    retail, feed_in = prices
    on_surplus = np.where(worth > feed_in, np.minimum(wish, np.maximum(-net_wh, 0)), 0.0)
    runs = np.where(retail <= worth, wish, on_surplus)
    return runs, (wish - runs) * worth
