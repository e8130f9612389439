"""What a resident waits for: every page of the site with a year of quarter-hours of 1,000 homes behind it.

    .venv/bin/python -m benchmarks.pages [--homes 1000] [--street 100] [--days 365] [--traded 1] [--keep FOLDER]

Every address that a resident may open is asked for in turn, through all of the middleware, by residents of the
twelve kinds of homes one after the other; files are told apart from pages. `page_p95_ms` is the 95th of a hundred
of the slowest page, `page_p95_all_ms` that of all answers together, `page_kb` what the largest page needs: its
HTML with the charts that are drawn in it, styles and scripts, each compressed as a proxy would.
Before, every resident asks once: what has to come from the disk then is told apart (`page_first_p95_ms`, that of
the slowest page, and `page_first_p95_all_ms`).
How the database is filled: `benchmarks/year.py`. The full size takes about ten minutes and 23 GB.
"""

import argparse
import gzip
import json
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from benchmarks.filled import arguments, site
from benchmarks.year import NOW

ROUNDS = 36
RESIDENTS = 12
MONTH, DAY, SLOT = "2026-10", "2026-06-17", "2026-11-26T1100Z"
KNOWN = {"year": 2026, "month": 10, "start": SLOT, "path": "0/000", "form": "pdf"}
# Pages of who writes programs, not of who lives there.
NOT_A_RESIDENTS = {"api-docs", "api-schema"}
# Besides the plain address of a page, by its name.
QUERIES = {
    "home": (f"?d={DAY}",), "community-day": (f"?d={DAY}",), "cables": ("?t=2026-06-17T1100Z",),
    "market": (f"?d={DAY}",), "energy": (f"?d={DAY}", "?v=week", f"?v=month&d={DAY}&unit=eur", "?v=year"),
    "months": ("?m=2026-06",), "statement": (f"?day={MONTH}-14",),
}  # fmt: skip
LINKED = re.compile(r'(?:href|src)="/static/([^"]+\.(?:css|js))"')


class Asked(NamedTuple):
    """A page's address, and what the residents waited for it, ms."""

    address: str
    waited_ms: list[float]

    @property
    def p95_ms(self) -> float:
        return p95(self.waited_ms)


def p95(values: Sequence[float]) -> float:
    """The 95th of a hundred."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def addresses() -> Iterator[str]:
    """Every address of the URL table that is made of dates only, with the questions that pages answer."""
    from django.urls import NoReverseMatch, get_resolver, reverse

    from market.addresses import SlotStart

    known = KNOWN | {"start": SlotStart().to_python(SLOT)}
    for name, patterns in get_resolver().reverse_dict.lists():
        if not isinstance(name, str) or name in NOT_A_RESIDENTS:
            continue
        wanted = {part for found in patterns for _path, parts in found[0] for part in parts}
        if wanted <= known.keys():
            try:
                plain = reverse(name, kwargs={part: known[part] for part in wanted})
            except NoReverseMatch:
                continue
            yield plain
            yield from (plain + query for query in QUERIES.get(name, ()))
    yield from ("/months/2026-11/", "/street/congestion/2026-06/")


def residents() -> list[Any]:
    """Logged-in browsers of residents of the first street, one for each kind of home."""
    from django.test import Client

    from community.models import Member

    found = []
    members = Member.objects.filter(role="resident", households__isnull=False).order_by("pk")
    for member in members.select_related("user")[:RESIDENTS]:
        client = Client()
        client.force_login(member.user)
        found.append(client)
    return found


def sorted_out(client: Any) -> tuple[list[str], list[str]]:
    """Pages and files that a resident gets; what is refused or leads elsewhere is named and left out."""
    pages, files, refused = [], [], defaultdict(list)
    for address in dict.fromkeys(addresses()):
        answer = client.get(address)
        if answer.status_code != 200:
            refused[answer.status_code].append(address)
        else:
            (pages if answer["Content-Type"].startswith("text/html") else files).append(address)
    for status, those in sorted(refused.items()):
        print(f"  {status}: {' '.join(those)}")
    return pages, files


def measure(clients: Sequence[Any], these: Sequence[str], rounds: int) -> list[Asked]:
    """Ask for each in turn, so that no page has the processor's memory for itself."""
    found, led_away = {address: Asked(address, []) for address in these}, set()
    for number in range(rounds):
        client = clients[number % len(clients)]
        for address in these:
            begun = time.perf_counter()
            answer = client.get(address)
            found[address].waited_ms.append((time.perf_counter() - begun) * 1e3)
            assert answer.status_code < 500, (address, answer.status_code)
            if answer.status_code not in {200, 404}:  # it asks for the password first
                led_away.add(address)
    return [asked for address, asked in found.items() if address not in led_away]


def kilobytes(client: Any, address: str) -> float:
    """HTML, charts included, styles and scripts of a page, compressed."""
    from django.contrib.staticfiles import finders

    html = client.get(address).content.decode()
    linked = [Path(finders.find(name)).read_bytes() for name in LINKED.findall(html)]
    return sum(len(gzip.compress(part, 6)) for part in [html.encode(), *linked]) / 1e3


def queries(client: Any, address: str) -> tuple[int, float]:
    """How many queries a page asks, and what the slowest took, ms."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked), max((float(one["time"]) for one in asked.captured_queries), default=0.0) * 1e3


def tell(clients: Sequence[Any], rounds: int) -> None:
    """Print every page's figures and those of all."""
    pages, files = sorted_out(clients[0])
    first = {one.address: one for one in measure(clients, [*pages, *files], len(clients))}
    measured, handed_out = measure(clients, pages, rounds), measure(clients, files, rounds)
    sizes = {}
    for one in sorted(measured + handed_out, key=lambda one: one.p95_ms):
        count, slowest = queries(clients[0], one.address)
        sizes[one.address] = kilobytes(clients[0], one.address) if one in measured else 0.0
        median, at_first = statistics.median(one.waited_ms), first[one.address].p95_ms
        print(f"  {one.address:44} p50 {median:6.1f} p95 {one.p95_ms:6.1f} ms, at first {at_first:6.1f}, "
              f"{count:3} queries, slowest {slowest:5.1f} ms, {sizes[one.address]:5.1f} kB")  # fmt: skip
        if one in measured:
            say(f"p95_ms {one.address}", rounds, one.p95_ms)
    say_all("page", measured)
    say_all("page_first", [first[one.address] for one in measured])
    say("file_p95_ms", len(handed_out), max(one.p95_ms for one in handed_out))
    say("page_kb", len(measured), max(sizes.values()))


def say_all(name: str, measured: Sequence[Asked]) -> None:
    """The slowest page's figure, and those of all answers together."""
    every = [ms for one in measured for ms in one.waited_ms]
    say(f"{name}_p95_ms", len(measured), max(one.p95_ms for one in measured))
    say(f"{name}_p95_all_ms", len(every), p95(every))
    say(f"{name}_p50_all_ms", len(every), statistics.median(every))


def say(figure: str, n: int, value: float) -> None:
    """One figure as a line of JSON."""
    print(json.dumps({"bench": "pages", "figure": figure, "n": n, "value": round(value, 1)}), flush=True)


def run(asked: argparse.Namespace) -> None:
    """Fill, then ask."""
    with site(asked):
        import_module("config.wsgi")  # loads and freezes what a web process does
        with patch("config.clock.now", lambda: NOW):
            tell(residents(), asked.rounds)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    parser = arguments("Server time of every resident page.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    run(parser.parse_args())
