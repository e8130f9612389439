"""The help inside the site: short pages for people, written in Markdown under `docs/`, one folder a language."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from markdown_it import MarkdownIt
from markdown_it.token import Token

# In the order in which the index shows them.
FOR_MEMBERS = ("price", "rules", "statement", "virtual-battery", "phone", "my-data", "proof")
FOR_ADMINS = ("first-week",)
# Their English text stands in `docs/` itself, where whoever reads the repository looks for it.
FOR_INTEGRATORS = ("api", "live", "meter-files", "devices")
FALLBACK = "en"
ROOT = Path(settings.BASE_DIR) / "docs"


@dataclass(frozen=True, slots=True)
class HelpPage:
    """A page of the help: its name in addresses, its title, its language, and its text as safe HTML."""

    slug: str
    title: str
    language: str
    html: str


@lru_cache(maxsize=256)
def help_page(slug: str, language: str) -> HelpPage:
    """The page in the language, or in English where it is not written in it. Raises KeyError for no such page."""
    if slug not in FOR_MEMBERS + FOR_ADMINS + FOR_INTEGRATORS:
        raise KeyError(slug)
    own = written_in(slug, language)
    if own.is_file():
        return _rendered(slug, own, language)
    return _rendered(slug, written_in(slug, FALLBACK), FALLBACK)


def written_in(slug: str, language: str) -> Path:
    """Where the page is kept in the language."""
    folder = ROOT if slug in FOR_INTEGRATORS and language == FALLBACK else ROOT / "help" / language
    return folder / f"{slug}.md"


def _rendered(slug: str, file: Path, language: str) -> HelpPage:
    """HTML in a text is shown as it is typed, so no file brings a script; links lead to pages of the help."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(file.read_text(encoding="utf-8"))
    title, body = tokens[1].content, tokens[3:]
    for token, following in pairwise(body):
        for child in token.children or []:
            if child.type == "link_open":
                _lead_inside(child)
        if token.type == "table_open":
            token.attrSet("class", "table")
        if token.type == "heading_open":
            token.attrSet("id", anchor(following.content))
    html = markdown.renderer.render(body, markdown.options, {})
    # What is wider than a phone scrolls by itself, for a keyboard, too.
    html = html.replace("<pre>", '<pre tabindex="0">').replace("</table>", "</table></div>")
    html = html.replace('<table class="table">', '<div class="table-wrap" tabindex="0"><table class="table">')
    return HelpPage(slug, title, language, html)


def anchor(heading: str) -> str:
    """What a link to the heading ends with, as forges have it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _lead_inside(link: Token) -> None:
    """`ledger.md#receipts` of the repository is a page here only if the help has it; else it is left as a name."""
    target = urlsplit(str(link.attrGet("href") or ""))
    slug = Path(target.path).stem
    if not target.scheme and slug in FOR_MEMBERS + FOR_ADMINS + FOR_INTEGRATORS:
        place = f"#{target.fragment}" if target.fragment else ""
        link.attrSet("href", reverse("help-page", args=[slug]) + place)
    elif not target.scheme and target.path:
        link.attrSet("href", reverse("help"))
