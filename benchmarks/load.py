"""Many residents at once on one web process, as the Procfile starts it, over loopback.

    .venv/bin/python -m benchmarks.load [--residents 200] [--seconds 60] [--pause 10] [--keep FOLDER] [--web "…"]

Each resident is a browser with a login of its own that opens a page, reads it for `--pause` seconds on average
(half to one and a half times that, by chance) and opens the next; the mix is what residents look at most. Every
one begins within the first pause, with the style sheets and scripts that a browser fetches once. `load_p95_ms` is
the time from asking to the last byte of a page, once everybody has been there for `--warm` seconds (those are
`load_cold_p95_ms`: the site has just started, and nobody's readings are in memory); `load_errors` counts every
answer but 200. Then all of them ask at the same moment, which no process answers at once: `burst_p95_ms`. The
client runs on the same machine.
"""

import argparse
import asyncio
import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.filled import arguments, site
from benchmarks.pages import LINKED, p95
from benchmarks.year import NOW

# Addresses, and how often of a hundred times a resident opens them next.
MIX = {
    "/": 40, "/?d=2026-11-25": 8, "/slots/2026-11-26T1100Z/": 10, "/street/": 12, "/street/cables/": 4,
    "/street/congestion/": 2, "/months/": 8, "/months/2026-10/": 6, "/rules/": 4, "/proof/": 2,
    "/virtual-battery/": 2, "/more/": 2,
}  # fmt: skip
READY_S = 30


def web_command() -> list[str]:
    """How the Procfile starts the web process."""
    lines = Path("Procfile").read_text().splitlines()
    return shlex.split(next(line for line in lines if line.startswith("web:")).removeprefix("web:"))


@contextmanager
def web(command: Sequence[str], port: int) -> Iterator[str]:
    """The web process on a port of loopback, its clock at the benchmark's present; the site's address."""
    clock = f"{datetime.now(UTC).isoformat()}|{NOW.isoformat()}"
    words = [word.replace("${PORT:-8000}", str(port)) for word in command]
    known = os.environ | {"AZOTEA_CLOCK_ORIGIN": clock, "LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(words, env=known, start_new_session=True)
    try:
        until = time.monotonic() + READY_S
        while not _is_ready(port):
            assert time.monotonic() < until, "the web process does not answer"
            assert process.poll() is None, "the web process has ended"
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(port: int) -> bool:
    """Whether a balancer would send anybody there by now."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=READY_S).is_success
    except httpx.HTTPError:
        return False


def cookies(residents: int) -> list[str]:
    """Logged-in sessions of the first street's residents, several of a home where there are more than homes."""
    from django.conf import settings
    from django.test import Client

    from community.models import Member

    members = list(Member.objects.filter(role="resident", households__isnull=False).select_related("user"))
    found = []
    for number in range(residents):
        client = Client()
        client.force_login(members[number % len(members)].user)
        found.append(f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
    return found


class Crowd:
    """Residents that look at pages; what each of them waited, and what went wrong."""

    def __init__(self, address: str, sessions: Sequence[str]) -> None:
        self.sessions = sessions
        self.waited_ms: list[tuple[str, float]] = []
        self.wrong: Counter[str] = Counter()
        limits = httpx.Limits(max_connections=len(sessions), max_keepalive_connections=len(sessions))
        self.client = httpx.AsyncClient(base_url=address, limits=limits, timeout=60.0)

    async def page(self, session: str, address: str) -> str:
        """Open a page and note how long that took; its HTML."""
        begun = time.perf_counter()
        try:
            answer = await self.client.get(address, headers={"Cookie": session, "Accept-Language": "es"})
        except httpx.HTTPError as error:
            self.wrong[type(error).__name__] += 1
            return ""
        self.waited_ms.append((address, (time.perf_counter() - begun) * 1e3))
        if answer.status_code != 200:
            self.wrong[f"{answer.status_code} {address}"] += 1
        return answer.text

    async def file(self, address: str) -> None:
        """Fetch what a browser fetches once."""
        try:
            await self.client.get(address)
        except httpx.HTTPError as error:
            self.wrong[f"{type(error).__name__} {address}"] += 1

    async def resident(self, number: int, until: float, pause_s: float) -> None:
        """One resident's visit."""
        chance = random.Random(number)
        await asyncio.sleep(chance.uniform(0, pause_s))
        fresh = True
        while time.perf_counter() < until:
            (address,) = chance.choices(list(MIX), list(MIX.values()))
            html = await self.page(self.sessions[number], address)
            if fresh:
                await asyncio.gather(*(self.file(f"/static/{name}") for name in LINKED.findall(html)))
                fresh = False
            await asyncio.sleep(chance.uniform(0.5, 1.5) * pause_s)

    async def visits(self, seconds: float, pause_s: float) -> None:
        """All of them for so long."""
        until = time.perf_counter() + seconds
        await asyncio.gather(*(self.resident(number, until, pause_s) for number in range(len(self.sessions))))

    async def burst(self) -> None:
        """All of them at the same moment, once."""
        await asyncio.gather(*(self.page(session, "/") for session in self.sessions))


async def told(address: str, sessions: Sequence[str], asked: argparse.Namespace) -> None:
    """Let them visit, then ask all at once; print both."""
    crowd = Crowd(address, sessions)
    async with crowd.client:
        for page in MIX:  # what a process learns at its first visitor
            await asyncio.gather(*(crowd.page(sessions[0], page) for _worker in range(4)))
        crowd.waited_ms.clear()
        visiting = asyncio.create_task(crowd.visits(asked.warm + asked.seconds, asked.pause))
        await asyncio.sleep(asked.warm)
        cold = [ms for _page, ms in crowd.waited_ms]
        crowd.waited_ms.clear()
        begun = time.perf_counter()
        await visiting
        spent_s = time.perf_counter() - begun
        visits = list(crowd.waited_ms)
        crowd.waited_ms.clear()
        await crowd.burst()
    for page in MIX:
        own = [ms for one, ms in visits if one == page]
        if len(own) > 1:
            print(f"  {page:28} {len(own):5} times, p50 {statistics.median(own):6.1f} p95 {p95(own):6.1f} ms")
    waited = [ms for _page, ms in visits]
    print(f"  errors: {dict(crowd.wrong)}")
    say("load_cold_p95_ms", len(cold), p95(cold))
    say("load_p95_ms", len(sessions), p95(waited))
    say("load_p50_ms", len(sessions), statistics.median(waited))
    say("load_max_ms", len(sessions), max(waited))
    say("load_pages_s", len(sessions), len(waited) / spent_s)
    say("load_errors", len(sessions), sum(crowd.wrong.values()))
    say("burst_p95_ms", len(sessions), p95([ms for _page, ms in crowd.waited_ms]))


def say(figure: str, n: int, value: float) -> None:
    """One figure as a line of JSON."""
    print(json.dumps({"bench": "load", "figure": figure, "n": n, "value": round(value, 1)}), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    parser = arguments("Many residents at once on one web process.")
    parser.add_argument("--residents", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm", type=float, default=20, help="seconds that all of them visit before it counts")
    parser.add_argument("--pause", type=float, default=10, help="seconds that a page is read, on average")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--web", type=shlex.split, default=web_command(), help="another command")
    given = parser.parse_args()
    with site(given):
        sessions = cookies(given.residents)
        with web(given.web, given.port) as address:
            asyncio.run(told(address, sessions, given))
