"""The help inside the site: short pages for people, written in Markdown under `docs/`, one folder a language."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from markdown_it import MarkdownIt
from markdown_it.token import Token

# In the order in which the index shows them.
FOR_MEMBERS = ("price", "rules", "statement", "virtual-battery", "phone", "my-data", "proof")
FOR_ADMINS = ("first-week",)
# Written for machines' people, in English alone; the examples in them run in the project's tests.
FOR_INTEGRATORS = ("api", "live", "meter-files")
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
    if slug in FOR_INTEGRATORS:
        return _rendered(slug, ROOT / f"{slug}.md", "en")
    if slug not in FOR_MEMBERS + FOR_ADMINS:
        raise KeyError(slug)
    own = ROOT / "help" / language / f"{slug}.md"
    if own.is_file():
        return _rendered(slug, own, language)
    return _rendered(slug, ROOT / "help" / FALLBACK / f"{slug}.md", FALLBACK)


def _rendered(slug: str, file: Path, language: str) -> HelpPage:
    """HTML in a text is shown as it is typed, so no file brings a script; links lead to pages of the help."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(file.read_text(encoding="utf-8"))
    title, body = tokens[1].content, tokens[3:]
    for token in body:
        for child in token.children or []:
            if child.type == "link_open":
                _lead_inside(child)
        if token.type == "table_open":
            token.attrSet("class", "table")
    html = markdown.renderer.render(body, markdown.options, {})
    # What is wider than a phone scrolls by itself, for a keyboard, too.
    html = html.replace("<pre>", '<pre tabindex="0">').replace("</table>", "</table></div>")
    html = html.replace('<table class="table">', '<div class="table-wrap" tabindex="0"><table class="table">')
    return HelpPage(slug, title, language, html)


def _lead_inside(link: Token) -> None:
    """`ledger.md#receipts` of the repository is a page here only if the help has it; else it is left as a name."""
    target = urlsplit(str(link.attrGet("href") or ""))
    slug = Path(target.path).stem
    if not target.scheme and slug in FOR_MEMBERS + FOR_ADMINS + FOR_INTEGRATORS:
        link.attrSet("href", reverse("help-page", args=[slug]))
    elif not target.scheme and target.path:
        link.attrSet("href", reverse("help"))
