"""Instants come out of the database as they went in, by the quick way and by Django's own."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, connection
from hypothesis import example, given
from hypothesis import strategies as st

from config.walled.base import InstantLoader

pytestmark = pytest.mark.django_db
INSTANTS = st.datetimes(timezones=st.just(UTC))


def read(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@given(INSTANTS)
@example(datetime(2026, 3, 29, 1, tzinfo=UTC))
@example(datetime(2026, 11, 27, 12, 0, 0, 500, tzinfo=UTC))
@example(datetime(1, 1, 1, tzinfo=UTC))
def test_what_went_in_comes_out_in_utc(instant):
    found = read(instant)

    assert found == instant
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["infinity", "0044-03-15 12:00:00+00 BC", "12026-01-01 00:00:00+00"])
def test_what_python_cannot_hold_is_refused_as_before(text):
    with pytest.raises(DataError):
        read(text)


def test_a_session_in_another_zone_is_left_to_django():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Europe/Madrid'")
        cursor.execute("SELECT '2026-07-01 12:00:00+00'::timestamptz")
        found = cursor.fetchone()[0]

    assert found == datetime(2026, 7, 1, 14, tzinfo=UTC), "as Django's own loader takes it: the wall clock, as UTC"


def test_the_connection_reads_by_it():
    read("now")

    assert connection.connection.adapters.get_loader(1184, 0) is InstantLoader
