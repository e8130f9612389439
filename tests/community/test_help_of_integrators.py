"""What integrators read: the same page in every language, and its examples are those that run in the tests."""

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve
from markdown_it import MarkdownIt

from community import help as pages
from tests.architecture.test_catalogue import catalogue
from tests.community.test_help import EASY, Links, ease

LANGUAGES = [code for code, _name in settings.LANGUAGES]
EVERY = [(slug, code) for slug in pages.FOR_INTEGRATORS for code in LANGUAGES]
OTHERS = [(slug, code) for slug, code in EVERY if code != pages.FALLBACK]
# What stands in italics and is no name to translate: words of other devices' pages, terms where they are explained.
NOT_OURS = {"Datadis", "Settings", "MQTT", "clients may not see each other", "exposed host", "isolate", "load"}
NOT_OURS |= {"retained", "token"}
SHAPE = ("heading_open", "fence", "code_block", "table_open", "tr_open", "list_item_open")


@cache
def parsed(slug, code):
    text = pages.written_in(slug, code).read_text(encoding="utf-8")
    return MarkdownIt("commonmark").enable("table").parse(text)


def examples(slug, code):
    return [(one.info, one.content) for one in parsed(slug, code) if one.type in ("fence", "code_block")]


def inside(slug, code, kind):
    return [child for one in parsed(slug, code) for child in one.children or [] if child.type == kind]


def codes(slug, code):
    return Counter(one.content for one in inside(slug, code, "code_inline"))


def leads_to(slug, code):
    """The files and sites that the page's links lead to, however far up the repository the page lies."""
    targets = [urlsplit(one.attrGet("href")) for one in inside(slug, code, "link_open")]
    return sorted((one.netloc, PurePosixPath(one.path).name, bool(one.fragment)) for one in targets)


def prose(slug, code):
    tokens = parsed(slug, code)
    kept = {"text": lambda child: child.content, "softbreak": lambda child: " "}
    paragraphs = [after for one, after in pairwise(tokens) if one.type == "paragraph_open"]
    return "\n\n".join(
        "".join(kept[child.type](child) for child in one.children if child.type in kept) for one in paragraphs
    )


@pytest.mark.parametrize(("slug", "code"), EVERY)
def test_a_page_is_shown_in_the_readers_language_and_every_link_leads_to_a_heading_that_is_there(slug, code):
    answer = Client().get(f"/help/{slug}/", headers={"accept-language": code})
    article = answer.content.decode().split('<article class="prose"')[1].split("</article>")[0]
    links = Links()
    links.feed(article)

    assert article.startswith(">")  # without a language of its own, as it has the page's
    assert pages.help_page(slug, code).language == code
    for link in links.found:
        place = urlsplit(link)
        assert place.netloc or resolve(place.path)
        page = resolve(place.path).kwargs.get("slug") if not place.netloc else None
        assert not place.fragment or f'id="{unquote(place.fragment)}"' in pages.help_page(page, code).html


@pytest.mark.parametrize(("slug", "code"), OTHERS)
def test_the_examples_of_every_language_are_those_that_run(slug, code):
    assert examples(slug, code) == examples(slug, pages.FALLBACK)


@pytest.mark.parametrize(("slug", "code"), OTHERS)
def test_a_page_has_the_headings_rows_and_links_of_the_english_one(slug, code):
    shapes = [
        [(one.type, one.tag) for one in parsed(slug, language) if one.type in SHAPE]
        for language in (code, pages.FALLBACK)
    ]

    assert shapes[0] == shapes[1]
    assert [one for one in leads_to(slug, pages.FALLBACK) if one not in leads_to(slug, code)] == []


@pytest.mark.parametrize(("slug", "code"), OTHERS)
def test_a_page_names_every_field_and_code_that_the_english_one_names(slug, code):
    assert codes(slug, pages.FALLBACK) - codes(slug, code) == Counter()


@pytest.mark.parametrize(("slug", "code"), OTHERS)
def test_a_page_says_every_number_that_the_english_one_says(slug, code):
    def numbers(language):
        text = re.sub(r"(?<=\d)[.,](?=\d{3}\b)", "", prose(slug, language)).replace(",", ".")
        return Counter(re.findall(r"\d+(?:\.\d+)?", text))

    assert numbers(code) == numbers(pages.FALLBACK)


@pytest.mark.parametrize(("slug", "code"), EVERY)
def test_a_page_calls_things_by_the_names_that_they_have_on_the_pages(slug, code):
    known = {message.id if code == "en" else message.string for message in catalogue(code)}
    text = re.sub(r"```.*?```", "", pages.written_in(slug, code).read_text(encoding="utf-8"), flags=re.S)
    italics = re.findall(r"(?<![*\w])\*([^*]+)\*(?![*\w])", text)
    named = {" ".join(name.split()) for one in italics for name in one.split(" → ")}

    assert named - known - NOT_OURS == set()


@pytest.mark.parametrize(("slug", "code"), EVERY)
def test_what_stands_between_the_examples_is_easy_to_read(slug, code):
    assert ease(prose(slug, code), code) >= EASY


def test_the_index_lists_every_page_of_integrators_by_its_title_in_the_readers_language(client, db):
    for code in LANGUAGES:
        index = client.get("/help/", headers={"accept-language": code}).content.decode().replace("&#x27;", "'")

        assert all(
            f'/help/{slug}/">{pages.help_page(slug, code).title}<' in index for slug in pages.FOR_INTEGRATORS
        )
