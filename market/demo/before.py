"""What is known of the homes before their market begins: half a year of distributors' hours, and what cars told.

Nobody trades yet and no battery stands there; a car charges when it comes.
"""

import hashlib
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from community.demo.homes import curves
from community.models import Community
from community.services.devices import StateReport, record_states
from market.agents.devices import EvCharger
from market.agents.sessions import EvSession, session_of
from market.demo.homes import SEED, DemoNeighbour, neighbours
from market.queries.lessons import MOST_WEEKS, read_course
from market.services.examination import examine
from metering.models import MeteringPoint, Upload
from metering.services.readings import ReadingRow, store_readings

Ints = NDArray[np.int64]

HOUR = timedelta(hours=1)
HOURS = MOST_WEEKS * 7 * 24


def tell_of_before(community: Community, first: datetime) -> None:
    """Store what was metered in the weeks before `first`, and let what decides be examined on it."""
    since = first - HOUR * HOURS
    points = {
        str(point.public_id): point for point in MeteringPoint.objects.filter(household__community=community)
    }
    for home in neighbours(community, since):
        net_wh = _hours(home, since)
        if home.home.charger is not None:
            net_wh += _charged(home, home.home.charger, since)
        _store(points[home.metering_point], net_wh, since, first)
    course = read_course(community, first)
    if course is not None:
        examine(community_id=community.pk, course=course, at=first)


def _hours(home: DemoNeighbour, since: datetime) -> Ints:
    """Load less sun, Wh by the hour."""
    load, sun = curves(home.facts.curve, since, HOURS * 4)
    net = np.array(load) - (np.array(sun) if home.facts.pv_w else 0)
    return np.asarray(net.reshape(-1, 4).sum(axis=1))


def _charged(home: DemoNeighbour, charger: EvCharger, since: datetime) -> Ints:
    """What the car took, Wh by the hour; what its charger says on the way is kept."""
    taken = np.zeros(HOURS, dtype=np.int64)
    reports = []
    for session in _sessions(home, since):
        hour, need_wh = -((since - session.arrives) // HOUR), session.need_wh
        reports.append(_report(charger, since + HOUR * hour, session, 0, need_wh))
        while need_wh > 0 and hour < HOURS:
            taken[hour] = min(need_wh, charger.charge_w)
            need_wh -= int(taken[hour])
            hour += 1
            reports.append(_report(charger, since + HOUR * hour, session, int(taken[hour - 1]), need_wh))
        reports.append(StateReport(charger.id, session.leaves, energy_wh=0))
    record_states(reports)
    return taken


def _report(charger: EvCharger, at: datetime, session: EvSession, taken_wh: int, need_wh: int) -> StateReport:
    return StateReport(
        charger.id, at, energy_wh=taken_wh, plugged_in=True, need_wh=need_wh, ready_by=session.leaves
    )


def _sessions(home: DemoNeighbour, since: datetime) -> list[EvSession]:
    """The stays that begin and end before the market does."""
    first, until = since.astimezone(home.zone).date(), since + HOUR * HOURS
    evenings = (first + timedelta(days=day) for day in range(MOST_WEEKS * 7))
    found = (session_of(SEED, home.facts.curve, evening, home.zone) for evening in evenings)
    return [one for one in found if one is not None and since <= one.arrives and one.leaves < until]


def _store(point: MeteringPoint, net_wh: Ints, since: datetime, at: datetime) -> None:
    rows = []
    for hour, energy_wh in enumerate(net_wh.tolist()):
        start = since + HOUR * hour
        rows += [ReadingRow("import", start, max(energy_wh, 0)), ReadingRow("export", start, max(-energy_wh, 0))]
    store_readings(
        metering_point=point,
        rows=rows,
        source=Upload.Source.FILE,
        content_sha256=hashlib.sha256(net_wh.tobytes()).hexdigest(),
        at=at,
        minutes=60,
    )
