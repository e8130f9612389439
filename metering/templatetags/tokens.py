"""What a token may, in words."""

from collections.abc import Iterable

from django import template

from metering.forms.meters import SCOPES

register = template.Library()


@register.filter
def in_words(scopes: Iterable[str]) -> str:
    """`token.scopes|in_words` is "hand in readings, read readings back"; what has no words stands as it is."""
    return ", ".join(str(SCOPES.get(scope, scope)) for scope in scopes)
