"""Pictures of the main pages of a running demo, for docs/screens: `make screens URL=http://127.0.0.1:8000`.

A day to look back at can follow (`make screens DAY=2026-11-24`): at night, today has no sun to show.
Or start a fresh demo at an hour to come, which its clock then takes as reached: put
{"reached": "2026-12-02T12:05:00+00:00", "origin": "", "speed": "1"} into `.azotea/clock`.
"""

import json
import os
import shutil
import sys
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "screens"
ZONE = ZoneInfo("Europe/Madrid")
# `{day}` is the day asked for, today without one; `{slot}` is a morning quarter hour of that day or of the day before.
PAGES = {
    "resident": {
        "home": "/?d={day}", "energy": "/energy/?d={day}", "market": "/market/?d={day}", "slot": "/slots/{slot}/",
        "street": "/street/?d={day}", "cables": "/street/cables/?t={slot}", "rules": "/rules/",
        "months": "/months/", "statement": "/months/{month}/", "when": "/when/", "proof": "/proof/",
        "sessions": "/account/sessions/", "second-factor": "/account/second-factor/", "help": "/help/",
    },
    "admin": {
        "neighbours": "/neighbours/", "completeness": "/completeness/", "closing": "/closing/",
        "agents": "/agents/", "roles": "/roles/", "status": "/operator/status/",
        "new-community": "/operator/new-community/", "styleguide": "/styleguide/",
    },
}  # fmt: skip
ONLY_IN_DEVELOPMENT = {"styleguide"}  # there while the site runs with AZOTEA_DEBUG=1; else its pictures are kept
# Both sizes, both themes, and both languages appear; not every page in every combination.
LOOKS = (
    ("phone", {"width": 390, "height": 844}, "light", "es-ES"),
    ("desk", {"width": 1280, "height": 900}, "dark", "en-GB"),
)


def main(address: str, day: str) -> None:
    """Log in as the demo's people and keep the upper part of each page as it stands on the screen."""
    logins = json.loads((ROOT / ".azotea" / "logins.json").read_text())
    FOLDER.mkdir(exist_ok=True)
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=flags)
        for who, pages in PAGES.items():
            for name, size, theme, language in LOOKS:
                _take(browser, address, logins[who], pages, (name, size, theme, language), day)
        browser.close()


def _take(
    browser: Browser,
    address: str,
    login: dict[str, str],
    pages: dict[str, str],
    look: tuple[str, dict[str, int], str, str],
    day: str,
) -> None:
    name, size, theme, language = look
    context = browser.new_context(base_url=address, viewport=size, color_scheme=theme, locale=language)
    page = context.new_page()
    page.goto("/login/")
    page.fill("input[name=username]", login["email"])
    page.fill("input[name=password]", login["password"])
    page.click("form.form button[type=submit]")
    page.wait_for_url(lambda url: not url.endswith("/login/"))
    dated = _dates(page, day)
    for title, template in pages.items():
        path = template.format_map(dated)
        answer = page.goto(path)
        if answer is not None and answer.status == HTTPStatus.NOT_FOUND and title in ONLY_IN_DEVELOPMENT:
            continue
        if answer is None or not answer.ok:
            sys.exit(f"{path} answered {answer and answer.status}: is the demo running?")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{title}-{name}.png")
    context.close()


def _dates(page: Page, day: str) -> dict[str, str]:
    """What addresses name: the day, a slot at nine in the morning, and the last month before the day's own."""
    midnight = datetime.fromisoformat(page.locator("[data-first]").first.get_attribute("data-first") or "")
    yesterday = midnight.astimezone(ZONE).date() - timedelta(days=1)
    looked = date.fromisoformat(day) if day else yesterday
    slot = datetime.combine(looked, time(9), ZONE).astimezone(UTC)
    month = looked.replace(day=1) - timedelta(days=1)
    return {"day": day, "slot": f"{slot:%Y-%m-%dT%H%MZ}", "month": f"{month:%Y-%m}"}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
