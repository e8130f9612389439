"""The scripts that draw charts, on pages that have any; without the library those keep what the server drew."""

import json
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static

register = template.Library()


@cache
def library() -> str:
    """The address of the library that `config/charts.sh` fetched; empty if it could not."""
    version = json.loads((settings.BASE_DIR / "package.json").read_text())["dependencies"]["echarts"]
    name = f"vendor/echarts-{version}.min.js"
    found = finders.find(name) or (settings.STATIC_ROOT / name).exists()
    return str(static(name)) if found else ""


@register.inclusion_tag("components/chart_scripts.html")
def chart_scripts() -> dict[str, Any]:
    """For the block `scripts` of a page."""
    return {"library": library()}
