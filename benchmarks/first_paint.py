"""How soon a phone shows something: pages of a running demo, opened cold on a slow processor and network.

    .venv/bin/python -m benchmarks.first_paint [--url http://127.0.0.1:8000] [--logins FILE] [--rounds 5]

The phone is Chromium at 390 × 844 with a quarter of the processor's speed, 1.6 Mbit/s down, 0.75 Mbit/s up and
150 ms from asking to the first answer, its cache empty before each page. `first_paint_ms` is the first contentful
paint of the slowest page (median of its rounds), `largest_paint_ms` its largest one, `shift` the largest layout
shift, `kb` the most that a page fetches before its charts, as it comes over the wire.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

PHONE = {"width": 390, "height": 844}
SLOWER = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
PAGES = ("/", "/energy/", "/market/", "/street/", "/rules/", "/months/", "/when/", "/more/", "/proof/", "/help/")
# Told by the browser after the fact; what it paints later than that is no first sight.
SETTLES_MS = 1_500
PAINTED = """() => new Promise((tell) => {
  const found = { shift: 0, largest: 0 };
  new PerformanceObserver((list) => list.getEntries().forEach((one) => {
    if (!one.hadRecentInput) found.shift += one.value;
  })).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((one) => { found.largest = one.startTime; }))
    .observe({ type: "largest-contentful-paint", buffered: true });
  const [first] = performance.getEntriesByName("first-contentful-paint");
  setTimeout(() => tell({ ...found, first: first ? first.startTime : null }), 100);
})"""


class Seen(NamedTuple):
    """One opening of a page: paints in ms, layout shift, and kB over the wire before and with the charts."""

    first_ms: float
    largest_ms: float
    shift: float
    kb: float
    kb_with_charts: float


def opened(page: Page, path: str) -> Seen:
    """Open a page cold. Raises `RuntimeError` for an answer that is no page."""
    session = page.context.new_cdp_session(page)
    sizes: dict[str, float] = {}
    addresses: dict[str, str] = {}
    session.on("Network.requestWillBeSent", lambda e: addresses.update({e["requestId"]: e["request"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    for command, given in (
        ("Network.enable", {}), ("Network.clearBrowserCache", {}), ("Network.emulateNetworkConditions", NETWORK),
        ("Emulation.setCPUThrottlingRate", {"rate": SLOWER}),
    ):  # fmt: skip
        session.send(command, given)
    answer = page.goto(path, wait_until="load")
    if answer is None or not answer.ok:
        raise RuntimeError(f"{path} answered {answer and answer.status}: is the demo running?")
    page.wait_for_timeout(SETTLES_MS)
    found: dict[str, Any] = page.evaluate(PAINTED)
    charts = sum(size for one, size in sizes.items() if "/vendor/" in addresses.get(one, ""))
    session.detach()
    whole = sum(sizes.values())
    return Seen(found["first"], found["largest"], found["shift"], (whole - charts) / 1_000, whole / 1_000)


def resident(browser: Browser, url: str, login: dict[str, str]) -> Page:
    """Somebody who is logged in; no service worker answers in the network's place."""
    context = browser.new_context(base_url=url, viewport=PHONE, locale="es-ES", service_workers="block")
    page = context.new_page()
    page.goto("/login/")
    page.fill("input[name=username]", login["email"])
    page.fill("input[name=password]", login["password"])
    page.click("form.form button[type=submit]")
    page.wait_for_url(lambda address: not address.endswith("/login/"))
    return page


def main() -> None:
    """Print a line for each page, and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--logins", type=Path, default=Path(".azotea/logins.json"))
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    login = json.loads(asked.logins.read_text())["resident"]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    seen: dict[str, list[Seen]] = defaultdict(list)
    with sync_playwright() as play:
        flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
        browser = play.chromium.launch(executable_path=path, args=flags)
        page = resident(browser, asked.url, login)
        for _ in range(asked.rounds):
            for address in PAGES:
                seen[address].append(opened(page, address))
        browser.close()
    medians = {address: Seen(*map(statistics.median, zip(*rows, strict=True))) for address, rows in seen.items()}
    for address, one in medians.items():
        words = f"{one.first_ms:6.0f} ms first, {one.largest_ms:6.0f} ms largest, shift {one.shift:.3f}"
        print(f"{address:10} {words}, {one.kb:5.1f} kB, {one.kb_with_charts:5.1f} kB with charts")
    figures = {"first_paint_ms": "first_ms", "largest_paint_ms": "largest_ms", "shift": "shift", "kb": "kb"}
    for figure, name in figures.items():
        value = round(max(getattr(one, name) for one in medians.values()), 3)
        print(json.dumps({"bench": "first_paint", "figure": figure, "n": asked.rounds, "value": value}))


if __name__ == "__main__":
    main()
