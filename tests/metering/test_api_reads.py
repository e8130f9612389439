"""Reading back: what was known when, as CSV, and only if it changed."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from metering.models import MeteringPoint
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
    assert header == "channel,start,end,resolution_minutes,energy_wh,quality,version,received_at"
    assert row.startswith("import,2026-11-23T12:00:00+01:00,2026-11-23T12:15:00+01:00,15,120,measured,2,")


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


def week(minutes=15):
    """A home with a week of one Wh a quarter around the October day of 25 hours; what reads it back."""
    home = make.home(make.community(), "Ana", make.tariff())
    first = datetime(2026, 10, 21, 22, 0, tzinfo=UTC)
    rows = [
        ReadingRow(
            "import", first + timedelta(minutes=minutes * i), minutes // 15, "estimated" if i < 4 else "measured"
        )
        for i in range(7 * 24 * 60 // minutes + 60 // minutes)
    ]
    store_readings(
        metering_point=make.meter(home), rows=rows, source="api", content_sha256="", at=make.NOON, minutes=minutes
    )
    token = make.token(home)

    def get(query, path=None):
        path = path or f"/api/v1/metering-points/{make.meter(home).public_id}/readings?{query}"
        with patch("metering.api.authentication.now", lambda: make.NOON):
            return Client().get(path, headers={"authorization": f"Bearer {token}", "accept-language": "en"})

    return get, home


WEEK = "start=2026-10-22T00:00:00%2B02:00&end=2026-10-29T00:00:00%2B01:00"


def test_local_days_have_92_to_100_quarters_and_the_month_has_them_all():
    get, _home = week()

    days = get(f"{WEEK}&resolution=P1D").json()
    (month,) = get("start=2026-10-01T00:00:00%2B02:00&end=2026-11-01T00:00:00%2B01:00&resolution=P1M").json()

    assert [row["energy_wh"] for row in days] == [96, 96, 96, 100, 96, 96, 96]
    assert [row["expected"] for row in days] == [96, 96, 96, 100, 96, 96, 96]
    assert [row["estimated"] for row in days] == [4, 0, 0, 0, 0, 0, 0]
    assert days[3]["start"] == "2026-10-25T00:00:00+02:00"
    assert days[3]["end"] == "2026-10-26T00:00:00+01:00"
    assert (month["energy_wh"], month["present"], month["expected"]) == (676, 676, 31 * 96 + 4)


def test_hours_count_once_although_their_quarters_came_as_well():
    get, home = week()
    point = make.meter(home)
    hourly = [ReadingRow("import", datetime(2026, 10, 24, 22, 0, tzinfo=UTC) + i * HOUR, 7) for i in range(25)]
    store_readings(metering_point=point, rows=hourly, source="file", content_sha256="", at=make.NOON, minutes=60)

    hours = get(f"{WEEK}&resolution=PT1H").json()

    assert len(hours) == 7 * 24 + 1
    assert {row["energy_wh"] for row in hours} == {4}


def test_a_resolution_finer_than_the_meter_is_refused():
    get, home = week(60)
    MeteringPoint.objects.filter(household=home).update(resolution_minutes=60)

    assert get(f"{WEEK}&resolution=PT1H").status_code == 200
    assert get(f"{WEEK}&resolution=PT15M").status_code == 400


def test_a_long_answer_comes_in_pages_that_leave_nothing_out_and_repeat_nothing():
    get, _home = week()
    rows, answer = [], get(f"{WEEK}&limit=250")
    rows += answer.json()
    while "link" in answer:
        address = answer["link"].partition(">")[0].removeprefix("<http://testserver")
        answer = get("", address)
        rows += answer.json()

    assert len(rows) == 676
    assert rows == get(f"{WEEK}&limit=10000").json()


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=10001", "limit=x", "cursor=%F0", "cursor=bm9uc2Vuc2U", "resolution=P2D"]
)
def test_bad_pages_are_a_problem_with_its_cure(get, query):
    assert get(f"&{query}").json()["code"] == "invalid"
