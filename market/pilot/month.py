"""A month of a scenario, lived hour by hour: order, clear, consume, settle; and beside it each home alone."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from market.agents import Battery, Decision, EvCharger, EvSession, Mandate, SimulatedHome, clamped, terms_at
from market.agents.levels import decide_on
from market.agents.policy.weights import Weights
from market.clearing import Book, Clearing, Fees, Rules, clear
from market.clearing.congested import Solve
from market.grid import single_node
from market.pilot.curves import Ints, Year, month_hours, stays, year_of
from market.pilot.lived import HomeMonth, MonthLived
from market.pilot.scenario import EFFICIENCY_PPM, PilotHome, Scenario
from market.pilot.shared import Surplus, months_shared
from market.pilot.street import PilotStreet, Tariffs, usual_cars
from market.settlement import Line, Metered, SlotCase, SlotFacts, Terms, Traded, settle

WARM_UP = 24  # hours lived before the month, so that batteries begin it as they would
START_SOC_PCT = 50


@dataclass(frozen=True, eq=False, slots=True)
class Alone:
    """What homes with their devices take and give without neighbours, Wh `[home, hour]`."""

    import_wh: Ints
    export_wh: Ints


def live_month(scenario: Scenario, month: int, weights: Weights, solve: Solve) -> tuple[MonthLived, Alone]:
    """Live a civil month (1 to 12) of the scenario with and without the market."""
    year = year_of(scenario)
    sessions = stays(scenario, year)
    first, end = month_hours(year, month)
    street = _street(scenario, year, sessions, weights)
    homes = [HomeMonth() for _home in scenario.homes]
    lived = _Lived(homes)
    for hour in range(first - WARM_UP, end):
        counted = lived if hour >= first else _Lived([HomeMonth() for _home in scenario.homes])
        _live_hour(street, sessions, hour, solve, counted)
    alone = _alone(scenario, year, sessions, street.tariffs, (first, end), homes)
    limit = scenario.import_limit_w
    over = 0 if limit is None else int(((alone.import_wh - alone.export_wh).sum(axis=0) > limit).sum())
    rules = months_shared(_surplus(alone, street.tariffs, first), year, first)
    return MonthLived(month, homes, end - first, **lived.facts(), alone_congested_hours=over, rules=rules), alone


def _surplus(alone: Alone, tariffs: Tariffs, first: int) -> Surplus:
    """What could be shared by a rule: what homes take and give alone, at their retailers' prices."""
    homes, hours = alone.import_wh.shape
    prices = [tariffs.ahead(i, first, hours) for i in range(homes)]
    charged, paid = (np.array([one[side] for one in prices], dtype=np.int64) for side in (0, 1))
    return Surplus(alone.import_wh, alone.export_wh, charged, paid)


@dataclass(slots=True)
class _Lived:
    homes: list[HomeMonth]
    congested_hours: int = 0
    held_back_wh: int = 0
    traded_wh: int = 0
    price_wh_ueur_kwh: int = 0

    def facts(self) -> dict[str, int]:
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "homes"}


def _street(
    scenario: Scenario, year: Year, sessions: Sequence[Sequence[EvSession]], weights: Weights
) -> PilotStreet:
    mandates = tuple(
        Mandate(objective=home.objective, reserve_pct=home.reserve_pct, grid_charge=home.objective != "resilience")
        for home in scenario.homes
    )
    homes = [_home(i, home) for i, home in enumerate(scenario.homes)]
    cars = usual_cars(scenario, sessions, year)
    return PilotStreet(scenario, year, Tariffs(scenario, year), weights, mandates, cars, homes)


def _home(i: int, home: PilotHome) -> SimulatedHome:
    battery = Battery(
        2 * i, home.battery_wh, home.battery_w, home.battery_w, EFFICIENCY_PPM,
        home.battery_wh * START_SOC_PCT // 100,
    ) if home.battery_wh else None  # fmt: skip
    charger = EvCharger(2 * i + 1, home.ev_w) if home.ev_w else None
    return SimulatedHome(battery, charger, 60)


def _session(own: Sequence[EvSession], year: Year, hour: int) -> EvSession | None:
    """The stay under way when the hour begins."""
    start = year.start(hour)
    return next((one for one in own if one.arrives <= start < one.leaves), None)


def _live_hour(
    street: PilotStreet, sessions: Sequence[Sequence[EvSession]], hour: int, solve: Solve, lived: _Lived
) -> None:
    """Order, clear, consume and settle one hour."""
    year = street.year
    street.homes = [
        home.with_car(_session(own, year, hour)) for home, own in zip(street.homes, sessions, strict=True)
    ]
    seen = street.observations(hour)
    decisions = [clamped(decide_on("policy", one, planned=False), one) for one in seen]
    clearing = clear(_book(street, hour, decisions), single_node(), _rules(street.scenario), solve)
    street.prices[hour] = clearing.price_ueur_kwh
    metered = []
    for i, decision in enumerate(decisions):
        lived.homes[i].load_wh += int(year.load_wh[i, hour])
        lived.homes[i].sun_wh += int(year.sun_wh[i, hour])
        metered.append(_consume(street, i, hour, decision, clearing, lived.homes[i]))
    _settle(street, hour, clearing, metered, lived)


def _rules(scenario: Scenario) -> Rules:
    return Rules(price=scenario.price_rule, fairness=scenario.fairness_rule)


def _book(street: PilotStreet, hour: int, decisions: Sequence[Decision]) -> Book:
    """Every order of the hour; homes stand on one busbar."""
    scenario, rows = street.scenario, []
    for i, decision in enumerate(decisions):
        (bought,), (fed_in,), _periods = street.tariffs.ahead(i, hour, 1)
        for wish in decision.orders:
            buys = wish.side == "buy"
            rows.append(
                (i, buys, wish.kind == "firm", wish.energy_wh, wish.limit_ueur_kwh, bought if buys else fed_in)
            )
    table = np.array(rows, dtype=np.int64).reshape(-1, 6)
    count = len(table)
    return Book(
        id=np.arange(count),
        household=table[:, 0],
        node=np.zeros(count, dtype=np.int64),
        phase=np.zeros(count, dtype=np.int64),
        buys=table[:, 1].astype(bool),
        firm=table[:, 2].astype(bool),
        energy_wh=table[:, 3],
        limit_ueur_kwh=table[:, 4],
        retailer_ueur_kwh=table[:, 5],
        tan_phi=np.zeros(count),
        priority=np.zeros(count, dtype=np.int64),
        protected=np.zeros(count, dtype=bool),
        nodes=single_node().nodes,
        fees=Fees(scenario.grid_fee_ueur_kwh),
        slot_minutes=60,
        import_limit_w=scenario.import_limit_w,
        export_limit_w=scenario.export_limit_w,
    )


def _consume(
    street: PilotStreet, i: int, hour: int, decision: Decision, clearing: Clearing, month: HomeMonth
) -> Metered:
    """The home follows what was cleared; what its meter shows."""
    book = clearing.book
    mine = np.flatnonzero(book.household == i)
    set_points = dict(decision.base_wh)
    device_of = {place: wish.device_id for place, wish in zip(mine.tolist(), decision.orders, strict=True)}
    for place, device in device_of.items():
        if device is not None and not book.firm[place]:
            set_points[device] = set_points.get(device, 0) + int(book.sign[place] * clearing.flow_wh[place])
    held_back = int(clearing.curtailed_wh[mine][book.firm[mine] & ~book.buys[mine]].sum())
    mandate = street.mandates[i]
    lived = street.homes[i].step(
        load_wh=int(street.year.load_wh[i, hour]),
        pv_wh=int(street.year.sun_wh[i, hour]),
        set_points=set_points,
        scheduled_net_wh=decision.forecast_wh + sum(set_points.values()),
        reserve_pct=mandate.held_pct,
        curtailed_wh=held_back,
    )
    street.homes[i] = lived.home
    month.car_wh += lived.car_wh
    return Metered(i, lived.import_wh, lived.export_wh)


def _settle(street: PilotStreet, hour: int, clearing: Clearing, metered: Sequence[Metered], lived: _Lived) -> None:
    scenario, book = street.scenario, clearing.book
    fee = scenario.grid_fee_ueur_kwh
    local, prices = clearing.local_wh, clearing.prices_ueur_kwh
    traded, terms = [], []
    for i in range(len(metered)):
        mine = book.household == i
        buys, sells = mine & book.buys, mine & ~book.buys
        traded.append(
            Traded(
                i, int(local[sells].sum()), int(local[buys].sum()),
                int((local[sells] * (prices[sells] - fee)).sum()), int((local[buys] * prices[buys]).sum()),
            )
        )  # fmt: skip
        (bought,), (fed_in,), (band,) = street.tariffs.ahead(i, hour, 1)
        own = terms_at(street.mandates[i], street.year.start(hour), 60, band)
        terms.append(Terms(i, bought, fed_in, *own))
    facts = SlotFacts(clearing.price_ueur_kwh, fee, scenario.pool_pct)
    settled = settle(SlotCase(facts, tuple(metered), tuple(traded), tuple(terms)))
    for line in settled.lines:
        _add(lived.homes[line.household_id], line)
    sold = sum(line.sold_wh for line in settled.lines)
    lived.traded_wh += sold
    lived.price_wh_ueur_kwh += sold * (clearing.price_ueur_kwh or 0)
    lived.congested_hours += bool(clearing.bindings)
    lived.held_back_wh += int(clearing.curtailed_wh[book.firm & ~book.buys].sum())


def _add(month: HomeMonth, line: Line) -> None:
    month.import_wh += line.import_wh
    month.export_wh += line.export_wh
    month.bought_wh += line.bought_wh
    month.sold_wh += line.sold_wh
    month.paid_neur += line.paid_neur + line.shortfall_neur
    month.earned_neur += line.earned_neur
    month.pool_neur += line.pool_neur
    month.rest_import_neur += (line.import_wh - line.bought_wh) * line.import_ueur_kwh
    month.rest_export_neur += (line.export_wh - line.sold_wh) * line.feed_in_ueur_kwh


def _alone(
    scenario: Scenario,
    year: Year,
    sessions: Sequence[Sequence[EvSession]],
    tariffs: Tariffs,
    span: tuple[int, int],
    months: Sequence[HomeMonth],
) -> Alone:
    """Every home without neighbours: the battery for itself, the car when it comes."""
    first, end = span
    taken = np.zeros((len(months), end - first), dtype=np.int64)
    given = np.zeros_like(taken)
    for i, facts in enumerate(scenario.homes):
        home = _home(i, facts)
        for hour in range(first - WARM_UP, end):
            home = home.with_car(_session(sessions[i], year, hour))
            load_wh = int(year.load_wh[i, hour])
            lived = home.step(
                load_wh=load_wh, pv_wh=int(year.sun_wh[i, hour]), set_points={}, reserve_pct=facts.reserve_pct
            )
            home = lived.home
            if hour < first:
                continue
            (bought,), (fed_in,), _periods = tariffs.ahead(i, hour, 1)
            taken[i, hour - first], given[i, hour - first] = lived.import_wh, lived.export_wh
            month = months[i]
            month.today_neur += (load_wh + lived.car_wh) * bought
            month.alone_import_neur += lived.import_wh * bought
            month.alone_export_neur += lived.export_wh * fed_in
        months[i].alone_import_wh, months[i].alone_export_wh = int(taken[i].sum()), int(given[i].sum())
    return Alone(taken, given)
