"""Who saw or changed what: noted with what it tells of, seen by whom it concerns, and never changed."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from community.models import AuditEvent, Household, Member, User, What
from community.services.audit import note_look, record
from community.services.feeders import store_feeder, usual_feeder
from community.services.members import invite
from community.services.tariffs import give_contract
from config import clock
from market.services.mandates import give_mandate
from market.services.payments import keep_account
from market.services.rules import RULES, set_place, set_rules
from market.wording import audit_notes
from market.wording.audit_notes import note
from metering.models import ApiToken, MeterFile
from metering.services.meter_files import commit, take_in
from metering.services.previews import preview
from metering.services.tokens import claim, issue_token, prepare_hand_over, revoke_token
from tests import factories as make

pytestmark = pytest.mark.django_db
NOON = make.NOON
IBAN = "ES9121000418450200051332"


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def marta(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def ana(street):
    return make.member(street, "Ana")


@pytest.fixture
def home(street, ana):
    return make.home(street, "Ático", make.tariff(), ana)


@pytest.fixture
def berta_home(street, home):
    return make.home(street, "Bajo", home.contracts.get().tariff, make.member(street, "Berta"))


def whats(household):
    return list(AuditEvent.objects.filter(household=household).order_by("pk").values_list("what", flat=True))


def test_what_changes_for_a_home_is_noted_with_who_did_it(home, ana, marta):
    give_mandate(household=home, given_by=ana, at=NOON, paused=True)
    keep_account(household=home, holder="Ana", iban=IBAN, signed_on=None, by=ana, at=NOON)

    changed = AuditEvent.objects.get(household=home, what=What.BANK_ACCOUNT_CHANGED)
    assert (changed.user, changed.at, changed.reason) == (ana.user, NOON, "…1332")
    assert IBAN not in str(AuditEvent.objects.values())
    assert whats(home)[-2:] == ["mandate_changed", "bank_account_changed"]


def test_what_is_not_done_is_not_noted(home, marta):
    before = AuditEvent.objects.count()

    with pytest.raises(RuntimeError), transaction.atomic():
        invite(invited_by=marta, email="eva@example.org", household=None, at=NOON)
        raise RuntimeError("the power went")

    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("change", [lambda rows: rows.update(reason="nothing"), lambda rows: rows.delete()])
def test_the_database_refuses_to_change_what_was_noted(home, change):
    with pytest.raises(DatabaseError), transaction.atomic():
        change(AuditEvent.objects.filter(household=home))

    assert whats(home) == ["mandate_changed"]


def test_the_network_is_kept_and_the_address_is_not(client, home, ana):
    client.force_login(ana.user)

    client.post(reverse("mandate"), {}, REMOTE_ADDR="203.0.113.77")
    client.post(reverse("gestor"), {"do": "authorise"}, REMOTE_ADDR="203.0.113.77")

    assert AuditEvent.objects.get(what=What.GESTOR_AUTHORISED).network == "203.0.113.0/24"
    assert not AuditEvent.objects.filter(network__contains="77").exists()


def test_a_token_that_reads_a_curve_is_seen_by_its_owner_once_a_day(client, home, ana, monkeypatch):
    text = make.token(home)
    monkeypatch.setattr("metering.api.authentication.now", lambda: NOON)
    monkeypatch.setattr("metering.api.access.now", lambda: NOON)
    window = {"start": NOON.isoformat(), "end": (NOON + timedelta(hours=1)).isoformat()}
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/readings"

    for _ in range(3):
        answer = client.get(address, window, headers={"authorization": f"Bearer {text}"})
        assert answer.status_code == 200

    client.force_login(ana.user)
    told = client.get(reverse("my-log")).content.decode()
    assert whats(home).count("readings_read") == 1
    assert "API" in told
    assert str(ApiToken.objects.get()) in told


def test_sending_readings_is_not_reading_them(client, home, monkeypatch):
    text = make.token(home)
    monkeypatch.setattr("metering.api.authentication.now", lambda: NOON)
    body = {"readings": [{"channel": "import", "start": NOON.isoformat(), "energy_wh": 10}]}

    client.post(
        f"/api/v1/metering-points/{make.meter(home).public_id}/readings",
        body,
        content_type="application/json",
        headers={"authorization": f"Bearer {text}"},
    )

    assert "readings_read" not in whats(home)


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ("meter-changes", What.METER_SEEN),
        ("congestion", What.HELD_BACK_SEEN),
    ],
)
def test_an_administrator_who_looks_at_a_home_is_seen_there(client, home, ana, marta, page, what):
    client.force_login(marta.user)

    client.get(reverse(page, args=[make.meter(home).public_id] if page == "meter-changes" else []))

    event = AuditEvent.objects.get(household=home, what=what)
    assert event.user == marta.user
    client.force_login(ana.user)
    assert "Marta" in client.get(reverse("my-log")).content.decode()


def test_looking_again_within_the_hour_is_one_look_and_ones_own_home_is_none(home, ana, marta):
    for minutes in (0, 10, 59, 61):
        note_look([home], What.MONTH_SEEN, at=NOON + timedelta(minutes=minutes), by=marta)
    note_look([home], What.MONTH_SEEN, at=NOON, by=ana)

    assert whats(home).count("month_seen") == 2


def test_a_member_sees_its_own_events_only(client, home, berta_home, ana, marta):
    note_look([berta_home], What.CABLES_SEEN, at=clock.now(), by=marta)
    client.force_login(ana.user)

    told = client.get(reverse("my-log")).content.decode()

    assert str(What.CABLES_SEEN.label) not in told


def test_who_lived_there_before_keeps_its_own_log(client, street, home, ana, marta):
    note_look([home], What.CABLES_SEEN, at=NOON, by=marta)
    eva = make.member(street, "Eva")
    Member.objects.filter(pk=eva.pk).update(joined_at=NOON + timedelta(days=1))
    home.member = eva
    home.save()
    client.force_login(eva.user)

    assert "Marta" not in client.get(reverse("my-log")).content.decode()


def test_administrators_read_the_trail_by_kind_and_month_and_take_it_along(client, home, ana, marta, monkeypatch):
    monkeypatch.setattr("config.clock.now", lambda: NOON)
    give_mandate(household=home, given_by=ana, at=NOON, paused=True)
    points = [make.meter(home)]
    Household.objects.filter(pk=home.pk).update(name="=cmd()")
    issue_token(community=home.community, name="Gateway", scopes=[], metering_points=points, at=NOON, by=marta)
    client.force_login(marta.user)

    only = client.get(reverse("audit"), {"m": "2026-11", "what": "token_issued"})
    none = client.get(reverse("audit"), {"m": "2026-10", "what": "token_issued"})
    file = client.get(reverse("audit-csv"), {"m": "2026-11"}).content.decode()

    assert [row.what for row in only.context["rows"]] == [str(What.TOKEN_ISSUED.label)]
    assert list(none.context["rows"]) == []
    assert "mandate_changed" in file
    assert ",'=cmd()" in file
    client.force_login(ana.user)
    assert client.get(reverse("audit")).status_code == 403
    assert client.get(reverse("audit-csv")).status_code == 403


def test_the_trail_ends_at_the_community(client, home, marta):
    zoe = make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN)
    note_look([home], What.CABLES_SEEN, at=clock.now(), by=marta)
    client.force_login(zoe.user)

    assert list(client.get(reverse("audit")).context["rows"]) == []


def seen_by(household):
    """What was noted of a home, with who it was."""
    rows = AuditEvent.objects.filter(household=household).order_by("pk")
    return [(event.what, event.user and event.user.name) for event in rows]


def test_an_administrators_closing_page_and_cables_are_looks_at_each_home(client, home, berta_home, marta):
    store_feeder(community=home.community, described=usual_feeder(community=home.community, kind="street"))
    make.slot(home.community)
    client.force_login(marta.user)

    client.get(reverse("closing"), {"m": "2026-11"})
    client.get(reverse("cables"))
    client.get(reverse("congestion-homes-csv", args=["2026", "11"]))

    for one in (home, berta_home):
        assert seen_by(one)[-3:] == [
            ("month_seen", "Marta"),
            ("cables_seen", "Marta"),
            ("held_back_seen", "Marta"),
        ]


def test_one_look_at_many_homes_is_one_line_that_names_them_all(client, home, berta_home, marta):
    make.slot(home.community)
    client.force_login(marta.user)
    client.get(reverse("closing"), {"m": "2026-11"})

    page = client.get(reverse("audit"), headers={"accept-language": "en"})

    (look,) = [row for row in page.context["rows"] if row.homes]
    assert (look.home, set(look.homes)) == ("2 homes", {"Ático", "Bajo"})
    assert all(name in page.content.decode() for name in look.homes)


def test_an_opened_file_is_a_look_at_the_homes_in_it_and_storing_it_is_noted(client, home, berta_home, marta):
    point = make.meter(home)
    content = (Path(__file__).parents[1] / "metering" / "files" / "edistribucion_autumn.csv").read_bytes()
    point.cups = preview_cups(content, home, marta)
    point.save()
    client.force_login(marta.user)
    file = MeterFile.objects.get()

    client.get(reverse("meter-file", args=[file.public_id]))
    commit(file_id=file.pk, at=NOON, by=marta)

    assert seen_by(home)[-2:] == [("file_seen", "Marta"), ("file_stored", "Marta")]
    assert "file_seen" not in whats(berta_home)


def preview_cups(content, home, marta):
    """The supply that a file is about, once it is taken in."""
    file = take_in(community=home.community, name="o.csv", content=content, at=NOON, uploaded_by=marta)
    return preview(file=file, at=NOON).supplies[0].cups


def test_what_an_operator_opens_of_a_home_is_seen_there(client, home, ana):
    root = User.objects.create_superuser("root@example.org", make.PASSWORD, name="Root")
    client.force_login(root)

    mandate = home.mandates.get()
    assert client.get(reverse("admin:market_mandate_change", args=[mandate.pk])).status_code == 200

    assert seen_by(home)[-1] == ("record_seen", "Root")


def test_tokens_codes_and_lockings_are_noted_with_who_did_it(client, home, marta, monkeypatch):
    facts = {
        "community": home.community, "name": "Pasarela", "scopes": ["readings:write"], "networks": [],
        "metering_points": [make.meter(home)], "at": NOON, "by": marta,
    }  # fmt: skip
    _hand_over, code = prepare_hand_over(**facts, days=9)
    token, _text = claim(code=code, at=NOON)
    revoke_token(token=token, at=NOON, by=marta)
    revoke_token(token=token, at=NOON, by=marta)

    assert seen_by(home)[-4:] == [
        ("code_prepared", "Marta"), ("token_issued", None), ("token_fetched", None), ("token_revoked", "Marta"),
    ]  # fmt: skip
    assert AuditEvent.objects.get(what=What.TOKEN_FETCHED).token == str(token)
    # A name may be a person's: it stands where it can be changed, and is read from there.
    assert "Pasarela" not in str(AuditEvent.objects.values())
    client.force_login(marta.user)
    assert f"Pasarela ({token})" in client.get(reverse("audit"), {"m": "2026-11"}).content.decode()
    assert code not in str(AuditEvent.objects.values())


def test_rules_law_and_contracts_say_what_they_became(home, marta):
    tariff = home.contracts.get().tariff
    set_rules(by=marta, rules={"pool_pct": 20, "pool_rule": "equal"}, at=NOON)
    set_place(by=marta, region="ceuta", legal_mode="simulation", at=NOON)
    give_contract(by=marta, household_id=home.pk, tariff_id=tariff.pk, valid_from=date(2026, 11, 1), at=NOON)

    said = dict(AuditEvent.objects.values_list("what", "reason"))
    assert said["rules_changed"] == "pool_pct=20"
    assert said["law_changed"] == "ceuta, simulation"
    assert said["contract_changed"] == "Luz Tres, 2026-11-01"


@pytest.mark.parametrize(
    ("what", "kept", "read"),
    [
        ("month_closed", "2026-12", "diciembre de 2026"),
        ("held_back_seen", "2026-11", "noviembre de 2026"),
        ("token_issued", "readings:write, plans:read", "puede: entregar lecturas, leer el plan del mercado"),
        ("role_changed", "resident → admin", "Vecino → Administrador"),
        ("law_changed", "balearic, coefficients", "Illes Balears, Coeficientes de reparto"),
        ("outside_changed", "join on, figures off", "quien pasa puede pedir unirse, sus cifras no son públicas"),
        ("neighbours_imported", "invited 2, new-home 3", "invitaciones: 2, hogares nuevos: 3"),
        ("home_changed", "renamed", "su nombre"),
        ("offer_changed", "Plana, 2026-12-01", "Plana, 1 de diciembre de 2026"),
        ("rules_changed", "grid_fee_ueur_kwh=5000", "En la misma línea: 0,005\xa0€/kWh"),
        ("rules_changed", "import_limit_w=None, pool_pct=20", ": sin límite; Parte de cada ganancia"),
        ("rules_changed", "price_rule=pay_as_bid", ": "),
    ],
)
def test_notes_are_read_in_the_readers_words_and_kept_as_codes(client, street, marta, what, kept, read):
    record(What(what), community=street, at=NOON, by=marta, reason=kept)
    client.force_login(marta.user)

    page = client.get(reverse("audit"), {"m": f"{NOON:%Y-%m}"}, headers={"accept-language": "es"}).content.decode()

    rows = page[page.index("rows by-name") :].partition("</ul>")[0]
    assert read in rows
    assert kept not in rows
    assert kept in client.get(reverse("audit-csv"), {"m": f"{NOON:%Y-%m}"}).content.decode()


def test_every_rule_of_a_street_has_a_name_in_the_audit_trail():
    assert set(audit_notes.RULES) == set(RULES)


@pytest.mark.parametrize("kept", ["resident → king", "month 13", "2026-13", "readings:eat", "grid=1", "a=b=c"])
def test_a_note_that_nobody_can_read_stands_as_it_was_written(street, marta, kept):
    for what in What:
        assert kept.split("=")[0].split(":")[0][:4] in note(
            record(what, community=street, at=NOON, by=marta, reason=kept)
        )
