"""Every string that a page or an answer may show is in every catalogue, translated."""

import re
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    **dict.fromkeys(("gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext_lazy",), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


def extracted():
    """Context and text of every translatable string in the code and the templates, with where it stands."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py", "*.html"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = {}
    for name in listing.stdout.splitlines():
        path = ROOT / name
        if name.startswith(("tests/", "benchmarks/")) or not path.exists():
            continue
        source = path.read_text()
        if path.suffix == ".html":
            source = "\n".join(line.lstrip() for line in templatize(source, origin=name).splitlines())
        for line, text, _, context in extract("python", BytesIO(source.encode()), KEYWORDS):
            texts = text if isinstance(text, tuple) else (text,)
            found[context, texts[0]] = f"{name}:{line}"
    return found


CODES = sorted(path.name for path in (ROOT / "locale").iterdir())
each = pytest.mark.parametrize("code", CODES)


def catalogue(code="es"):
    """The messages of a language; English, in which the code is written, has those of Spanish."""
    with (ROOT / f"locale/{code if code in CODES else 'es'}/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale=code)


def forms(message):
    """The translations of a message: one, or one for each number."""
    return message.string if isinstance(message.string, tuple) else (message.string,)


def test_every_language_of_the_site_has_a_catalogue():
    offered = re.findall(r'\("(\w+)", _\("', (ROOT / "config/settings.py").read_text())

    assert sorted({*offered} - {"en"}) == CODES


@each
def test_every_string_is_in_the_catalogue(code):
    known = {(m.context, m.id[0] if isinstance(m.id, tuple) else m.id) for m in catalogue(code) if all(forms(m))}

    missing = {where: text for (context, text), where in extracted().items() if (context, text) not in known}

    assert missing == {}


@each
def test_the_catalogue_holds_no_string_that_nobody_says(code):
    said = {text for _, text in extracted()}

    unsaid = [m.id for m in catalogue(code) if m.id and (m.id[0] if isinstance(m.id, tuple) else m.id) not in said]

    assert unsaid == []


@each
def test_placeholders_survive_translation(code):
    wrong = []
    for message in catalogue(code):
        if message.id and message.python_format:
            wrong += [f"{message.id}: {error}" for error in message.check()]

    assert wrong == []


@each
@pytest.mark.parametrize("mark", ["TODO", "FIXME", "XXX"])
def test_no_translation_was_left_for_later(mark, code):
    assert [m.id for m in catalogue(code) if m.fuzzy or mark in str(m.string)] == []
