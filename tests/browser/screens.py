"""Pictures of the main pages of a running demo, for docs/screens: `make screens URL=http://127.0.0.1:8000`."""

import json
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "screens"
PAGES = {
    "resident": {
        "home": "/", "energy": "/energy/", "market": "/market/", "street": "/street/", "cables": "/street/cables/", "rules": "/rules/",
        "months": "/months/", "when": "/when/", "proof": "/proof/", "help": "/help/",
    },
    "admin": {
        "neighbours": "/neighbours/", "completeness": "/completeness/", "closing": "/closing/",
        "agents": "/agents/", "roles": "/roles/",
    },
}  # fmt: skip
# Both sizes, both themes, and both languages appear; not every page in every combination.
LOOKS = (
    ("phone", {"width": 390, "height": 844}, "light", "es-ES"),
    ("desk", {"width": 1280, "height": 900}, "dark", "en-GB"),
)


def main(address: str) -> None:
    """Log in as the demo's people and keep the upper part of each page as it stands on the screen."""
    logins = json.loads((ROOT / ".azotea" / "logins.json").read_text())
    FOLDER.mkdir(exist_ok=True)
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=flags)
        for who, pages in PAGES.items():
            for name, size, theme, language in LOOKS:
                _take(browser, address, logins[who], pages, (name, size, theme, language))
        browser.close()


def _take(
    browser: Browser,
    address: str,
    login: dict[str, str],
    pages: dict[str, str],
    look: tuple[str, dict[str, int], str, str],
) -> None:
    name, size, theme, language = look
    context = browser.new_context(base_url=address, viewport=size, color_scheme=theme, locale=language)
    page = context.new_page()
    page.goto("/login/")
    page.fill("input[name=username]", login["email"])
    page.fill("input[name=password]", login["password"])
    page.click("form.form button[type=submit]")
    page.wait_for_url(lambda url: not url.endswith("/login/"))
    for title, path in pages.items():
        answer = page.goto(path)
        if answer is None or not answer.ok:
            sys.exit(f"{path} answered {answer and answer.status}: is the demo running?")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{title}-{name}.png")
    context.close()


if __name__ == "__main__":
    main(sys.argv[1])
