"""The demo's gateway: fourteen simulated homes that report over the REST API, as real ones would."""

import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from config.clock import now
from market.demo.homes import DemoNeighbour, Report

logger = logging.getLogger(__name__)

# Readings leave the home a moment after the slot ends, as a meter's do.
DELAY = timedelta(seconds=20)
TIMEOUT_S = 20


class Gateway:
    """Speaks for simulated homes with one token. Whatever the site refuses or misses is sent again later."""

    def __init__(self, base_url: str, token: str) -> None:
        self.base_url = base_url
        self.token = token

    def run(self, street: Sequence[DemoNeighbour], first: datetime, minutes: int, speed: float) -> None:
        """Live through slot after slot from `first` on, for ever; `speed` is the clock's, 1 for real time.

        A moment into each slot its suggestions are fetched and answered; a moment after its end it is reported.
        """
        length = timedelta(minutes=minutes)
        start = first
        for home in street:
            self.hear(home, start, start + length)
        while True:
            end = start + length
            wait = (end + DELAY - now()).total_seconds() / speed
            if wait > 0:
                time.sleep(min(wait, 1.0))
                continue
            for home in street:
                self.send(home, home.live(start))
                self.hear(home, end, end + length)
            start = end

    def hear(self, home: DemoNeighbour, start: datetime, end: datetime) -> None:
        """Fetch what is suggested for a slot, decide at home what to follow, and say so."""
        home.hear(start, self._plan(home, start, end))
        if not home.answers:
            return
        path = f"/metering-points/{home.metering_point}/acknowledgements"
        try:
            self._call("POST", path, {"acknowledgements": home.answers})
        except urllib.error.HTTPError as error:
            if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return
            logger.error("%s: answers were refused: %s", home.name, error.read().decode())
        except OSError as error:
            logger.warning("%s: %d answers wait (%s)", home.name, len(home.answers), error)
            return
        home.answers.clear()

    def _plan(self, home: DemoNeighbour, start: datetime, end: datetime) -> Mapping[str, Any] | None:
        """What the market asks of this home in one slot; without an answer the home looks after itself."""
        window = f"start={_stamp(start)}&end={_stamp(end)}"
        try:
            answer = self._call("GET", f"/metering-points/{home.metering_point}/plan?{window}")
        except OSError as error:
            logger.warning("%s: no plan for %s (%s)", home.name, start, error)
            return None
        slot = answer["slots"][0] if answer["slots"] else {}
        return {**slot, "reserve_pct": answer["reserve_pct"]}

    def send(self, home: DemoNeighbour, report: Report) -> None:
        """Deliver a slot's report; what could not be delivered waits in the home's outbox, oldest first."""
        home.outbox.append(report)
        while home.outbox:
            oldest = home.outbox[0]
            path = f"/metering-points/{home.metering_point}"
            try:
                self._call("POST", f"{path}/readings", {"readings": oldest.readings})
                if oldest.states:
                    self._call("POST", f"{path}/device-states", {"states": oldest.states})
            except urllib.error.HTTPError as error:
                if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                    # The site will never take this one; keeping it would hold up all that come after.
                    logger.error("%s: a report was refused: %s", home.name, error.read().decode())
                    home.outbox.pop(0)
                    continue
                return
            except OSError as error:
                logger.warning("%s: %d reports wait (%s)", home.name, len(home.outbox), error)
                return
            home.outbox.pop(0)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 the address is the operator's own
            f"{self.base_url}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 as above  # nosec B310
            answer = response.read()
        return json.loads(answer) if answer else None


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
