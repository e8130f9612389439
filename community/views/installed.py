"""The site as an app on the phone: its manifest, its service worker, and the page for when there is no network."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

WORKER = "js/sw.js"
# What a page is dressed in. Nothing of anybody's home is among it, and nothing else is ever kept on a phone.
SHELL = (
    "css/base.css", "css/components.css", "css/charts.css", "js/azotea.js", "django_htmx/htmx-2.min.js",
    "img/azotea.svg", "img/icons/icon-192.png", "img/icons/badge-96.png",
)  # fmt: skip
PAPER = "#f6f3ee"


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to put Azotea beside its other apps, in the language of `?lang=`, else of the request."""
    language = request.GET.get("lang", "")
    if language not in dict(settings.LANGUAGES):
        language = translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        told = _manifest(language)
    return HttpResponse(json.dumps(told, ensure_ascii=False), content_type="application/manifest+json")


def _manifest(language: str) -> dict[str, Any]:
    pages = (
        ("home", _("Your home today")),
        ("community-day", _("The street today")),
        ("when", _("When is it cheapest?")),
        ("months", _("Your months")),
    )
    return {
        # The same app in every language.
        "id": "/",
        "lang": language,
        "dir": "ltr",
        "name": "Azotea",
        "short_name": "Azotea",
        "description": _("What your home trades with its neighbours, at what price, and why."),
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "categories": ["utilities"],
        "icons": [
            {"src": static("img/azotea.svg"), "type": "image/svg+xml", "sizes": "any", "purpose": "any"},
            *(
                {"src": static(f"img/icons/icon-{px}.png"), "type": "image/png", "sizes": f"{px}x{px}"}
                for px in (192, 512)
            ),
            {
                "src": static("img/icons/maskable-512.png"),
                "type": "image/png",
                "sizes": "512x512",
                "purpose": "maskable",
            },
        ],
        "shortcuts": [{"name": title, "url": reverse(name)} for name, title in pages],
    }


@never_cache
@require_safe
def service_worker(_request: HttpRequest) -> HttpResponse:
    """The worker, told what the shell is; it stands at the root because it may only serve what lies below it."""
    return HttpResponse(
        f"const SHELL = {_shell()};\n{_read(WORKER).decode()}", content_type="text/javascript; charset=utf-8"
    )


@cache
def _shell() -> str:
    """Files and offline pages, with a version that changes when any of them does."""
    offline = {code: reverse("offline", args=[code]) for code, _name in settings.LANGUAGES}
    parts = [_read(name) for name in (WORKER, *SHELL)] + [_offline(code).encode() for code in offline]
    version = hashlib.sha256(b"".join(parts)).hexdigest()[:16]
    return json.dumps({"version": version, "files": [static(name) for name in SHELL], "offline": offline})


def _read(name: str) -> bytes:
    found = finders.find(name)
    assert isinstance(found, str), f"{name} is not among the static files"
    return Path(found).read_bytes()


@require_safe
def offline(_request: HttpRequest, language: str) -> HttpResponse:
    """What is shown without a network. It is kept on phones, so it is the same for everybody."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return HttpResponse(_offline(language))


def _offline(language: str) -> str:
    with translation.override(language):
        return render_to_string("offline.html")
