"""CUPS codes: the vectors of the rules, and what is said about a wrong one."""

import json
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from community.demo.neighbourhood import HOMES, cups
from metering.cups import validate_cups

VECTORS = json.loads((Path(__file__).parent / "id_vectors.json").read_text())["cups"]


@pytest.mark.parametrize(("code", "valid", "why"), VECTORS)
def test_codes_of_the_rules(code, valid, why):
    if valid:
        validate_cups(code)
    else:
        with pytest.raises(ValidationError):
            validate_cups(code)


def test_wrong_check_letters_are_told():
    with pytest.raises(ValidationError, match="deberían ser RK"):
        validate_cups("ES0021000000000001AA0F")


def test_the_demos_codes_are_well_formed():
    for number in range(1, len(HOMES) + 1):
        validate_cups(cups(number))
