"""The energy page tells what was settled and measured, says what is missing, and guesses nothing."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from community.models import Device, Household, Member, Tariff
from community.periods import Period
from config import clock
from market.models import SettledHome, Settlement, Slot
from market.queries.energy import Exchange, exchanged, exchanges, summed
from market.queries.home import latest_statement, month_so_far
from market.queries.own_energy import Equipment, Own, own_energy
from market.queries.wallet import offer_costs
from market.services.statements import close_month
from market.wording.compared import compared
from market.wording.energy import Known, numbers, sentence
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 11, 22, 23, tzinfo=UTC)  # Monday's midnight in Madrid
NOW = FIRST + timedelta(hours=12, minutes=40)
DAY = Period.around("day", date(2026, 11, 23))


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def street():
    return make.community(slot_minutes=15)


@pytest.fixture
def marta(street):
    return make.home(street, "Azahar 1", make.tariff(), make.member(street, "Marta", Member.Role.ADMIN))


def visitor(home):
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(home.member.user)
    return client


def settled(home, start, taken=0, given=0, bought=0, sold=0, *, missing=False):
    """A settled slot of a home: with the retailer at 150 and 50 µ€/Wh, with neighbours at 100."""
    slot, _new = Slot.objects.get_or_create(
        community=home.community, start=start,
        defaults={"end": start + make.QUARTER, "gate_closure": start, "status": "cleared", "cleared_at": start},
    )  # fmt: skip
    settlement = Settlement.objects.create(
        slot=slot, settled_at=start + make.QUARTER, provisional=missing, readings_as_of=start + make.QUARTER
    )
    SettledHome.objects.create(
        settlement=settlement, household=home, start=start, missing=missing, provisional=missing,
        import_wh=taken, export_wh=given, bought_wh=bought, sold_wh=sold, import_ueur_kwh=150_000,
        feed_in_ueur_kwh=50_000, price_ueur_kwh=100_000, paid_neur=bought * 100_000, earned_neur=sold * 100_000,
        baseline_neur=taken * 150_000 - given * 50_000,
        actual_neur=(taken - bought) * 150_000 - (given - sold) * 50_000 + bought * 100_000 - sold * 100_000,
    )  # fmt: skip


def made(home, start, energy_wh, *, minutes=15):
    """A reading of the panels themselves; a second one of the same interval is a correction."""
    store_readings(
        metering_point=make.meter(home), rows=[ReadingRow("generation", start, energy_wh)], source="api",
        content_sha256="0" * 64, at=NOW, minutes=minutes,
    )  # fmt: skip


def quarters(count):
    return [FIRST + make.QUARTER * i for i in range(count)]


def told(home, address="/energy/"):
    return visitor(home).get(address).context


def test_a_day_is_its_slots_and_a_month_its_days(marta):
    for start in (*quarters(3), FIRST - timedelta(hours=1)):
        settled(marta, start, taken=400, given=200, bought=100, sold=150)

    day, month = (exchanges(marta, Period.around(view, DAY.first)) for view in ("day", "month"))

    assert list(day) == quarters(3)
    assert [(one.slots, one.taken_wh) for one in month.values()] == [(1, 400), (3, 1_200)]
    total = summed(day.values())
    assert (total.from_neighbours_wh, total.from_grid_wh, total.to_neighbours_wh, total.to_grid_wh) == (
        300, 900, 450, 150,
    )  # fmt: skip
    assert total.balance_neur == -sum(row.actual_neur for row in SettledHome.objects.filter(start__gte=FIRST))


def test_what_panels_made_and_the_home_kept_is_known_where_they_are_measured(marta):
    for start in quarters(2):
        settled(marta, start, taken=100, given=300)
        made(marta, start, 500)

    page = told(marta)

    assert [(one.label, one.value) for one in page["figures"][:2]] == [
        ("Self-consumption", "40\xa0%"),
        ("Self-sufficiency", "67\xa0%"),
    ]
    assert [(flow.source, flow.target, flow.energy_wh) for flow in page["flows"]] == [
        ("your roof", "your home", 1_000),
        ("from the grid", "your home", 200),
        ("your home", "to the grid", 600),
        ("your home", "you used", 600),
    ]


def test_home_and_energy_page_tell_the_same_of_a_month(marta):
    settled(marta, FIRST, taken=100, given=300)
    made(marta, FIRST, 500)
    # Before the market ran, and in a quarter of an hour of which the home's own meter tells nothing.
    made(marta, FIRST - timedelta(days=2), 9_000)
    settled(marta, FIRST + make.QUARTER, missing=True)
    made(marta, FIRST + make.QUARTER, 9_000)

    told_at_home = {one.label: one.value for one in told(marta, "/")["figures"]}
    told_here = {one.label: one.value for one in told(marta, "/energy/?v=month")["figures"]}

    assert told_at_home["Self-sufficiency"] == told_here["Self-sufficiency"] == "67\xa0%"


def test_a_corrected_reading_of_the_panels_counts_once_and_as_its_newest_version(marta):
    settled(marta, FIRST, given=300)
    made(marta, FIRST, 500)
    made(marta, FIRST, 700)

    assert [(one.made_wh, one.kept_wh) for one in own_energy(marta, DAY, ()).values()] == [(700, 400)]


def test_an_hour_of_the_panels_is_not_split_into_quarters(marta):
    settled(marta, FIRST, given=300)
    made(marta, FIRST, 2_000, minutes=60)

    assert own_energy(marta, DAY, ()) == {}


def test_unmeasured_panels_are_said_so_and_nothing_is_guessed(marta):
    Device.objects.create(household=marta, kind="pv", name="Placas", peak_w=4_000)
    settled(marta, FIRST, taken=100, given=300)

    page = told(marta)

    assert any("cannot be known, and are not guessed" in line for line in page["gaps"])
    assert "Self-consumption" not in [one.label for one in page["figures"]]
    assert "own" not in [one.tone for one in page["chart"].series]
    assert [(flow.source, flow.target) for flow in page["flows"]] == [
        ("from the grid", "in through your meter"),
        ("out through your meter", "to the grid"),
    ]


def test_a_slot_without_readings_has_no_bar_and_is_counted(marta):
    settled(marta, FIRST, taken=100)
    settled(marta, FIRST + make.QUARTER, missing=True)
    settled(marta, FIRST + make.QUARTER * 2, taken=300)

    page = told(marta)
    rows = page["chart"].rows

    assert [cell.value for cell in rows[0].cells] == ["0", "0", "0", "0.1"]
    assert {cell.value for cell in rows[1].cells} == {None}
    assert rows[1].remark == "no readings"
    assert "1 quarter of an hour without readings: nothing is drawn there." in page["gaps"]
    assert page["until"] == "Readings until 00:45"


def test_slots_that_were_never_settled_are_counted_up_to_now(marta):
    settled(marta, FIRST, taken=100)

    page = told(marta)

    # 12:40 lies in the 51st quarter of the day: fifty are over, one is settled.
    assert any(line.startswith("49 quarters of an hour have no figures") for line in page["gaps"])
    assert [row.ahead for row in page["chart"].rows].count(True) == 96 - 51
    assert page["chart"].now == pytest.approx(50.67)


def test_panels_with_gaps_are_told_without_those(marta):
    for start in quarters(3):
        settled(marta, start, given=300)
    made(marta, FIRST, 500)

    page = told(marta)

    assert "The readings of your panels lack 2 quarters of an hour: own use is told without them." in page["gaps"]
    assert [row.cells[0].value for row in page["chart"].rows[:3]] == ["0.2", None, None]
    assert page["figures"][0].value == "40\xa0%"
    assert "you used" not in [flow.target for flow in page["flows"]]


def test_a_home_without_panels_used_what_it_took(marta):
    settled(marta, FIRST, taken=1_000, bought=400)

    page = told(marta)

    assert ("your home", "you used", 1_000) in [(one.source, one.target, one.energy_wh) for one in page["flows"]]
    assert [one.value for one in page["figures"]] == ["1.0\xa0kWh", "40\xa0%", "0.13\xa0€", "0.130\xa0€/kWh"]


def test_in_euros_the_page_tells_money_and_what_own_use_saved(marta):
    settled(marta, FIRST, taken=1_000, given=2_000, bought=400, sold=1_000)
    made(marta, FIRST, 3_000)

    page = told(marta, "/energy/?unit=eur")

    said = "Today: 0.02\xa0€ in your favour for energy. You received 0.15\xa0€ and paid 0.13\xa0€."
    assert page["sentence"] == said
    assert [cell.value for cell in page["chart"].rows[0].cells] == ["0.1", "0.05", "0.04", "0.09"]
    assert "would have cost you 0.15\xa0€" in page["saved_by_own"]
    assert page["flows"] == []


def test_a_running_day_is_compared_with_the_same_part_of_the_day_before(marta):
    yesterday = FIRST - timedelta(days=1)
    for i in range(8):
        settled(marta, yesterday + make.QUARTER * i, taken=100)
    for start in quarters(2):
        settled(marta, start, taken=300)

    page = told(marta)

    grid = page["compared"][0]
    assert (grid.now, grid.before, grid.change) == ("0.60\xa0kWh", "0.20\xa0kWh", "+0.40\xa0kWh")
    assert page["compared_with"].startswith("Against the same part")


def test_a_period_that_runs_names_the_meters_that_are_behind_and_one_that_is_over_does_not(marta):
    make.meter(make.home(marta.community, "Azahar 3", Tariff.objects.get()))
    settled(marta, FIRST, taken=100)
    settled(marta, FIRST - timedelta(days=1), taken=100)
    make.read(marta, FIRST, 100, 0)

    assert told(marta)["until"] == "Readings until 00:15; 1 meter is behind"
    assert told(marta, "/energy/?d=2026-11-22")["until"] == "Readings until 00:15"


def test_the_sentence_of_a_picture_writes_an_energy_as_every_other_page(marta):
    settled(marta, FIRST, taken=1_630)

    page = visitor(marta).get("/energy/?v=month").content.decode().replace("\xa0", " ")

    assert "The most you took was 1.6 kWh (" in page


def test_each_picture_is_told_in_a_sentence_and_its_figures_are_open_to_read(marta):
    settled(marta, FIRST, taken=300, given=200, bought=100)
    settled(marta, FIRST + make.QUARTER, taken=500)
    made(marta, FIRST, 500)
    made(marta, FIRST + make.QUARTER, 0)

    page = visitor(marta).get("/energy/").content.decode().replace("\xa0", " ").replace("\u2060", "")

    assert "The most you took was 0.50 kWh (00:15–00:30). The most you gave was 0.20 kWh (00:00–00:15)." in page
    assert (
        "1.3 kWh came in: your roof 0.50 kWh, from neighbours 0.10 kWh, from the grid 0.70 kWh. "
        "1.3 kWh went on from there: to the grid 0.20 kWh, you used 1.1 kWh."
    ) in page
    assert page.count('<details class="more" open>') == 2
    money = told(marta, "/energy/?unit=eur")
    assert money["says"][0].replace("\xa0", " ").startswith("The most you paid was 0.075 €")


@pytest.mark.parametrize(
    ("now", "before", "written"),
    [
        ({"paid_retailer_neur": 2_006_000_000}, {"paid_retailer_neur": 2_224_000_000}, ("2.01", "2.22", "−0.21")),
        ({"paid_retailer_neur": 20_071_000_000}, {"paid_retailer_neur": 16_864_000_000}, ("20.07", "16.86", "+3.21")),
        ({"taken_wh": 64}, {"taken_wh": 66}, ("0.06", "0.07", "−0.01")),
        ({"taken_wh": 4_751}, {"taken_wh": 5_849}, ("4.8", "5.8", "−1.0")),
        ({"taken_wh": 960}, {"taken_wh": 2_300}, ("0.96", "2.3", "−1.3")),
    ],
)  # fmt: skip
def test_a_difference_is_that_of_the_two_figures_as_they_are_written(now, before, written):
    unit = "eur" if "paid_retailer_neur" in now else "kwh"

    with translation.override("en"):
        first = compared(Exchange(**now), Exchange(**before), unit)[0]

    assert tuple(text.split("\xa0")[0] for text in (first.now, first.before, first.change)) == written


@pytest.mark.parametrize(
    "amounts",
    [
        (1_004_000_000, 4_000_000, 0, 0, 0),
        (14_000_000, 14_000_000, 6_000_000, 1_006_000_000, 0),
        (3_333_333_333, 1_111_111_111, 9_999_999_999, 4_444_444_444, 0),
        (5_000_001, 5_000_001, 5_000_001, 0, -5_000_001),
        (0, 6_000_000, 16_000_000, 4_999_999, 26_000_000),
    ],
)
def test_what_a_period_says_in_euros_adds_up_to_its_balance_as_it_is_written(amounts):
    names = ("paid_retailer_neur", "paid_neighbours_neur", "earned_neur", "from_retailer_neur", "other_neur")
    total = Exchange(slots=1, taken_wh=1_000, given_wh=1_000, **dict(zip(names, amounts, strict=True)))
    known = Known(DAY, total, Own(), Equipment((), ()), NOW)

    with translation.override("en"):
        said = [Decimal(one) for one in re.findall(r"\d+\.\d\d", sentence(known, "eur", DAY.first))]
        rows = compared(total, Exchange(), "eur")
        paid = {one.label: one.value for one in numbers(known)}.get("Paid")

    written = [Decimal(row.now.split("\xa0")[0].replace("−", "-")) for row in rows]
    signs = (-1, -1, 1, 1, 1)[: len(rows) - 1]
    balance = written[-1]
    assert sum(sign * one for sign, one in zip(signs, written[:-1], strict=True)) == balance
    assert said[0] == abs(balance)
    assert abs(said[1] - said[2]) == said[0]
    assert paid is None or Decimal(paid.split("\xa0")[0].replace("−", "-")) == -balance


def test_a_year_takes_closed_months_from_their_statements(street, marta):
    october = datetime(2026, 10, 10, 10, tzinfo=UTC)
    settled(marta, october, taken=400, given=200, bought=100, sold=150)
    before = summed(exchanges(marta, Period.around("month", date(2026, 10, 10))).values())
    close_month(community=street, month=date(2026, 10, 1), at=NOW)
    settled(marta, FIRST, taken=1_000)
    year = Period.around("year", DAY.first)

    found = exchanges(marta, year)

    assert list(found.values()) == [before, exchanges(marta, DAY)[FIRST]]
    assert exchanged(marta, year, NOW) == summed(found.values())


def test_own_use_of_closed_months_is_remembered_until_they_are_stated_anew(street, marta):
    october = datetime(2026, 10, 10, 10, tzinfo=UTC)
    settled(marta, october, given=200)
    made(marta, october, 500)
    year = Period.around("year", DAY.first)
    close_month(community=street, month=date(2026, 10, 1), at=NOW)
    first = own_energy(marta, year, ())
    made(marta, october, 900)

    again = own_energy(marta, year, ())
    cache.clear()

    assert [one.kept_wh for one in first.values()] == [300]
    assert again == first
    assert [one.kept_wh for one in own_energy(marta, year, ()).values()] == [700]


def test_a_battery_is_told_when_it_told_of_every_slot(marta):
    battery = make.battery(marta)
    for i, start in enumerate(quarters(2)):
        settled(marta, start, given=300)
        made(marta, start, 1_000)
        battery.states.create(at=start + make.QUARTER, energy_wh=200 if i == 0 else -50, soc_wh=1_000)

    page = told(marta)

    streams = {(one.source, one.target): one.energy_wh for one in page["flows"]}
    assert streams["your home", "battery took"] == 200
    assert streams["battery gave", "your home"] == 50
    assert streams["your home", "you used"] == 2_000 + 50 - 200 - 600
    assert page["chart"].series[-1].panel == 1


def test_with_reports_missing_the_battery_is_not_told_apart(marta):
    battery = make.battery(marta)
    for start in quarters(2):
        settled(marta, start, given=300)
        made(marta, start, 1_000)
    battery.states.create(at=FIRST + make.QUARTER, energy_wh=200, soc_wh=1_000)

    targets = {one.target for one in told(marta)["flows"]}

    assert "you used or stored" in targets
    assert "battery took" not in targets


def test_the_file_holds_the_same_and_leaves_unknown_figures_empty(marta):
    settled(marta, FIRST, taken=400, bought=100)
    made(marta, FIRST, 250)
    settled(marta, FIRST + make.QUARTER, taken=300)

    answer = visitor(marta).get("/energy/energy.csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["from_neighbours_wh"], row["from_grid_wh"]) for row in rows] == [("100", "300"), ("0", "300")]
    assert [row["own_use_wh"] for row in rows] == ["250", ""]
    assert 'filename="azotea-day-2026-11-23.csv"' in answer["Content-Disposition"]


def test_a_home_without_any_settled_slot_is_told_to_wait(marta):
    assert told(marta)["empty"]["title"] == "Waiting for the first readings of your meter"


def test_the_next_neighbour_sees_no_sum_of_the_time_before(street, marta):
    settled(marta, FIRST - timedelta(days=40), taken=7_000)
    close_month(community=street, month=date(2026, 10, 1), at=NOW)
    settled(marta, FIRST - timedelta(days=2), taken=5_000)
    settled(marta, FIRST, taken=300)
    Household.objects.filter(pk=marta.pk).update(records_from=FIRST - timedelta(days=1))
    home = Household.objects.get(pk=marta.pk)

    for view in ("week", "month", "year"):
        period = Period.around(view, date(2026, 11, 23))
        assert summed(exchanges(home, period).values()).taken_wh == 300
        assert exchanged(home, period, NOW).taken_wh == 300
    assert month_so_far(home, FIRST - timedelta(days=22), NOW).import_wh == 300
    assert latest_statement(home) is None
    assert offer_costs(home) == []
    page = visitor(home).get("/energy/?v=year").content.decode()
    assert "0.30 kWh" in page.replace("\xa0", " ")
    assert "7.00 kWh" not in page.replace("\xa0", " ")


def test_nobody_sees_the_energy_of_another_home(street, marta):
    settled(marta, FIRST, taken=400)
    ana = make.home(street, "Azahar 3", marta.contracts.get().tariff, make.member(street, "Ana"))

    assert visitor(ana).get(f"/energy/?home={marta.pk}").status_code == 404
    assert visitor(ana).get(f"/energy/energy.csv?home={marta.pk}").status_code == 404
    assert Client().get("/energy/").status_code == 302
