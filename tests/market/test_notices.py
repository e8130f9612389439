"""What members are told: chosen, once, by the ways that they chose, ended with one click, and never lost silently."""

import json
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from smtplib import SMTPRecipientsRefused
from unittest.mock import patch

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from community.models import Device, HourPrice, Household, Member, OfferTerms, SupplyContract, Tariff, User
from community.services.announcements import Written, announce, dismiss, end, want_mail
from config.web_push import new_key
from market import tasks
from market.models import Delivery, Event, Forecast, Notice, NoticeChoices, PlanStep, PushDevice
from market.queries.happened import A_DAY, happened, unusual
from market.queries.months import Span
from market.queries.notices import choices_of
from market.services.closing import correct_month
from market.services.deliveries import ask_for_deliveries
from market.services.mandates import give_mandate
from market.services.notices import (
    MOST_ATTEMPTS,
    add_device,
    due_notices,
    forget_notices,
    keep_choices,
    note_what_happened,
    remove_device,
    tell,
    token_of,
)
from market.services.retention import NOTICES_KEPT, remove_what_is_over
from market.services.statements import close_month
from market.wording.digest import _rows
from market.wording.letters import statement_letter
from market.wording.notices import letter, payload
from market.wording.pushes import push
from tests import factories as make
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, cleared, homes, metered, street, usual
from tests.push_service import MadeUpBrowser, push_service

__all__ = ["homes", "street"]
pytestmark = pytest.mark.django_db
NOW = make.NOON
HOUR = timedelta(hours=1)


@pytest.fixture
def ana():
    """A member with a home."""
    calle = make.community()
    home = make.home(calle, "Azahar 1", make.tariff(), make.member(calle, "Ana"))
    return home.member


@pytest.fixture
def closed(street, homes):
    """A closed month of a street on which Ana lives."""
    Household.objects.filter(pk=homes[0].pk).update(member=make.member(street, "Ana"))
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    return Member.objects.get(user__name="Ana")


def chosen(member, *, email=(), push=(), language="es"):
    keep_choices(member=member, by_email=email, by_push=push, language=language, at=NOW)


def found(member, event, at=NOW):
    return list(happened(member.community, {event: [member]}, at))


def noted(member, at=NOW, *, letters=True, pushes=False):
    return note_what_happened(community=member.community, at=at, letters=letters, pushes=pushes)


def sent(at=NOW):
    for pk in due_notices(at, 50):
        tell(notice_id=pk, at=at, send=lambda one: letter(one).send(), push=push)


def expiring(member, ends=NOW + HOUR):
    give_mandate(household=member.households.get(), given_by=member, at=NOW - A_DAY * 9, valid_until=ends)


# What happened


def test_rules_that_end_within_three_days_are_told_once(ana):
    expiring(ana)

    assert [noted(ana), noted(ana), noted(ana, NOW + HOUR / 2)] == [1, 0, 0]
    sent()
    sent()
    assert [one.subject for one in mail.outbox] == ["Las reglas de tu agente acaban pronto"]
    assert mail.outbox[0].to == ["ana@example.org"]
    assert Notice.objects.get().state == "sent"


def test_rules_that_end_later_or_have_ended_are_not(ana):
    expiring(ana, NOW + A_DAY * 4)
    assert found(ana, Event.RULES_EXPIRE) == []
    assert found(ana, Event.RULES_EXPIRE, NOW + A_DAY * 5) == []
    assert len(found(ana, Event.RULES_EXPIRE, NOW + A_DAY * 2)) == 1


def test_a_meter_is_silent_a_day_after_its_newest_reading_and_anew_after_each_silence(ana):
    home = ana.households.get()
    make.read(home, NOW - A_DAY, 100, 0)
    assert found(ana, Event.METER_SILENT) == []

    (first,) = found(ana, Event.METER_SILENT, NOW + HOUR)
    (same,) = found(ana, Event.METER_SILENT, NOW + A_DAY)
    make.read(home, NOW + A_DAY, 100, 0)
    assert found(ana, Event.METER_SILENT, NOW + A_DAY + HOUR) == []
    (again,) = found(ana, Event.METER_SILENT, NOW + A_DAY * 3)

    assert first.subject == same.subject != again.subject


def test_a_meter_that_is_always_two_days_late_is_not_silent(ana):
    home = ana.households.get()
    make.read(home, NOW - A_DAY * 2, 100, 0)
    for days in range(1, 4):
        Forecast.objects.create(
            household=home, issued_at=NOW - A_DAY * days, first_start=NOW, slot_minutes=15, net_load_wh=[1],
            known_until=NOW - A_DAY * (days + 2), days_seen=3,
        )  # fmt: skip

    assert found(ana, Event.METER_SILENT) == []
    assert len(found(ana, Event.METER_SILENT, NOW + A_DAY * 2)) == 1


def test_a_car_that_will_lack_energy_is_told_by_the_newest_plan_only(ana):
    home = ana.households.get()
    car = Device.objects.create(household=home, kind="ev_charger", name="Coche", charge_w=7_400)
    kept = {
        "household": home,
        "device": car,
        "kind": "ev_lacks",
        "start": NOW,
        "end": NOW + HOUR * 9,
        "position": 0,
    }
    kept |= {"reason": "too_little_time", "facts": {}}
    PlanStep.objects.create(planned_at=NOW - HOUR, energy_wh=8_000, **kept)
    (told,) = found(ana, Event.CAR)
    chosen(ana, email=[Event.CAR], language="en")
    noted(ana)
    PlanStep.objects.create(planned_at=NOW, energy_wh=100, **kept)

    assert told.void_after == NOW + HOUR * 9
    assert "8.0\xa0kWh" in letter(Notice.objects.get()).body
    assert found(ana, Event.CAR, NOW) == [], "a few minutes of charging wake nobody"


def by_the_hour(ana, tomorrow):
    """Ana's retailer charges what is published; a fortnight at 0.1 €/kWh, then a day as given."""
    offer = Tariff.objects.create(retailer="Luz", name="PVPC")
    columns = ("energy_p1_ueur_kwh", "energy_p2_ueur_kwh", "energy_p3_ueur_kwh", "surplus_ueur_kwh")
    columns += ("power_p1_ueur_kw_year", "power_p2_ueur_kw_year")
    OfferTerms.objects.create(tariff=offer, valid_from=date(2026, 1, 1), index="pvpc", **dict.fromkeys(columns, 0))
    SupplyContract.objects.create(household=ana.households.get(), tariff=offer, valid_from=date(2026, 2, 1))
    midnight = NOW.replace(hour=23, minute=0)
    before = [(midnight - HOUR * back, 100_000) for back in range(1, 15 * 24 + 1)]
    prices = before + [(midnight + HOUR * i, price) for i, price in enumerate(tomorrow)]
    HourPrice.objects.bulk_create(
        HourPrice(
            series="pvpc", region="peninsula", start=start, price_ueur_kwh=price, source="test", loaded_at=NOW
        )
        for start, price in prices
    )


def test_unusual_hours_of_tomorrow_are_told_once_they_are_published(ana):
    by_the_hour(ana, [100_000] * 13 + [10_000] * 3 + [100_000] * 6 + [400_000] * 2)

    (told,) = found(ana, Event.PRICES)

    assert told.facts["low_from"].startswith("2026-11-24T12:00")
    assert told.facts["high_from"].startswith("2026-11-24T21:00")
    assert told.void_after == NOW.replace(hour=23) + A_DAY


@pytest.mark.parametrize("tomorrow", [[100_000] * 24, [100_000] * 12 + [10_000] * 2], ids=["usual", "half a day"])
def test_usual_hours_and_hours_not_published_are_not(ana, tomorrow):
    by_the_hour(ana, tomorrow)

    assert found(ana, Event.PRICES) == []


def test_a_tariff_that_is_the_same_each_day_is_never_unusual(ana):
    assert found(ana, Event.PRICES) == []
    assert unusual([1, 2], 0) == {}


def test_a_new_browser_is_told_and_the_same_one_is_not(ana):
    User.objects.filter(pk=ana.user_id).update(joined_at=NOW - A_DAY * 99)
    told = []
    for agent in ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Other/1", "Other/1"):
        visitor = Client(headers={"user-agent": agent})
        visitor.post(
            "/login/", {"login": "ana@example.org", "password": make.PASSWORD, "username": "ana@example.org"}
        )
        told.append(noted(ana))

    assert told == [1, 1, 0]
    assert "Firefox · Linux" in letter(Notice.objects.order_by("pk").first()).body


def test_whoever_has_just_joined_is_not_told_of_its_own_coming_in(ana):
    Client().post(
        "/login/", {"login": "ana@example.org", "password": make.PASSWORD, "username": "ana@example.org"}
    )

    assert noted(ana) == 0


def announced(member, **more):
    marta = make.member(member.community, "Marta", Member.Role.ADMIN)
    texts = {"title_es": "Asamblea", "text_es": "El jueves. " * 180, "title_ca": "Assemblea", "text_ca": "Dijous."}
    written = Written(**texts, title_en="", text_en="", days=14)
    return announce(by=marta, written=written, at=NOW)


def test_an_announcement_is_pushed_once_to_whoever_has_not_read_it(ana, pushing):
    given(ana, pushing)
    made = announced(ana)
    chosen(ana, push=["announced"], email=["announced"], language="ca")

    assert noted(ana, pushes=True) == 1, "its letter goes its own way"
    assert noted(ana, pushes=True) == 0
    told = Notice.objects.get()
    assert json.loads(payload(told))["title"] == "Assemblea"
    chosen(ana, push=["announced"])
    assert len(payload(told)) < 1_000
    Notice.objects.all().delete()
    dismiss(announcement=made, member=ana, at=NOW)
    assert noted(ana, pushes=True) == 0


def test_an_announcement_taken_back_is_not_pushed_any_more(ana, pushing):
    given(ana, pushing)
    made = announced(ana)
    assert noted(ana, pushes=True) == 1

    end(announcement_id=made.pk, by=made.written_by, at=NOW)
    sent()

    assert not Notice.objects.exists()


def test_announcements_by_letter_are_one_choice_wherever_it_is_made(ana):
    chosen(ana, email=["announced"])
    assert Member.objects.get(pk=ana.pk).wants_mail
    want_mail(member=ana, wanted=False)
    assert "announced" not in choices_of(Member.objects.get(pk=ana.pk)).by_email


def test_a_closed_month_is_told_to_who_sees_the_streets_months_only(closed):
    admin = make.member(closed.community, "Marta", Member.Role.ADMIN)

    noted(closed, CLOSING + HOUR)

    told = Notice.objects.filter(event="month_closed")
    assert list(told.values_list("member", flat=True)) == [admin.pk]


# The month in a letter


@pytest.mark.parametrize(
    ("language", "said", "compared"),
    [("es", "Ganaste", "aún no hay con qué comparar"), ("en", "You gained", "nothing to compare with yet")],
)
def test_the_digest_says_a_sentence_and_four_numbers_in_text_and_html(closed, language, said, compared):
    chosen(closed, email=[Event.DIGEST], language=language)
    noted(closed, CLOSING + HOUR)

    made = letter(Notice.objects.get(event="digest"))

    html = made.alternatives[0].content
    assert said in made.body
    assert said in html
    assert made.body.count(compared) >= 3
    assert html.count("<tr><th") == 4
    assert f'lang="{language}"' in html
    home = closed.households.get()
    assert f"https://localhost/months/2026-11/?home={home.pk}" in made.body.replace(
        "http://localhost:8000", "https://localhost"
    )
    assert "Azotea" in html


def test_the_digest_is_for_those_who_chose_it_and_once_a_month(closed, homes):
    noted(closed, CLOSING + HOUR)
    assert not Notice.objects.filter(event="digest").exists()
    chosen(closed, email=[Event.DIGEST])
    assert noted(closed, CLOSING + HOUR) == 1
    metered(homes, at=CLOSING + HOUR, taken=(400, 300))
    correct_month(community=closed.community, month=NOVEMBER, at=CLOSING + HOUR * 2)

    assert noted(closed, CLOSING + HOUR * 3) == 0


def test_the_digest_says_by_how_much_each_number_differs():
    month = Span(NOVEMBER, 96, 0, 0, 10_000, 5_000, 4_000, 2_000, 0, 0, 0, 0, 3_000_000_000)
    before = replace(month, import_wh=10_000, bought_wh=1_000, sold_wh=2_000, saving_neur=3_500_000_000)

    rows = [(row.value, row.change) for row in _rows(month, before)]

    assert rows == [
        ("+3,00\xa0€", "0,50\xa0€ menos que el mes anterior"),
        ("6,0\xa0kWh", "3,0\xa0kWh más que el mes anterior"),
        ("10,0\xa0kWh", "como el mes anterior"),
        ("40\xa0%", "30 puntos más que el mes anterior"),
    ]


# Ways, choices, ends


def test_nothing_is_noted_where_the_operator_has_set_up_no_way(ana):
    expiring(ana)

    assert noted(ana, letters=False, pushes=False) == 0


def test_what_was_not_chosen_is_not_told(ana):
    expiring(ana)
    chosen(ana, email=[Event.METER_SILENT])

    assert noted(ana) == 0


def test_nobody_chooses_what_is_not_offered(ana):
    chosen(ana, email=list(Event), push=list(Event))

    told = choices_of(ana)
    assert Event.MONTH_CLOSED not in told.by_email
    assert Event.DIGEST not in told.by_push
    assert Event.DIGEST in told.by_email


def test_who_wants_no_statement_by_letter_gets_none_and_others_do(closed):
    assert ask_for_deliveries(community=closed.community, at=CLOSING) == 1
    made = statement_letter(Delivery.objects.get())
    assert made.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    Delivery.objects.all().delete()
    chosen(closed, email=[])

    assert ask_for_deliveries(community=closed.community, at=CLOSING) == 0


def test_one_click_ends_letters_of_a_kind_without_logging_in(ana):
    expiring(ana)
    noted(ana)
    made = letter(Notice.objects.get())
    raw = message_from_bytes(made.message().as_bytes())
    address = raw["List-Unsubscribe"].strip().strip("<>")
    program = Client(enforce_csrf_checks=True)
    path = address.partition("/letters")[1] + address.partition("/letters")[2]

    looked = program.get(path)
    assert looked.status_code == 200
    assert Event.RULES_EXPIRE in choices_of(ana).by_email, "a program that only looks changes nothing"
    ended = program.post(path, {"List-Unsubscribe": "One-Click"})
    again = program.post(path, {"List-Unsubscribe": "One-Click"})

    assert (ended.status_code, again.status_code) == (200, 200)
    assert Event.RULES_EXPIRE not in choices_of(ana).by_email
    assert Event.METER_SILENT in choices_of(ana).by_email
    assert not Notice.objects.exists(), "what waited is not sent any more"
    assert noted(ana) == 0
    assert address in made.alternatives[0].content


def test_one_click_ends_statements_by_letter_and_those_that_wait(client, closed):
    ask_for_deliveries(community=closed.community, at=CLOSING)
    assert Delivery.objects.count() == 1

    client.post(reverse("end-letters", args=[token_of(closed.pk, Event.STATEMENT)]))

    assert Delivery.objects.count() == 0
    assert ask_for_deliveries(community=closed.community, at=CLOSING) == 0


@pytest.mark.parametrize("token", ["x", "WzEsICJydWxlc19leHBpcmUiXQ:1a:b", "null"])
def test_a_link_that_this_site_did_not_make_ends_nothing(client, ana, token):
    answer = client.post(reverse("end-letters", args=[token]))

    assert answer.status_code == 404
    assert not NoticeChoices.objects.exists()


def test_a_link_ends_its_own_members_letters_only(client, ana):
    eva = make.member(ana.community, "Eva")

    client.post(reverse("end-letters", args=[token_of(eva.pk, Event.METER_SILENT)]))

    assert Event.METER_SILENT in choices_of(ana).by_email
    assert Event.METER_SILENT not in choices_of(eva).by_email


# What becomes of them


def test_a_refusal_is_noted_tried_again_and_given_up_with_its_reason(ana):
    def refuse(_notice):
        raise SMTPRecipientsRefused({"ana@example.org": (550, b"no such user")})

    expiring(ana, NOW + A_DAY * 3)
    noted(ana)
    pk, at, tried = Notice.objects.get().pk, NOW, 0
    Notice.objects.update(void_after=None)
    while Notice.objects.get().state == "waiting":
        tell(notice_id=pk, at=at, send=refuse, push=push)
        tried += 1
        assert pk not in due_notices(at, 10), "not at once"
        at += A_DAY

    given_up = Notice.objects.get()
    assert (tried, given_up.state) == (MOST_ATTEMPTS, "failed")
    assert "no such user" in given_up.reason


def test_what_became_old_news_while_it_waited_is_dropped(ana):
    expiring(ana)
    noted(ana)

    sent(NOW + HOUR * 2)

    assert mail.outbox == []
    assert not Notice.objects.exists()


def test_who_left_meanwhile_is_told_nothing(ana):
    expiring(ana)
    noted(ana)
    Member.objects.update(left_at=NOW)

    sent()

    assert mail.outbox == []


def test_the_member_sees_what_was_not_delivered_and_why(client, ana):
    Notice.objects.create(
        member=ana, event="meter_silent", channel="email", subject="x", made_at=NOW, due_at=NOW, changed_at=NOW,
        state="failed", reason="550 no such user",
    )  # fmt: skip
    client.force_login(ana.user)

    page = client.get("/account/notices/").content.decode()

    assert "sin entregar por correo: 550 no such user" in page


# Devices


@pytest.fixture
def pushing(settings):
    with push_service() as service:
        settings.PUSH_KEY, settings.OUTBOUND_LOCAL = new_key(), "127.0.0.1"
        yield service


def given(member, service, name="ana"):
    browser = MadeUpBrowser(f"{service.url}/{name}")
    add_device(member=member, browser=browser.browser, name="Firefox", at=NOW)
    return browser


def test_a_device_is_told_what_only_it_can_read(ana, pushing):
    browser = given(ana, pushing)
    expiring(ana)
    assert noted(ana, letters=False, pushes=True) == 1

    sent()

    ((path, headers, content),) = pushing.taken
    told = json.loads(browser.read(content))
    home = ana.households.get()
    assert told["title"] == "Las reglas de tu agente acaban pronto"
    assert told["address"] == f"/rules/?home={home.pk}"
    assert headers["topic"].isalnum()
    assert Notice.objects.get().state == "sent"


def test_a_device_that_is_gone_is_forgotten_and_the_notice_says_so(ana, pushing):
    given(ana, pushing)
    expiring(ana)
    noted(ana, letters=False, pushes=True)
    pushing.status = 410

    sent()

    assert not PushDevice.objects.exists()
    assert (Notice.objects.get().state, Notice.objects.get().reason) == ("failed", "NobodyToPush")


def test_a_service_that_is_busy_is_asked_again(ana, pushing):
    given(ana, pushing)
    expiring(ana)
    noted(ana, letters=False, pushes=True)
    pushing.status = 503
    sent()
    waiting = Notice.objects.get()
    pushing.status = 201
    sent(NOW + timedelta(minutes=6))

    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert "503" in waiting.reason
    assert Notice.objects.get().state == "sent"


def test_without_a_device_no_push_is_noted(ana, pushing):
    expiring(ana)

    assert noted(ana, letters=False, pushes=True) == 0


def test_the_database_holds_no_address_of_a_browser_in_the_open(ana, pushing):
    browser = given(ana, pushing)

    row = PushDevice.objects.get()
    assert browser.browser.endpoint not in row.sealed + row.digest
    given(ana, pushing)
    assert PushDevice.objects.count() == 1, "the same place with other keys is the same device"


def test_the_page_takes_a_browser_of_a_known_service_and_forgets_it(client, ana, pushing):
    client.force_login(ana.user)
    text = MadeUpBrowser(f"{pushing.url}/x").browser.text()

    client.post("/account/notices/devices/", {"subscription": text}, headers={"user-agent": "X Firefox/1 Android"})
    device = PushDevice.objects.get()
    page = client.get("/account/notices/").content.decode()
    client.post(f"/account/notices/devices/{device.pk}/forget/")

    assert device.name == "Firefox · Android"
    assert "Firefox · Android" in page
    assert not PushDevice.objects.exists()


@pytest.mark.parametrize(
    "endpoint", ["https://evil.example/x", "http://fcm.googleapis.com/x", "https://10.0.0.1/x"]
)
def test_the_page_takes_no_browser_of_a_service_that_nobody_named(client, ana, pushing, endpoint):
    client.force_login(ana.user)

    client.post("/account/notices/devices/", {"subscription": MadeUpBrowser(endpoint).browser.text()})
    client.post("/account/notices/devices/", {"subscription": "{}"})

    assert not PushDevice.objects.exists()


def test_nobody_forgets_anothers_device(client, ana, pushing):
    given(ana, pushing)
    eva = make.member(ana.community, "Eva")

    remove_device(member=eva, device_id=PushDevice.objects.get().pk)

    assert PushDevice.objects.count() == 1


def test_without_a_key_the_page_says_that_devices_are_off(client, ana):
    client.force_login(ana.user)

    page = client.get("/account/notices/").content.decode()

    assert "data-push-key" not in page
    assert "apagados" in page


# The page, the tasks, and the end of it


def test_what_is_ticked_on_the_page_is_what_is_told(client, ana):
    client.force_login(ana.user)

    client.post("/account/notices/", {"email": ["digest", "month_closed", "x"], "push": ["car"], "language": "en"})

    told = choices_of(ana)
    assert (told.by_email, told.by_push, told.language) == ({"digest"}, {"car"}, "en")


def test_tasks_note_and_tell_where_a_way_is_set_up(ana, settings):
    settings.EMAIL_HOST = "mail.example.org"
    expiring(ana)
    with patch("market.tasks.now", lambda: NOW), patch("market.tasks._ring") as ring:
        tasks.write_notices(community_id=ana.community_id)
        tasks.tick_notices()
        for pk in due_notices(NOW, 9):
            tasks.tell(notice_id=pk)

    assert [call.args[0].name for call in ring.call_args_list] == [
        "market.tasks.write_notices",
        "market.tasks.tell",
    ]
    assert len(mail.outbox) == 1


def test_without_any_way_nobody_is_rung(settings, ana):
    with patch("market.tasks._ring") as ring:
        tasks.tick_notices()

    assert ring.call_args_list == []


def test_what_was_told_goes_after_three_months_and_all_of_it_with_the_member(ana, pushing):
    given(ana, pushing)
    expiring(ana)
    noted(ana)
    remove_what_is_over(at=NOW + NOTICES_KEPT - HOUR)
    assert Notice.objects.exists()
    remove_what_is_over(at=NOW + NOTICES_KEPT + HOUR)
    assert not Notice.objects.exists()

    chosen(ana)
    forget_notices(member=ana)
    assert not NoticeChoices.objects.exists()
    assert not PushDevice.objects.exists()


def test_a_notice_on_a_device_fits_into_what_services_take(ana):
    expiring(ana)
    noted(ana)

    assert len(payload(Notice.objects.get())) < 1_000
