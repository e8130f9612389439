"""The page that checks receipts says all that it says in every language of the site."""

import json
import re

import pytest
from django.conf import settings

from market.wording.receipts import PAGE

TEXT = PAGE.read_text(encoding="utf-8")
SCRIPT = TEXT.split("<script>")[1]
OTHERS = [code for code, _name in settings.LANGUAGES if code != "en"]


def translated(code):
    table = SCRIPT.split(f"  {code}: {{\n")[1].split("  },")[0]
    return json.loads("{" + table.rstrip().rstrip(",") + "}")


def said():
    """Every text that the script says to a person."""
    needed = re.findall(r'need\(.*?, "([^"]+)"(?:, .*)?\);$', SCRIPT, re.MULTILINE)
    return {*needed, *re.findall(r'say\("([^"]+)"\)', SCRIPT), *re.findall(r'const BREACH = "([^"]+)"', SCRIPT)}


@pytest.mark.parametrize("code", OTHERS)
def test_whatever_the_page_says_is_said_in_the_other_languages(code):
    words = translated(code)

    assert len(said()) > 25
    assert {*words} == said()
    assert [one for one, other in words.items() if one == other or one.count("{}") != other.count("{}")] == []


def test_whatever_stands_on_the_page_stands_there_in_each_language_and_one_is_shown_before_any_script_runs():
    body = TEXT.split("</style>")[1].split("<script>")[0]
    found = re.findall(r'<(\w+) lang="(\w+)"( hidden)?>', body)

    assert len(found) == 4 * (len(OTHERS) + 1)
    assert all(bool(hidden) == (code != "en") for _tag, code, hidden in found)
    for code in OTHERS:
        assert [tag for tag, one, _ in found if one == code] == [tag for tag, one, _ in found if one == "en"]
