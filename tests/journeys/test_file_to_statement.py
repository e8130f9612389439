"""A distributor's file becomes slots and a statement on days of 92, 96 and 100 quarters, and a corrected one is told."""

from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from market.models import SettledHome, Settlement
from market.queries.months import days_of, months_of
from market.services.clear import clear_slot
from market.services.settle import settle_due
from market.services.slots import open_slots
from market.services.statements import close_month
from metering.models import MeteringPoint
from metering.services import meter_files
from tests import factories as make
from tests.metering.meter_file_maker import true_days, write

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
MOOD = dict.fromkeys(("comma", "day_first", "bom", "crlf", "quotes", "preamble", "total", "packed"), False)
A_DAY = timedelta(days=1)


@pytest.fixture
def home():
    street = make.community()
    home = make.home(street, "Ana", make.tariff(), make.member(street, "Ana"))
    MeteringPoint.objects.update(cups="ES9999000000000001DS0F")
    return home


def delivered(home, day):
    """The day's slots, opened and cleared; when the day is over."""
    start = datetime(day.year, day.month, day.day, tzinfo=MADRID).astimezone(UTC)
    end = datetime(day.year, day.month, day.day, tzinfo=MADRID).replace(tzinfo=None) + A_DAY
    end = end.replace(tzinfo=MADRID).astimezone(UTC)
    open_slots(community=home.community, first=start, until=end)
    for slot in home.community.slots.all():
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    return end


def hand_in(home, day, minutes, wh, at, measured=True):
    rows = true_days([day], minutes, "counted", lambda: (wh, 0, measured))
    content = write("edistribucion", rows, minutes, MOOD)
    file = meter_files.take_in(community=home.community, name="x.csv", content=content, at=at)
    meter_files.commit(file_id=file.pk, at=at)


def settle(home, at):
    while settle_due(community=home.community, at=at):
        pass


def statement(home, day, at):
    client = Client()
    client.force_login(home.member.user)
    with patch("config.clock.now", lambda: at):
        return client.get(f"/months/{day:%Y-%m}/").content.decode().replace("\xa0", " ")


@pytest.mark.parametrize("minutes", [15, 60])
@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 5, 12), 96), (date(2026, 10, 25), 100)]
)
def test_every_quarter_of_the_day_is_settled_once(home, day, quarters, minutes):
    end = delivered(home, day)
    hand_in(home, day, minutes, 40 * minutes // 15, end + A_DAY)
    settle(home, end + 2 * A_DAY)

    rows = SettledHome.objects.filter(household=home, is_current=True)
    assert set(rows.values_list("import_wh", flat=True)) == {40}
    assert rows.count() == quarters
    (told,) = days_of(home, end - 2 * A_DAY, end)
    assert (told.first, told.slots, told.import_wh) == (day, quarters, 40 * quarters)
    page = statement(home, day, end + 3 * A_DAY)
    profiled = f"{quarters} cuartos de hora se repartieron de lecturas horarias"
    assert (profiled in page) == (minutes == 60)


def test_estimates_are_named_until_a_measurement_corrects_them_in_words_and_cents(home):
    day = date(2026, 10, 25)
    end = delivered(home, day)
    hand_in(home, day, 15, 40, end + A_DAY, measured=False)
    settle(home, end + 2 * A_DAY)
    assert "100 cuartos de hora se estimaron" in statement(home, day, end + 3 * A_DAY)

    hand_in(home, day, 15, 140, end + 3 * A_DAY)
    settle(home, end + 3 * A_DAY)

    page = statement(home, day, end + 4 * A_DAY)
    assert "se estimaron" not in page
    # 10 kWh more on a Sunday, at the retailer's 0,10 €/kWh
    told = "El 29 de octubre llegaron lecturas posteriores: se liquidaron otra vez 100 cuartos de hora. "
    assert told + "+10,00 kWh consumidos, 0,00 kWh vertidos; −1,00 € para ti." in page
    assert set(Settlement.objects.filter(is_current=True).values_list("revision", flat=True)) == {2}


def test_a_closed_month_is_told_as_its_statement_says(home):
    day = date(2026, 10, 25)
    end = delivered(home, day)
    hand_in(home, day, 15, 40, end + A_DAY)
    settle(home, end + 2 * A_DAY)
    (before,) = months_of(home)

    close_month(community=home.community, month=date(2026, 10, 1), at=end + 20 * A_DAY)

    assert months_of(home) == [before]
