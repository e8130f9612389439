"""Homes stand as along a street: 3 before 11, in lists and in what a query brings."""

import pytest

from community.models import Household
from community.queries import in_street_order, street_order
from tests import factories as make

NAMES = ["Azahar 11", "Azahar 3", "Azahar 1", "Azahar 103", "Azahar 12 2", "Azahar 12 10", "Bloque", "Azahar 007"]


@pytest.mark.django_db
def test_a_query_brings_homes_in_the_order_of_the_lists():
    street = make.community()
    for name in NAMES:
        Household.objects.create(community=street, name=name, contracted_w=4_600)

    found = list(Household.objects.order_by(in_street_order()).values_list("name", flat=True))

    assert found == sorted(NAMES, key=street_order)
    assert found[:3] == ["Azahar 1", "Azahar 3", "Azahar 007"]
