"""An administrator's months: what is ready, closed once, in order, corrected on demand."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from community.models import Member
from market.models import PaymentRun, Statement
from market.services.settle import settle_due
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make
from tests.market.test_rent_and_pool import CLOSING, cleared, homes, metered, street, usual

__all__ = ["homes", "street"]

pytestmark = pytest.mark.django_db

OCTOBER = make.NOON - timedelta(days=30)


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: CLOSING):
        yield


@pytest.fixture
def admin(client, street):
    client.force_login(make.member(street, "Marta", Member.Role.ADMIN).user)
    return client


def english(answer):
    return answer.content.decode().replace("\xa0", " ")


def get(client, path="/closing/"):
    return english(client.get(path, headers={"accept-language": "en"}))


def post(client, path):
    return english(client.post(path, follow=True, headers={"accept-language": "en"}))


def test_a_month_that_is_over_and_settled_is_previewed_closed_once_and_then_final(admin, street, homes):
    cleared(street, usual(homes))
    metered(homes)

    page = get(admin)
    assert "ready to close" in page
    assert "Close November 2026" in page
    assert "1.0 kWh" in page, "Ana's sales"
    first = post(admin, "/closing/2026-11/close/")
    again = post(admin, "/closing/2026-11/close/")

    assert "November 2026 is closed, and every home has its statement." in first
    assert "is closed already; nothing was changed" in again
    assert Statement.objects.count() == 3
    assert "Close November 2026" not in again


def test_a_month_whose_readings_are_missing_says_how_many_and_stays_open(admin, street, homes):
    cleared(street, usual(homes))

    page = get(admin)

    assert "1 quarter of an hour waits for its readings, or for a home" in page
    assert "cannot be closed yet" in post(admin, "/closing/2026-11/close/")
    assert not Statement.objects.exists()


def test_months_close_in_order(admin, street, homes):
    cleared(street, usual(homes), OCTOBER)
    metered(homes, OCTOBER)
    cleared(street, usual(homes))
    metered(homes)

    assert "Close October 2026 first" in post(admin, "/closing/2026-11/close/")
    assert "October 2026 is closed" in post(admin, "/closing/2026-10/close/")


def test_a_closed_month_with_later_readings_is_corrected_on_demand(admin, street, homes):
    cleared(street, usual(homes))
    metered(homes)
    post(admin, "/closing/2026-11/close/")
    metered(homes, at=CLOSING + timedelta(minutes=5), taken=(400, 300))

    assert "correction due" in get(admin, "/closing/?m=2026-11")
    done = post(admin, "/closing/2026-11/correct/")
    again = post(admin, "/closing/2026-11/correct/")

    assert "2 homes have corrections of their statements." in done
    assert "2 corrections were issued." in done
    assert "none was issued" in again


def test_missing_and_estimated_readings_are_told_home_by_home(admin, street, homes):
    cleared(street, usual(homes))
    rows = [ReadingRow(channel, make.NOON, wh, "estimated") for channel, wh in (("import", 0), ("export", 1_000))]
    store_readings(
        metering_point=make.meter(homes[0]), rows=rows, source="api", content_sha256="0" * 64, at=CLOSING
    )
    make.read(homes[1], make.NOON, 400, 0)

    settle_due(community=street, at=CLOSING)

    page = get(admin)

    assert "1 not measured" in page
    assert "1 missing" in page
    assert "1 quarter of an hour is provisional" in page


def test_only_administrators_see_and_close_and_only_their_own(client, street, homes):
    cleared(street, usual(homes))
    metered(homes)
    client.force_login(make.member(street, "Eva").user)
    assert client.get("/closing/").status_code == 403
    assert client.post("/closing/2026-11/close/").status_code == 403
    other = make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN)
    client.force_login(other.user)
    assert client.post("/closing/2026-11/close/").status_code == 404
    assert client.get("/closing/2026-11/close/").status_code == 405
    assert "No month yet" in get(client)
    assert client.post("/closing/2026-13/correct/").status_code == 404
    assert not Statement.objects.exists()


def test_where_money_is_settled_the_month_has_a_list_of_who_pays_and_receives(admin, street, homes):
    street.legal_mode = "private_settlement"
    street.save()
    homes[0].name = "=cmd()"
    homes[0].save()
    cleared(street, usual(homes))
    metered(homes)
    page = post(admin, "/closing/2026-11/close/")
    admin.post("/payments/new/")
    run = PaymentRun.objects.get()

    rows = admin.get(f"/payments/{run.public_id}/all.csv").content.decode("utf-8-sig").splitlines()

    assert "Who pays and who receives" in page
    assert rows[0] == "home,member,version,statement,pays_eur,receives_eur"
    assert sorted((row.split(",")[0], *row.split(",")[4:]) for row in rows[1:])[0][0] == "'=cmd()"
    assert {row.split(",")[0]: row.split(",")[4:] for row in rows[1:]} == {
        "'=cmd()": ["", "0.10"], "Bruno": ["0.03", ""], "Carla": ["0.08", ""],
    }  # fmt: skip


def test_in_a_simulation_nobody_pays_and_the_page_says_so(admin, street, homes):
    cleared(street, usual(homes))
    metered(homes)
    closed = post(admin, "/closing/2026-11/close/")

    answer = admin.post("/payments/new/", follow=True, headers={"accept-language": "en"})

    assert "Who pays" not in closed
    assert "Nothing is due" in english(answer)
