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
    offered = re.findall(r'\("(\w+)", _\("', (ROOT / "config/settings/__init__.py").read_text())

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


# Catalan is written in its general standard, which Valencian readers share: these forms are of another one.
OTHER_FORMS = re.compile(
    r"\b(?:[tsm]eu(?:a|es)|hui|ací|açò|eixe|eixa|eixos|eixes|este|esta|estos|estes|ix|ixen|eixir|vindre|tindre|vore|"
    r"voràs|haja|haguera|vaja|passe|obri|signe|seguix|servix|patix|servisca|servixen|arreplega|arrepleguen|davall|colp|"
    r"xicotet|xicoteta|huit|dihuit|dènou|vesprada|espill|nosatros|mosatros|matí de hui)\b",
    re.IGNORECASE,
)
# "de avui", "s'recullen": a word that was exchanged leaves its neighbour behind.
TORN = re.compile(r"\bde (?:avui|aquest|aquí)\b|\bs'(?:r|surt|p|t)", re.IGNORECASE)


def catalan():
    """Where it stands and what it says, for every text in Catalan."""
    for message in catalogue("ca"):
        for text in forms(message):
            yield str(message.id), text
    for path in sorted((ROOT / "docs/help/ca").glob("*.md")):
        yield path.name, path.read_text()


def test_catalan_is_of_one_variety():
    other = {(where, hit.group()) for where, text in catalan() for hit in OTHER_FORMS.finditer(text)}
    torn = {(where, hit.group()) for where, text in catalan() for hit in TORN.finditer(text)}

    assert (other, torn) == (set(), set())


@each
def test_one_and_many_have_forms_of_their_own_where_a_participle_follows_the_number(code):
    alone = r"(?:^|\s)%\((?:n|count|new|refused|homes)\)[ds] (?:nuev[oa]s|nov?es|filas|files|veces|vegades)\b"

    wrong = [m.id for m in catalogue(code) if m.id and isinstance(m.string, str) and re.search(alone, m.string)]

    assert wrong == []


# Where operators alone read them, settings may be called by their names.
OF_OPERATORS = ("market/wording/status.py", "config/")


def test_settings_are_named_to_operators_alone():
    named = {text: where for (_, text), where in extracted().items() if re.search(r"\b[A-Z]{3,}_[A-Z_]+\b", text)}

    assert {text: where for text, where in named.items() if not where.startswith(OF_OPERATORS)} == {}
