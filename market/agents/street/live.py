"""Living through weeks: agents say what stored energy and charging are worth, the auction decides."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from market.agents.policy.bids import must_charge
from market.agents.rungs import Rungs, battery_rungs
from market.agents.street.auction import Steps, clear
from market.agents.street.fleet import Fleet, Floats, Ints, Weeks

BROKEN_WH = 1.0  # a limit counts as broken beyond this


class State(NamedTuple):
    """Where every street stands at the start of slot `slot`: stored Wh `[street, battery]`, by car what it still
    needs (AC Wh) and how many slots are left to it `[street, car]`, and each home's net load in the slot.
    """

    slot: int
    stored_wh: Floats
    need_wh: Floats
    slots_left: Ints
    net_wh: Floats


class Asked(NamedTuple):
    """What the agents answer, µ€/kWh: the worth of a stored kWh at each rung `[street, battery, rung]`, below
    (to give) and above (to fill) what is stored; and by car what charging now is worth.
    """

    give: Floats
    fill: Floats
    car: Floats


class Decider(Protocol):
    """Decides for every battery and car of all streets; `repeats` is how often each week is lived."""

    @property
    def repeats(self) -> int: ...

    def __call__(self, state: State, rungs: Rungs) -> Asked: ...


@dataclass(frozen=True, eq=False, slots=True)
class Lived:
    """What became of the streets: money in €, energy in kWh, `[street]`; `bill_eur` is `[street, home]`.

    Bills count what is stored at the end; `price_ueur_kwh` is `[slot, street]`, `home_wh` what each home took
    (− gave) `[slot, street, home]`, `stored_wh` `[slot, street, battery]`.
    """

    bill_eur: Floats
    broken_kwh: Floats
    broken_slots: Ints
    unserved_kwh: Floats
    home_wh: Floats
    stored_wh: Floats
    price_ueur_kwh: Floats

    @property
    def exchange_wh(self) -> Floats:
        """What each street took (− gave), `[slot, street]`."""
        return np.asarray(self.home_wh.sum(axis=2))

    @property
    def cost_eur(self) -> Floats:
        """What all homes of a street pay together, rent of full limits left out."""
        return np.asarray(self.bill_eur.sum(axis=1))


@dataclass(slots=True)
class Books:
    """What is counted as the streets live: n€ by `[street, home]`, the rest by street."""

    bill_neur: Floats
    broken_wh: Floats
    broken_slots: Ints
    unserved_wh: Floats

    @classmethod
    def blank(cls, streets: int, homes: int) -> "Books":
        """Before the first slot."""
        none = np.zeros((2, streets))
        return cls(np.zeros((streets, homes)), none[0], np.zeros(streets, np.int64), none[1])


def live(fleet: Fleet, weeks: Weeks, decide: Decider, *, end_ueur_kwh: float, start_share: float = 0.5) -> Lived:
    """Live through the weeks, each `decide.repeats` times; batteries start filled to `start_share`.

    `end_ueur_kwh` is what a stored kWh counts at the end.
    """
    streets = weeks.count * decide.repeats
    on = Simulation(fleet, weeks, decide.repeats)
    stored = np.tile(start_share * fleet.capacity_wh[on.batteries], (streets, 1))
    need, leaves = np.zeros((streets, len(on.cars))), np.zeros((streets, len(on.cars)), dtype=np.int64)
    books = Books.blank(streets, len(fleet.capacity_wh))
    trail = []
    for slot in range(weeks.slots):
        need, leaves = on.arrivals(slot, need, leaves, books)
        stored, need, net, price = on.slot(slot, stored, need, leaves, decide, books)
        trail.append((net, stored, price))
    books.unserved_wh += need.sum(axis=1)
    books.bill_neur[:, on.batteries] -= stored * end_ueur_kwh
    net, kept, price = (np.stack(part) for part in zip(*trail, strict=True))
    return Lived(
        books.bill_neur / 1e9, books.broken_wh / 1e3, books.broken_slots, books.unserved_wh / 1e3, net, kept, price
    )


class Simulation:
    """The fleet in its weeks, with what does not change from slot to slot."""

    def __init__(self, fleet: Fleet, weeks: Weeks, repeats: int) -> None:
        self.fleet, self.weeks, self.repeats = fleet, weeks, repeats
        self.batteries, self.cars, self.loads = fleet.batteries, fleet.cars, fleet.loads
        self.load_ueur_kwh = np.zeros(0) if fleet.load_ueur_kwh is None else fleet.load_ueur_kwh[self.loads]
        self.hours = weeks.slot_minutes / 60
        self.most = (fleet.import_limit_w * self.hours, fleet.export_limit_w * self.hours)
        self.car_wh = fleet.car_w[self.cars] * self.hours

    def of(self, values: np.ndarray, slot: int) -> np.ndarray:
        """A slot of every week, as often as it is lived."""
        return np.tile(values[:, slot], (self.repeats, 1))

    def arrivals(self, slot: int, need: Floats, leaves: Ints, books: Books) -> tuple[Floats, Ints]:
        """Cars that go, with what they lack, and cars that come."""
        gone = (leaves <= slot) & (need > 0)
        if gone.any():
            books.unserved_wh += (need * gone).sum(axis=1)
            need = np.where(gone, 0.0, need)
        comes = self.weeks.arrives_wh[:, slot][:, self.cars]
        if comes.any():
            comes, until = (
                self.of(self.weeks.arrives_wh[..., self.cars], slot),
                self.of(self.weeks.leaves[..., self.cars], slot),
            )
            need, leaves = np.where(comes > 0, comes, need), np.where(comes > 0, until, leaves)
        return need, leaves

    def slot(
        self, slot: int, stored: Floats, need: Floats, leaves: Ints, decide: Decider, books: Books
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """One slot: decide, clear, move the devices, count."""
        weeks, fleet = self.weeks, self.fleet
        actual = self.of(weeks.net_wh, slot)
        seen = actual if weeks.expected_wh is None else self.of(weeks.expected_wh, slot)
        retail, feed_in = self.of(weeks.import_ueur_kwh, slot), self.of(weeks.feed_in_ueur_kwh, slot)
        left = np.maximum(leaves - slot, 0)
        rungs = battery_rungs(stored, fleet, self.batteries, self.hours)
        asked = decide(State(slot, stored, need, left, seen), rungs)
        must = must_charge(need, left, self.car_wh)
        could = np.minimum(need, self.car_wh) * (left > 0)
        wish = self._wishes(slot, len(seen))
        steps = self._steps(rungs, asked, could - must, wish)
        at_least = seen.copy()
        at_least[:, self.cars] += must
        at_least[:, self.batteries] -= rungs.give_wh.sum(axis=2)
        cleared = clear(steps, at_least, retail, feed_in, self.most)
        charge, give, flexible, runs = self._moves(rungs, cleared.passed, could - must, wish)
        car, moved = must + flexible, charge - give
        net = actual.copy()
        net[:, self.cars] += car
        net[:, self.loads] += runs
        books.bill_neur[:, self.loads] += (wish - runs) * self.load_ueur_kwh  # what staying off costs its owner
        if weeks.expected_wh is not None:
            moved = self._followed(seen, net, moved, (car, runs), rungs)
        net[:, self.batteries] += moved
        efficiency = fleet.efficiency[self.batteries]
        stored = stored + np.maximum(moved, 0) * efficiency + np.minimum(moved, 0) / efficiency
        net = self._count(net, cleared.price_ueur_kwh, retail, feed_in, books)
        return stored, need - car, net, cleared.price_ueur_kwh

    def _wishes(self, slot: int, streets: int) -> Floats:
        """What loads that may stay off would like in the slot, `[street, load]`."""
        if self.weeks.wishes_wh is None:
            return np.zeros((streets, len(self.loads)))
        return self.of(self.weeks.wishes_wh[..., self.loads], slot)

    def _steps(self, rungs: Rungs, asked: Asked, flexible_wh: Floats, wish_wh: Floats) -> Steps:
        """Charging at the worth of what is stored, giving at what it cost to store; cars and loads at theirs."""
        streets = len(flexible_wh)
        efficiency = self.fleet.efficiency[self.batteries][:, None]
        sides = (
            ((asked.fill * efficiency).reshape(streets, -1), rungs.fill_wh.reshape(streets, -1)),
            ((asked.give / efficiency).reshape(streets, -1), rungs.give_wh.reshape(streets, -1)),
            (asked.car, flexible_wh),
            (np.broadcast_to(self.load_ueur_kwh, wish_wh.shape), wish_wh),
        )
        homes = np.repeat(self.batteries, rungs.fill_wh.shape[2])
        return Steps(
            np.concatenate([price for price, _ in sides], axis=1),
            np.concatenate([energy for _, energy in sides], axis=1),
            np.concatenate((homes, homes, self.cars, self.loads)),
            np.repeat([False, True, False], [len(homes), len(homes), len(self.cars) + len(self.loads)]),
        )

    def _moves(
        self, rungs: Rungs, passed: Floats, flexible_wh: Floats, wish_wh: Floats
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """AC energy that batteries take and give, and that cars and loads take, from the shares passed."""
        size, shape = rungs.fill_wh[0].size, rungs.fill_wh.shape
        charge = ((1 - passed[:, :size]).reshape(shape) * rungs.fill_wh).sum(axis=2)
        give = (passed[:, size : 2 * size].reshape(shape) * rungs.give_wh).sum(axis=2)
        car, load = np.split(1 - passed[:, 2 * size :], [len(self.cars)], axis=1)
        return charge, give, car * flexible_wh, load * wish_wh

    def _followed(
        self, seen: Floats, net: Floats, moved: Floats, taken: tuple[Floats, Floats], rungs: Rungs
    ) -> Floats:
        """What batteries do as load and sun turn out: as `SimulatedHome.step` follows a schedule. `taken` is what
        cars and loads take.
        """
        scheduled = seen.copy()
        scheduled[:, self.cars] += taken[0]
        scheduled[:, self.loads] += taken[1]
        scheduled = scheduled[:, self.batteries] + moved
        alone = net[:, self.batteries]
        strayed = np.where(scheduled < 0, np.minimum(alone + moved, 0), np.maximum(alone + moved, 0))
        aim = np.where((scheduled == 0) | (moved * scheduled > 0), scheduled, strayed)
        return np.clip(aim - alone, -rungs.give_wh.sum(axis=2), rungs.fill_wh.sum(axis=2))

    def _count(self, net: Floats, price: Floats, retail: Floats, feed_in: Floats, books: Books) -> Floats:
        """Bills at the slot's price, or the retailer's where that is better; what broke a limit. Gives what each
        home took.

        Where homes strayed from what was cleared, what they took and gave is matched again at the slot's price,
        and the rest is the retailers', as settlement does it.
        """
        total = net.sum(axis=1)
        held_back = np.maximum(-self.most[1] - total, 0.0)
        if held_back.any():  # surplus that nobody could take in is not made
            surplus = np.maximum(-net, 0)
            net = net + surplus * (held_back / np.maximum(surplus.sum(axis=1), 1e-9))[:, None]
            total = total + held_back
        pays = np.clip(price[:, None], feed_in, retail)
        if self.weeks.expected_wh is not None:
            took, gave = np.maximum(net, 0).sum(axis=1), np.maximum(-net, 0).sum(axis=1)
            both = np.minimum(took, gave)[:, None]
            shares = both / np.maximum(np.stack((took, gave)), 1e-9)[:, :, None]
            matched = np.where(net > 0, *shares)
            pays = matched * pays + (1 - matched) * np.where(net > 0, retail, feed_in)
        books.bill_neur += net * pays
        over = np.maximum(total - self.most[0], 0.0)
        books.broken_wh += over
        books.broken_slots += over > BROKEN_WH
        return net
