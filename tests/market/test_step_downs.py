"""What agents lack takes them down the ladder, is kept with its reason, and is told to the home's owner."""

from datetime import timedelta

import pytest
from django.urls import reverse

from community.models import DeviceState
from config import clock
from market.agents.fallback import Standing
from market.models import Forecast, ForecastAccuracy, Order, Slot, StepDown
from market.queries.agents import read_street
from market.services.agents import place_orders
from market.services.forecasts import renew_forecasts
from market.services.step_downs import record_standings
from tests import factories as make

pytestmark = pytest.mark.django_db

NOON, QUARTER, HOUR = make.NOON, make.QUARTER, timedelta(hours=1)


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def homes(street):
    tariff = make.tariff()
    return [make.home(street, name, tariff, make.member(street, name)) for name in ("Ana", "Bruno")]


@pytest.fixture
def well(street, homes):
    """A street whose meters told all until noon and whose forecasts are fresh."""
    for home in homes:
        make.history(home, 100)
    renew_forecasts(community=street, at=NOON)
    return street


def health(street, at=NOON):
    return read_street(street, at, at).health


def order(street, at=NOON):
    slot = make.slot(street, at + HOUR)
    Slot.objects.filter(pk=slot.pk).update(ordered_at=None)
    place_orders(slot_id=slot.pk, at=at)
    return slot


def test_a_street_that_is_well_has_nothing_to_tell(well):
    found = health(well)

    assert (found.overdue_slots, found.homes, found.silent, found.error_pct, found.price_ueur_kwh) == (
        0, 2, 0, None, None,
    )  # fmt: skip


def test_a_forecast_is_overdue_only_beyond_its_renewal(well):
    assert health(well, NOON + 6 * HOUR + QUARTER).overdue_slots == 1
    assert health(well, NOON + 7 * HOUR).overdue_slots == 4


def test_a_street_without_any_forecast_lacks_it(street, homes):
    assert health(street).overdue_slots is None


def test_a_meter_is_silent_three_hours_after_it_usually_delivers(well, homes):
    late = NOON + 3 * HOUR + QUARTER
    make.read(homes[0], NOON + 2 * HOUR, 100, 0)

    assert health(well, NOON + 3 * HOUR).silent == 0
    assert health(well, late).silent == 1

    Forecast.objects.update(known_until=NOON - 12 * HOUR)  # this street's meters deliver twice a day
    assert health(well, late).silent == 0


def test_a_home_that_was_never_heard_of_is_not_silent(well):
    make.home(well, "Carla", make.tariff("Cuatro"))

    found = health(well)

    assert (found.homes, found.silent) == (2, 0)


def test_a_price_that_no_retailer_knows_is_found(well):
    slot = make.slot(well, NOON - HOUR)
    for price, strange in ((50_000, None), (200_000, None), (200_001, 200_001), (49_999, 49_999)):
        Slot.objects.filter(pk=slot.pk).update(price_ueur_kwh=price)
        assert health(well).price_ueur_kwh == strange


def test_an_error_twice_as_large_as_usual_is_found(well):
    for back in range(1, 10):
        ForecastAccuracy.objects.create(
            community=well, day=NOON.date() - timedelta(days=back), compared=10, used_wh=1_000,
            off_wh=900 if back == 1 else 300, bias_wh=0, banded=0, in_band=0, computed_at=NOON,
        )  # fmt: skip

    assert health(well).error_pct == 300


def test_the_health_of_a_large_street_takes_as_many_queries_as_that_of_a_small_one(
    well, django_assert_num_queries
):
    offer = make.tariff("Cuatro")
    for i in range(8):
        make.home(well, f"Casa {i}", offer)

    with django_assert_num_queries(13):  # what homes follow among them
        read_street(well, NOON, NOON)


def test_agents_that_lack_a_forecast_go_by_the_rule_and_it_is_kept_once_until_it_is_over(street, homes):
    make.battery(homes[0])
    order(street)
    order(street, NOON + QUARTER)

    step = StepDown.objects.get()
    assert (step.household, step.since, step.level, step.reason) == (None, NOON, "rule", "forecast_missing")

    renew_forecasts(community=street, at=NOON + 2 * QUARTER)
    order(street, NOON + 2 * QUARTER)

    step.refresh_from_db()
    assert step.until == NOON + 2 * QUARTER
    assert StepDown.objects.count() == 1


def test_a_home_whose_battery_fell_silent_orders_nothing_and_its_neighbour_goes_on(well, homes):
    store = make.battery(homes[0])
    DeviceState.objects.create(device=store, at=NOON - 7 * HOUR, soc_wh=5_000)

    slot = order(well)

    step = StepDown.objects.get()
    assert (step.household, step.level, step.reason) == (homes[0], "self_consumption", "battery_silent")
    assert step.facts == {"minutes": 7 * 60}
    assert set(Order.objects.filter(slot=slot).values_list("household__name", flat=True)) == {"Bruno"}


def test_a_battery_that_never_reported_is_only_not_connected_yet(well, homes):
    make.battery(homes[0])

    order(well)

    assert not StepDown.objects.exists()


def test_another_reason_ends_a_step_and_begins_one(street):
    stale, silent = Standing("rule", "forecast_stale", {"slots": 4}), Standing("rule", "meters_silent", {})
    for i, standing in enumerate((stale, stale, silent, Standing("planner"))):
        record_standings(community=street, street=standing, homes={}, at=NOON + i * HOUR)

    steps = list(StepDown.objects.order_by("since").values_list("reason", "since", "until"))
    assert steps == [
        ("forecast_stale", NOON, NOON + 2 * HOUR),
        ("meters_silent", NOON + 2 * HOUR, NOON + 3 * HOUR),
    ]


@pytest.fixture
def page(client, monkeypatch):
    """A visitor's page, as text, at noon."""
    monkeypatch.setattr(clock, "now", lambda: NOON + QUARTER)

    def get(name, address="home", language="es"):
        client.login(username=f"{name.lower()}@example.org", password=make.PASSWORD)
        response = client.get(reverse(address), headers={"accept-language": language})
        return response.content.decode().replace("\xa0", " ") if response.status_code == 200 else response

    return get


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", "Tu batería lleva 7 horas sin informar. Mientras tanto tu hogar usa primero su propia energía"),
        ("en", "Your battery has not reported for 7 hours. Meanwhile your home uses its own energy first"),
    ],
)
def test_the_owner_reads_why_the_agent_holds_back_and_the_neighbour_does_not(well, homes, page, language, said):
    store = make.battery(homes[0])
    DeviceState.objects.create(device=store, at=NOON - 7 * HOUR, soc_wh=5_000)
    order(well)

    assert said in page("Ana", language=language)
    assert said not in page("Bruno", language=language)


def test_every_owner_reads_what_holds_for_the_street_until_it_is_over(street, homes, page):
    make.history(homes[1], 100)
    order(street)
    assert "Todavía no hay previsión para tu hogar." in page("Bruno")

    renew_forecasts(community=street, at=NOON + QUARTER)
    order(street, NOON + QUARTER)
    assert "Todavía no hay previsión" not in page("Bruno")


def test_the_administrator_sees_errors_bands_the_model_and_the_steps(well, homes, page):
    make.member(well, "Eva", "admin")
    for back in range(3):
        ForecastAccuracy.objects.create(
            community=well, day=NOON.date() - timedelta(days=back), compared=100, used_wh=40_000,
            off_wh=10_000, bias_wh=-2_000, banded=100, in_band=79, computed_at=NOON,
        )  # fmt: skip
    record_standings(community=well, street=Standing("rule", "forecast_stale", {"slots": 4}), homes={}, at=NOON)

    text = page("Eva", "forecasts")

    assert "se desvió un 25 % de lo que tomó y dio" in text
    assert "79 %" in text
    assert "100 Wh" in text
    assert "−20 Wh" in text
    assert text.count('class="bar full"') == 3
    assert "perfil de las últimas semanas" in text
    assert "Regla por las horas de la tarifa: toda la calle" in text
    assert 'href="/street/forecasts/"' in page("Eva", "more")


def test_residents_have_no_page_of_forecasts(well, homes, page):
    assert page("Ana", "forecasts").status_code == 403
    assert "/street/forecasts/" not in page("Ana", "more")


def test_a_street_without_comparisons_says_so(street, page):
    make.member(street, "Eva", "admin")

    assert "Todavía no se ha comparado ninguna previsión con lecturas." in page("Eva", "forecasts")
