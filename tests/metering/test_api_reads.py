"""Reading back: what was known when, as CSV, and only if it changed."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from metering.services.readings import ReadingRow, store_readings
from tests import factories as make

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def get():
    home = make.home(make.community(), "Ana", make.tariff())
    for i, energy_wh in enumerate((100, 120)):
        store_readings(
            metering_point=make.meter(home),
            rows=[ReadingRow("import", make.NOON, energy_wh)],
            source="api",
            content_sha256="",
            at=make.NOON + (i + 1) * HOUR,
        )
    token = make.token(home)

    def get(query="", **headers):
        address = f"/api/v1/metering-points/{make.meter(home).public_id}/readings"
        window = "start=2026-11-23T11:00:00Z&end=2026-11-23T11:15:00Z"
        headers = {"authorization": f"Bearer {token}", "accept-language": "en", **headers}
        with patch("metering.api.authentication.now", lambda: make.NOON):
            return Client().get(f"{address}?{window}{query}", headers=headers)

    return get


def test_as_of_answers_what_was_known_then(get):
    def known(query):
        return [(row["energy_wh"], row["version"]) for row in get(query).json()]

    assert known("") == [(120, 2)]
    assert known("&as_of=2026-11-23T12:30:00Z") == [(100, 1)]
    assert known("&as_of=2026-11-23T11:30:00Z") == []


def test_csv_for_who_asks_for_it(get):
    answer = get(accept="text/csv")

    header, row = answer.content.decode().splitlines()
    assert answer["content-type"] == "text/csv; charset=utf-8"
    assert header == "channel,start,resolution_minutes,energy_wh,quality,version,received_at"
    assert row.startswith("import,2026-11-23T12:00:00+01:00,15,120,measured,2,")


def test_an_answer_that_still_holds_is_not_sent_again(get):
    first = get()

    assert get(**{"if-none-match": first["etag"]}).status_code == 304
    assert get("&as_of=2026-11-23T12:30:00Z", **{"if-none-match": first["etag"]}).status_code == 200


@pytest.mark.parametrize("query", ["&as_of=yesterday", "&as_of=9999-12-31T23:59:59-20:12", "&channel=sideways"])
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_a_bad_query_is_a_problem_with_its_cure(get, query, accept):
    answer = get(query, accept=accept)

    assert answer.status_code == 400
    assert answer["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "invalid"


def test_an_odd_offset_names_an_instant_all_the_same(get):
    assert len(get("&as_of=2026-11-23T12:30:00-20:12").json()) == 1
