"""Sends a page, or only the part of it that htmx asks for."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.cache import patch_vary_headers


def page(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """The page made of `template`, or its partial named by `HX-Target` when htmx asks for a part.

    A partial bears the id of the element that it fills. An unknown target gets the whole page, and so does
    the browser's back button, whose request replaces everything.
    """
    response = render(request, _part(request, template) or template, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _part(request: HttpRequest, template: str) -> str | None:
    """`template#target`, if htmx asks for a part that the template has."""
    headers = request.headers
    target = headers.get("HX-Target", "")
    wants_part = headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"
    if not (wants_part and target):
        return None
    name = f"{template}#{target}"
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return None
    return name


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page. Whatever was sent there is not read: it may be no form at all."""
    return render(request, "404.html", status=404)
