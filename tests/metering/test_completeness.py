"""What a month lacks: in intervals of the meter, on days of 23 and 25 hours too."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from community.models import Member
from community.tariffs import month_span
from metering.completeness import completeness
from metering.models import MeteringPoint
from metering.services.readings import ReadingRow, store_readings
from metering.services.registers import RegisterRow, store_registers
from tests import factories as make

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
OCTOBER = month_span(2026, 10, MADRID)


@pytest.fixture
def point():
    return make.meter(make.home(make.community(), "Ana", make.tariff()))


def store(point, starts, channel="import", quality="measured", minutes=15):
    rows = [ReadingRow(channel, start, 1, quality) for start in starts]
    store_readings(metering_point=point, rows=rows, source="api", content_sha256="", at=AT, minutes=minutes)


def every(start, end, minutes=15):
    step = timedelta(minutes=minutes)
    return [start + i * step for i in range((end - start) // step)]


def of(point, channel="import", span=OCTOBER):
    return next(row for row in completeness([point], *span) if row.channel == channel)


def test_october_has_an_hour_more(point):
    store(point, every(*OCTOBER))

    whole, nothing = of(point), of(point, "export")

    assert (whole.expected, whole.present, whole.missing) == (2_980, 2_980, ())
    assert (nothing.present, [span.intervals for span in nothing.missing]) == (0, [2_980])


def test_missing_intervals_are_told_in_ranges(point):
    starts = every(*OCTOBER)
    store(point, starts[:10] + starts[14:100] + starts[101:])

    found = of(point)

    assert [(span.start, span.intervals) for span in found.missing] == [(starts[10], 4), (starts[100], 1)]
    assert found.present == 2_975


def test_hours_fill_quarters_and_measured_quarters_count_before_them(point):
    start, end = OCTOBER
    store(point, every(start, end, 60), minutes=60, quality="estimated")
    store(point, [start, start + timedelta(minutes=15)])

    found = of(point)

    assert found.missing == ()
    assert found.estimated == 2_978


def test_only_the_newest_version_says_how_it_was_measured(point):
    start = OCTOBER[0]
    store(point, [start], quality="estimated")
    store(point, [start])

    assert of(point).estimated == 0


def test_one_query_for_all_meters(point, django_assert_num_queries):
    make.home(point.household.community, "Bea", make.tariff("Otra"))
    points = list(MeteringPoint.objects.order_by("pk"))

    with django_assert_num_queries(1):
        assert len(completeness(points, *OCTOBER)) == 4


def test_over_the_api_the_running_month_ends_now(point):
    token = make.token(point.household)
    start = month_span(2026, 11, MADRID)[0]
    store(point, every(start, AT))

    with patch("metering.api.completeness.now", lambda: AT), patch("metering.api.authentication.now", lambda: AT):

        def get(month):
            address = f"/api/v1/metering-points/{point.public_id}/completeness?month={month}"
            return Client().get(address, headers={"authorization": f"Bearer {token}", "accept-language": "en"})

        said, bad = get("2026-11"), get("November")

    body = said.json()
    assert (body["start"], body["end"]) == ("2026-11-01T00:00:00+01:00", "2026-11-23T12:00:00+01:00")
    assert [(row["channel"], row["present"], len(row["missing"])) for row in body["channels"]] == [
        ("import", 2_160, 0),
        ("export", 0, 1),
    ]
    assert bad.status_code == 400
    assert "2026-10" in bad.json()["detail"]


def test_over_the_api_a_gap_between_two_dials_is_one_sum(point):
    rows = [RegisterRow("import", AT - timedelta(hours=back), wh) for back, wh in ((5, 1_000), (2, 4_000))]
    store_registers(metering_point=point, rows=rows, source="api", content_sha256="", at=AT)
    token = make.token(point.household)
    address = f"/api/v1/metering-points/{point.public_id}/completeness?month=2026-11"

    with patch("metering.api.completeness.now", lambda: AT), patch("metering.api.authentication.now", lambda: AT):
        said = Client().get(address, headers={"authorization": f"Bearer {token}"}).json()

    assert said["channels"][0]["present"] == 0
    assert said["channels"][0]["blocks"] == [
        {"start": "2026-11-23T07:00:00+01:00", "end": "2026-11-23T10:00:00+01:00", "energy_wh": 3_000}
    ]


def test_the_board_names_who_must_act_the_worst_first(client, point):
    street = point.household.community
    bea = make.home(street, "Bea", make.tariff("Otra"), make.member(street, "Bea"))
    start, end = month_span(2026, 11, MADRID)[0], AT - timedelta(hours=1)
    for channel in ("import", "export"):
        store(point, [slot for slot in every(start, end) if slot != start + timedelta(hours=5)], channel)
        store(make.meter(bea), every(start, end - timedelta(days=2)), channel)
    client.force_login(make.member(street, "Marta", Member.Role.ADMIN).user)

    with patch("config.clock.now", lambda: AT):
        text = client.get("/completeness/", headers={"accept-language": "en"}).content.decode()
        past = client.get("/completeness/?m=2026-10", headers={"accept-language": "en"}).content.decode()

    assert "0 of 2 meters are complete" in text
    assert text.index("192 of") < text.index("1 of 2,")
    assert "Silent since 21 November, 11:00" in text
    assert "Gaps, the first on 1 November, 05:00" in text
    assert "mailto:bea@example.org" in text
    assert "Nobody looks after this home yet" in text
    assert "2,980 of 2,980 missing" in past


def test_a_complete_month_says_so_and_residents_do_not_see_the_board(client, point):
    street = point.household.community
    start = month_span(2026, 10, MADRID)[0]
    for channel in ("import", "export"):
        store(point, every(start, AT), channel)
    client.force_login(make.member(street, "Marta", Member.Role.ADMIN).user)

    with patch("config.clock.now", lambda: AT):
        assert (
            b"So far the month is complete: 1 meter"
            in client.get("/completeness/", headers={"accept-language": "en"}).content
        )
        past = client.get("/completeness/?m=2026-10", headers={"accept-language": "en"}).content
        assert b"The month is complete: 1 meter" in past, "only a month that is over is complete"
        client.force_login(make.member(street, "Ana").user)
        assert client.get("/completeness/").status_code == 403
