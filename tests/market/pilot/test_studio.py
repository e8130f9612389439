"""The studio's pages: a street is described, lived by workers, read, shown and made a community of."""

from datetime import timedelta
from io import BytesIO
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pypdf import PdfReader

from community.demo.neighbourhood import cups
from community.models import Community, Household, Member
from market.models import Pilot, PilotMonth
from market.pilot.states import months_to_live, state_of
from market.queries.settle import slot_cases
from market.services import pilot_months
from market.services.pilots import begin, found_community
from metering.models import MeteringPoint
from tests import factories as make
from tests.market.pilot.test_year import street as scenario

pytestmark = pytest.mark.django_db

NOW = make.NOON


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW), patch("market.views.pilots.ring_studio"):
        yield


@pytest.fixture
def marta():
    return make.member(make.community(), "Marta", Member.Role.ADMIN).user


@pytest.fixture
def admin(client, marta):
    client.force_login(marta)
    return client


def english(answer):
    return answer.content.decode().replace("\xa0", " ")


def typed(homes=2, **changes):
    given = {
        "name": "Calle Nueva", "p1": "0,229", "p2": "0,159", "p3": "0,117", "surplus": "0,055", "flat": "0,172",
        "flat_surplus": "0,07", "grid_fee": "0,005", "import_limit": "", "panels_eur_kw": "1200",
        "battery_eur_kwh": "550", "home-TOTAL_FORMS": str(homes), "home-INITIAL_FORMS": "0",
        "home-MIN_NUM_FORMS": "2", "home-MAX_NUM_FORMS": "30",
    }  # fmt: skip
    for i in range(homes):
        given |= {
            f"home-{i}-name": f"Casa {i}", f"home-{i}-kind": "family", f"home-{i}-pv_kw": str(3 * (i == 0)),
            f"home-{i}-battery_kwh": "0", f"home-{i}-tariff": "three", f"home-{i}-objective": "savings",
        }  # fmt: skip
    return given | changes


def lived(pilot):
    """Live the usual year's months, April's for all of them: a test need not wait for twelve."""
    row = PilotMonth.objects.get(pilot=pilot, variant="usual", month=4)
    assert pilot_months.live(month_id=row.pk)
    row.refresh_from_db()
    for other in PilotMonth.objects.filter(pilot=pilot, variant="usual").exclude(pk=row.pk):
        other.lived = row.lived | {"month": other.month}
        other.save()


def test_a_street_is_described_and_all_its_months_wait_to_be_lived(admin, marta):
    form = english(admin.get("/pilots/new/?homes=3", headers={"accept-language": "en"}))
    assert form.count('class="card form" aria-label="Home') == 3

    answer = admin.post("/pilots/new/", typed(import_limit="12,5"))

    pilot = Pilot.objects.get()
    assert answer.headers["location"] == f"/pilots/{pilot.public_id}/"
    assert (pilot.owner, pilot.months.count(), len(months_to_live(99))) == (marta, 72, 72)
    assert pilot.scenario["import_limit_w"] == 12_500
    assert [home["pv_w"] for home in pilot.scenario["homes"]] == [3_000, 0]
    first = PilotMonth.objects.get(pk=months_to_live(1)[0])
    assert (first.variant, first.month) == ("usual", 1)
    page = english(admin.get(f"/pilots/{pilot.public_id}/", headers={"accept-language": "en"}))
    assert "0 of 12 months." in page
    assert 'hx-trigger="every 2s"' in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"surplus": "0,3"}, "A retailer pays less for surplus than it charges"),
        ({"p1": "22,9"}, "is it meant in cents?"),
        ({"home-0-kind": "file"}, "Choose the home's meter file"),
        ({"home-1-pv_kw": "-1"}, "greater than or equal to 0"),
        ({"name": ""}, "This field is required"),
        ({"home-TOTAL_FORMS": "1"}, "at least 2 forms"),
    ],
)
def test_what_cannot_be_is_explained_beside_the_field_and_nothing_begins(admin, change, words):
    answer = admin.post("/pilots/new/", typed(**change), headers={"accept-language": "en"})

    assert answer.status_code == 422
    assert words in english(answer).replace("&#x27;", "'")
    assert not Pilot.objects.exists()


def test_a_neighbours_file_becomes_its_home_and_a_short_one_says_what_it_takes(admin):
    hours = [
        f"ES9999000000000001DS0F;{day:02}/01/2025;{hour};0,{200 + hour};R"
        for day in range(1, 31)
        for hour in range(1, 25)
    ]
    head = "CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion"
    whole = SimpleUploadedFile("enero.csv", "\n".join([head, *hours]).encode())
    short = SimpleUploadedFile("corto.csv", "\n".join([head, *hours[:48]]).encode())
    file = {"home-0-kind": "file"}

    refused = admin.post("/pilots/new/", typed(**file) | {"home-0-file": short}, headers={"accept-language": "en"})
    admin.post("/pilots/new/", typed(**file) | {"home-0-file": whole})

    assert "This file has 48 hours of readings; it takes 672" in english(refused)
    home, other = Pilot.objects.get().scenario["homes"]
    assert (len(home["load_wh"]), other["load_wh"]) == (8_784, [])
    assert home["load_wh"][24 * 9 + 4] == 205


def test_months_are_lived_once_and_make_a_report_that_only_its_owner_reads_until_it_is_shared(
    admin, client, marta
):
    pilot = begin(name="Calle Nueva", scenario=scenario(import_limit_w=9_000), owner=marta, at=NOW)
    lived(pilot)
    assert not pilot_months.live(month_id=PilotMonth.objects.filter(variant="usual").first().pk)
    address = f"/pilots/{pilot.public_id}/"

    report = english(admin.get(address, headers={"accept-language": "en"}))

    gain = state_of(pilot).usual.total("gain_neur")
    assert f"Together these 4 homes would pay {gain / 1e9:.0f} € a year less as neighbours" in report
    assert "How far this may stray is being worked out" in report
    assert "Ana" in report
    assert "At the transformer&#x27;s limit" in report
    assert "By what each uses" in report
    assert "Simulation or private settlement" in report
    pdf = admin.get(f"{address}report.pdf", headers={"accept-language": "en"})
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages)
    assert "Calle Nueva" in text
    assert f"{gain / 1e9:.0f} € a year less" in " ".join(text.split())
    assert "What each home gains by each rule" in text
    client.logout()
    assert client.get(address).status_code == 404
    assert client.get(f"{address}report.pdf").status_code == 404
    client.force_login(marta)
    client.post(f"{address}share/", {"shared": "yes"})
    client.logout()
    public = english(client.get(address, headers={"accept-language": "en"}))
    assert "Together these 4 homes" in public
    assert "Create this community" not in public


def test_with_one_objective_for_all_every_home_aims_at_it():
    keeping = pilot_months.varied(scenario(), "resilience")

    assert {(home.objective, home.reserve_pct) for home in keeping.homes} == {("resilience", 50)}
    assert {home.objective for home in pilot_months.varied(scenario(), "revenue").homes} == {"revenue"}


def test_a_dull_year_has_less_sun_and_more_need():
    dull, usual = pilot_months.varied(scenario(), "dull"), scenario()

    assert [home.pv_yield_wh_w for home in dull.homes] == [1_350] * 4
    assert dull.homes[1].yearly_wh > usual.homes[1].yearly_wh
    assert pilot_months.varied(usual, "usual") == usual


def test_one_button_makes_the_community_once_and_its_market_can_settle(admin, marta):
    pilot = begin(name="Calle Nueva", scenario=scenario(import_limit_w=9_000), owner=marta, at=NOW)

    for _ in range(2):
        admin.post(f"/pilots/{pilot.public_id}/found/")

    community = Community.objects.get(slug="calle-nueva")
    homes = list(Household.objects.filter(community=community).order_by("pk"))
    assert [home.name for home in homes] == ["Ana", "Bruno", "Carla", "Diego"]
    assert [home.devices.count() for home in homes] == [2, 0, 1, 1]
    assert (community.import_limit_w, community.grid_fee_ueur_kwh) == (9_000, 5_000)
    assert Member.objects.get(community=community).user == marta
    for number, home in enumerate(homes, start=1):
        MeteringPoint.objects.create(household=home, cups=cups(number))
        make.read(home, NOW + timedelta(days=1), 100, 0)
    slot = make.slot(community, NOW + timedelta(days=1))
    ((_slot, case),) = slot_cases(community, [slot])
    assert [terms.feed_in_ueur_kwh for terms in case.terms] == [55_000, 70_000, 55_000, 55_000]


def test_two_pilots_of_one_name_make_two_communities(marta):
    slugs = [
        found_community(pilot_id=begin(name="Sol", scenario=scenario(), owner=marta, at=NOW).pk, at=NOW).slug
        for _ in range(3)
    ]

    assert slugs == ["sol", "sol-2", "sol-3"]


def test_residents_and_others_have_no_part_in_it(client, marta):
    pilot = begin(name="Sol", scenario=scenario(), owner=marta, at=NOW)
    client.force_login(make.member(make.community(slug="b"), "Eva").user)
    assert client.get("/pilots/").status_code == 403
    assert client.get("/pilots/new/").status_code == 403
    zoe = make.member(make.community(slug="c"), "Zoe", Member.Role.ADMIN).user
    client.force_login(zoe)
    assert client.get(f"/pilots/{pilot.public_id}/").status_code == 404
    assert client.post(f"/pilots/{pilot.public_id}/share/", {"shared": "yes"}).status_code == 404
    assert client.post(f"/pilots/{pilot.public_id}/found/").status_code == 404
    assert "No street tried yet" in english(client.get("/pilots/", headers={"accept-language": "en"}))


def test_a_month_that_cannot_be_lived_is_told_and_not_tried_for_ever(admin, marta, monkeypatch):
    pilot = begin(name="Sol", scenario=scenario(), owner=marta, at=NOW)

    def fails(*_):
        raise ArithmeticError("no optimum")

    monkeypatch.setattr(pilot_months, "live_month", fails)
    pilot_months.live(month_id=months_to_live(1)[0])

    page = english(admin.get(f"/pilots/{pilot.public_id}/", headers={"accept-language": "en"}))
    assert "could not be lived" in page
    assert len(months_to_live(99)) == 71
