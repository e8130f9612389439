"""The register of equipment: each sees the own homes', administrators all; every card says cause and cure."""

import json
from contextlib import ExitStack
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse

from community.models import AuditEvent, Household
from metering.models import ApiToken, Equipment
from metering.services.equipment import DeviceTaken, NotOfThisHome, keep_equipment
from metering.services.tokens import find_token
from tests import factories as make
from tests.factories import NOON

pytestmark = pytest.mark.django_db
MINE, ALL, NEW = "/account/equipment/", "/equipment/", "/account/equipment/new/"


@pytest.fixture(autouse=True)
def _clock():
    clocks = ("config.clock.now", "metering.api.views.now", "metering.api.authentication.now")
    with ExitStack() as stack:
        for name in clocks:
            stack.enter_context(patch(name, lambda: NOON))
        yield


@pytest.fixture
def home():
    street = make.community()
    return make.home(street, "Azahar 3", make.tariff(), make.member(street, "Ana"))


@pytest.fixture
def ana(home):
    return client_of(home.member)


@pytest.fixture
def marta(home):
    return client_of(make.member(home.community, "Marta", "admin"))


def client_of(member):
    client = Client(headers={"accept-language": "en"})
    client.force_login(member.user)
    return client


def told(home, **more):
    facts = {"kind": "gateway", "maker": "Enphase", "model": "IQ Gateway", "firmware": "8.3.5167"}
    return {"household": home.pk, **facts, "reached": "gateway", **more}


def keep(home, **more):
    facts = told(home, **more)
    return keep_equipment(**{**facts, "household": home, "at": NOON})


def text(answer):
    return answer.content.decode()


def test_a_member_registers_equipment_and_sees_that_it_is_in_order(ana, home):
    assert "No equipment is listed yet" in text(ana.get(MINE))

    answer = ana.post(NEW, told(home), follow=True)

    assert "in order" in text(answer)
    assert "Enphase IQ Gateway" in text(answer)
    kept = Equipment.objects.get()
    assert (kept.household, kept.checked_at) == (home, NOON)


def test_below_the_floor_the_card_names_cause_floor_cure_and_source(ana, home):
    keep(home, firmware="8.2.4225")

    said = text(ana.get(MINE))

    assert "act now" in said
    assert "run their own commands" in said
    assert "Only what follows 8.2.4225 is safe." in said
    assert "Update it in the maker&#x27;s own app" in said
    assert "2024-08: DIVD-2024-00011 (CVE-2024-21878)" in said


def test_what_cannot_be_mended_is_to_be_isolated(ana, home):
    keep(home, maker="KACO new energy", model="blueplanet 5.0 TL3", firmware="")

    said = text(ana.get(MINE))

    assert "worked out from its serial number" in said
    assert "Isolate it" in said
    assert "CVE-2025-40946" in said


def test_a_silent_gateway_is_amber_and_a_call_makes_it_green(ana, home):
    secret = make.token(home)
    token = ApiToken.objects.get()
    keep(home, token=token)
    assert "Nothing was ever heard of it" in text(ana.get(MINE))

    find_token(text=secret, at=NOON)
    assert "in order" in text(ana.get(MINE))

    ApiToken.objects.update(last_used_at=NOON - timedelta(days=30))
    said = text(ana.get(MINE))
    assert "It has been silent since" in said
    assert "have a look" in said


def test_an_administrator_sees_all_homes_the_worst_first(marta, home):
    other = make.home(home.community, "Azahar 1", make.tariff("Otra"))
    keep(home)
    keep(other, maker="EG4", model="18kPV")

    said = text(marta.get(ALL))

    assert said.index("EG4 18kPV") < said.index("Enphase IQ Gateway")
    assert "Azahar 1" in said
    marta.post(reverse("edit-equipment", args=[Equipment.objects.get(maker="EG4").pk]), told(other, maker="Otro"))
    assert Equipment.objects.get(household=other).maker == "Otro"


def test_what_an_administrator_does_to_a_homes_list_is_noted_there_and_ones_own_is_not(ana, marta, home):
    kept = keep(home)
    other = make.home(home.community, "Azahar 1", make.tariff("Otra"))

    ana.post(reverse("edit-equipment", args=[kept.pk]), told(home, maker="Otro"))
    assert noted(home) == []
    marta.post(reverse("edit-equipment", args=[kept.pk]), told(other))
    assert [noted(home), noted(other)] == [[("equipment_changed", "Marta")]] * 2
    marta.post(reverse("remove-equipment", args=[kept.pk]))
    marta.post(reverse("remove-equipment", args=[kept.pk]))
    assert noted(other)[1:] == [("equipment_removed", "Marta")]


def noted(home):
    rows = AuditEvent.objects.filter(household=home, what__startswith="equipment").order_by("pk")
    return [(event.what, event.user.name) for event in rows]


def test_a_member_neither_sees_nor_changes_anothers_equipment(ana, home):
    other = make.home(home.community, "Azahar 1", make.tariff("Otra"), make.member(home.community, "Bea"))
    kept = keep(other, maker="Secreto")
    elsewhere = make.home(make.community(slug="otra", name="Otra"), "Lejos", make.tariff("Tercera"))

    assert ana.get(ALL).status_code == 403
    assert "Secreto" not in text(ana.get(MINE))
    assert ana.get(reverse("edit-equipment", args=[kept.pk])).status_code == 404
    assert ana.post(reverse("edit-equipment", args=[kept.pk]), told(home)).status_code == 404
    assert ana.post(reverse("remove-equipment", args=[kept.pk])).status_code == 404
    assert ana.post(NEW, told(other)).status_code == 422
    assert ana.post(NEW, told(elsewhere)).status_code == 422
    kept.refresh_from_db()
    assert (kept.maker, kept.retired_at) == ("Secreto", None)


def test_an_administrator_of_another_street_reaches_nothing(home):
    kept = keep(home)
    other = client_of(make.member(make.community(slug="otra", name="Otra"), "Olga", "admin"))

    assert "Enphase" not in text(other.get(ALL))
    assert other.get(reverse("edit-equipment", args=[kept.pk])).status_code == 404


def test_a_number_beyond_the_database_is_nothing(ana):
    assert ana.get(f"/account/equipment/{10**30}/").status_code == 404


def test_strangers_see_nothing(home):
    assert Client().get(MINE).status_code == 302
    assert Client().get(ALL).status_code == 302


def test_what_is_taken_down_leaves_the_list_and_its_device_is_free_again(ana, home):
    battery = make.battery(home)
    kept = keep(home, device=battery)
    with pytest.raises(DeviceTaken):
        keep(home, device=battery)

    ana.post(reverse("remove-equipment", args=[kept.pk]))

    assert "No equipment is listed yet" in text(ana.get(MINE))
    assert keep(home, device=battery).pk != kept.pk


def test_a_device_or_token_of_another_home_is_refused(home):
    other = make.home(home.community, "Azahar 1", make.tariff("Otra"))
    make.token(other)

    with pytest.raises(NotOfThisHome):
        keep(home, device=make.battery(other))
    with pytest.raises(NotOfThisHome):
        keep(home, token=ApiToken.objects.get())
    assert not Equipment.objects.exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"firmware": "9" * 81}, "80"),
        ({"maker": "a\x00b"}, "Null"),
        ({"kind": "toaster"}, "toaster"),
        ({"reached": "magic"}, "magic"),
    ],
)
def test_a_bad_form_names_the_fault_and_stores_nothing(ana, home, more, says):
    answer = ana.post(NEW, told(home, **more))

    assert answer.status_code == 422
    assert says in text(answer)
    assert not Equipment.objects.exists()


def test_markup_in_a_name_stays_text(ana, home):
    keep(home, maker="<script>x</script>")

    assert "<script>x" not in text(ana.get(MINE))


def test_the_more_page_leads_there(ana, marta):
    assert f'href="{MINE}"' in text(ana.get("/more/"))
    assert f'href="{ALL}"' not in text(ana.get("/more/"))
    assert f'href="{ALL}"' in text(marta.get("/more/"))


# What devices say of themselves.


def report(home, secret, **more):
    point = make.meter(home).public_id
    body = {"states": [{"at": NOON.isoformat(), **more}]}
    return Client(headers={"accept-language": "en", "authorization": f"Bearer {secret}"}).post(
        f"/api/v1/metering-points/{point}/device-states", json.dumps(body), content_type="application/json"
    )


def test_a_report_registers_its_device_and_keeps_what_a_person_told(home, ana):
    battery = make.battery(home)
    secret = make.token(home)

    assert report(home, secret, device=battery.pk, firmware="8.2.1", model="IQ Gateway").status_code == 204

    kept = Equipment.objects.get()
    assert (kept.kind, kept.model, kept.firmware, kept.device) == ("battery", "IQ Gateway", "8.2.1", battery)
    Equipment.objects.update(maker="Enphase")
    assert "act now" in text(ana.get(MINE))
    report(home, secret, device=battery.pk, firmware="8.3.1")
    kept.refresh_from_db()
    assert (kept.maker, kept.model, kept.firmware) == ("Enphase", "IQ Gateway", "8.3.1")
    assert "in order" in text(ana.get(MINE))


def test_an_older_report_undoes_nothing(home):
    battery = make.battery(home)
    secret = make.token(home)
    report(home, secret, device=battery.pk, firmware="2.0")

    report(home, secret, device=battery.pk, firmware="1.0", at=(NOON - timedelta(days=1)).isoformat())

    assert Equipment.objects.get().firmware == "2.0"


def test_a_report_without_version_registers_nothing(home):
    report(home, make.token(home), device=make.battery(home).pk, soc_wh=4_000)

    assert not Equipment.objects.exists()


@pytest.mark.parametrize("field", ["model", "firmware"])
@pytest.mark.parametrize("value", [7, None, ["1.0"], "a\nb", "a\x00b", "\u202e1.0", "9" * 81])
def test_a_bad_version_is_named_and_nothing_is_stored(home, field, value):
    battery = make.battery(home)

    answer = report(home, make.token(home), device=battery.pk, **{field: value})

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (f"/states/0/{field}", "not-a-line")
    assert not Equipment.objects.exists()
    assert not battery.states.exists()


def test_anothers_device_cannot_be_registered_by_a_report(home):
    other = make.home(home.community, "Azahar 1", make.tariff("Otra"))
    battery = make.battery(other)

    answer = report(home, make.token(home), device=battery.pk, firmware="1.0")

    assert answer.json()["errors"][0]["code"] == "unknown-device"
    assert not Equipment.objects.exists()
    assert Household.objects.count() == 2
