"""Prices as people type them, without a unit: forms show them so, and so do the addresses of questions."""

from django.utils.formats import get_format

_UEUR = 1_000_000


def written_euros(price_ueur_kwh: int | None) -> str:
    """µ€ as euros in the reader's way of writing: cents at least, no further zeros at the end."""
    if price_ueur_kwh is None:
        return ""
    whole, rest = divmod(price_ueur_kwh, _UEUR)
    decimals = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{whole}{get_format('DECIMAL_SEPARATOR')}{decimals}"
