"""The help inside the site: every page in every language, in plain words, true to the names on the pages."""

import re
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve

from community import help as pages
from tests.architecture.test_catalogue import catalogue

LANGUAGES = [code for code, _name in settings.LANGUAGES]
WRITTEN = [(slug, code) for slug in pages.FOR_MEMBERS + pages.FOR_ADMINS for code in LANGUAGES]
VOWELS = {"en": "aeiouy", "es": "aeiouáéíóúü", "ca": "aeiouàèéíòóúïü"}
# Reading ease, 0 to 100: Flesch (1948) for English, Szigriszt-Pazos (1993) for Spanish, whose words are longer.
EASE = {"en": (206.835, 84.6, 1.015), "es": (206.835, 62.3, 1.0), "ca": (206.835, 62.3, 1.0)}
EASY = 60
# Of one text on a page that is longer than this; a command line and a list of file formats are no sentences.
LONG, EASY_ALONE, NO_SENTENCES = 120, 55, ("openssl ", "Datadis, e-distribución, i-DE")


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs)["href"])


def text_of(slug, code):
    return (pages.ROOT / "help" / code / f"{slug}.md").read_text(encoding="utf-8")


def syllables(word, code):
    groups = len(re.findall(f"[{VOWELS[code]}]+", word.lower()))
    silent = code == "en" and groups > 1 and re.search(r"[^aeiouyl]e(s|d)?$", word.lower())
    return max(groups - bool(silent), 1)


def ease(text, code):
    """From 0 to 100, by the lengths of words and sentences."""
    sentences = [one for one in re.split(r"[.:?!]\s|\n\n", text) if one.strip()]
    words = re.findall(r"[^\W\d_]+", text)
    base, by_syllable, by_sentence = EASE[code]
    return (
        base
        - by_syllable * sum(syllables(word, code) for word in words) / len(words)
        - by_sentence * len(words) / len(sentences)
    )


@pytest.mark.parametrize(("slug", "code"), WRITTEN)
def test_a_page_is_written_in_every_language_and_every_link_leads_somewhere(slug, code):
    answer = Client().get(f"/help/{slug}/", headers={"accept-language": code})
    links = Links()
    links.feed(answer.content.decode().split('<article class="prose"')[1].split("</article>")[0])

    assert pages.help_page(slug, code).language == code
    assert pages.help_page(slug, code).title in answer.content.decode().replace("&#x27;", "'")
    assert all(resolve(link) for link in links.found if link.startswith("/"))
    assert all(link.startswith(("/", "#", "https://")) for link in links.found)


@pytest.mark.parametrize(("slug", "code"), WRITTEN)
def test_a_page_calls_things_by_the_names_that_they_have_on_the_pages(slug, code):
    known = {message.id if code == "en" else message.string for message in catalogue(code)}
    named = {" ".join(name.split()) for name in re.findall(r"(?<![*\w])\*([^*]+)\*(?![*\w])", text_of(slug, code))}

    assert named - known == set()


@pytest.mark.parametrize(("slug", "code"), WRITTEN)
def test_a_page_is_easy_to_read(slug, code):
    text = re.sub(r"[*#`]|^\d+\.|^- ", "", text_of(slug, code), flags=re.MULTILINE)

    assert ease(text, code) >= EASY


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_longer_explanations_on_pages_are_easy_to_read(code):
    """Each by itself: where every long word weighs, a little less is asked than of a whole page."""
    told = [message for message in catalogue(code) if message.id and isinstance(message.id, str)]
    texts = [message.id if code == "en" else message.string for message in told]
    plain = [re.sub(r"%\(\w+\)[sd]|<[^>]+>", "", text) for text in texts if len(text) > LONG]

    hard = [text for text in plain if ease(text, code) < EASY_ALONE and not text.startswith(NO_SENTENCES)]

    assert len(plain) > 100
    assert hard == []


def test_the_index_lists_every_page_and_what_is_not_there_is_404(client, db):
    index = client.get("/help/").content.decode()

    assert all(f'href="/help/{slug}/"' in index for slug in (*pages.FOR_MEMBERS, *pages.FOR_ADMINS, "api"))
    assert client.get("/help/secrets/").status_code == 404


def test_a_page_that_is_not_written_in_a_language_comes_in_english_and_says_so(client, monkeypatch):
    monkeypatch.setattr(pages, "FOR_INTEGRATORS", (*pages.FOR_INTEGRATORS, "glossary"))

    answer = client.get("/help/glossary/", headers={"accept-language": "es"}).content

    assert answer.count(b'<article class="prose" lang="en"') == 1


def test_a_text_brings_no_html_of_its_own(tmp_path):
    file = tmp_path / "page.md"
    file.write_text("# Title\n\n<script>alert(1)</script> [a](javascript:alert(1)) [b](ledger.md) [c](api.md)\n")

    html = pages._rendered("page", file, "en").html

    assert "<script" not in html
    assert 'href="javascript' not in html
    assert 'href="/help/"' in html
    assert 'href="/help/api/"' in html


def test_the_style_page_is_for_those_who_build(client, db, settings):
    built = client.get("/styleguide/").status_code
    settings.DEBUG = True

    assert (built, client.get("/styleguide/").status_code) == (404, 200)
