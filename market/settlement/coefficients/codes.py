"""Codes of supplies (CUPS) and of common installations (CAU)."""

import re

from stdnum.es import cups as supply_codes

CAU = re.compile(r"(ES[0-9]{16}[A-Z]{2}(?:[0-9][FPRCXYZ])?)A([0-9]{3})")
CUPS_LENGTHS = (20, 22)


def is_cups(code: str) -> bool:
    """Whether a code is a CUPS of 20 or 22 characters with the right letters."""
    return len(code) in CUPS_LENGTHS and bool(supply_codes.is_valid(code))


def is_cau(code: str) -> bool:
    """Whether a code is a CAU: a supply's CUPS, A and three digits.

    >>> is_cau("ES9999000000000001DS0FA000"), is_cau("ES9999000000000001DS0F")
    (True, False)
    """
    found = CAU.fullmatch(code)
    return found is not None and is_cups(found.group(1))


def cau_of(cups: str, number: int = 0) -> str:
    """The CAU of an installation behind a supply. Raises ValueError for a CUPS that cannot be.

    >>> cau_of("ES9999000000000001DS0F")
    'ES9999000000000001DS0FA000'
    """
    if not is_cups(cups) or not 0 <= number <= 999:
        raise ValueError(f"{cups} is no CUPS of 20 or 22 characters with the right letters.")
    return f"{cups}A{number:03}"
