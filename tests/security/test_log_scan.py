"""A day of a street with every logger told to say all it can: no secret of anybody is in what it says."""

import io
import json
import logging
import re
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse

from community.models import Household, Member
from community.services.members import invite
from config import clock
from config.logs import JsonLine, Redacting
from tests import factories as make
from tests.community.test_ways_in import code_of
from tests.market.test_payments import IBANS
from tests.metering.test_api import GOOD

pytestmark = pytest.mark.django_db

NOW = make.NOON + timedelta(hours=1)
NIF, PORTAL, WRONG, NEW = "12345678Z", "portal-pass-word-9", "otra cosa muy mal", "otra frase todavía más larga"


@pytest.fixture
def said(monkeypatch):
    """Everything that is logged from here on: as it was said, and as the site writes it."""
    raw, kept = io.StringIO(), io.StringIO()
    handlers = [logging.StreamHandler(raw), logging.StreamHandler(kept)]
    handlers[0].setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    handlers[1].addFilter(Redacting())
    handlers[1].setFormatter(JsonLine())
    # Whoever keeps to itself is listened to as well, and nobody is quieter than the others.
    alone = [logging.getLogger(), *(logging.getLogger(name) for name in list(logging.Logger.manager.loggerDict))]
    alone = [logger for logger in alone if logger.parent is None or not logger.propagate]
    for logger in alone:
        logger.handlers[:0] = handlers
    levels = {name: logging.getLogger(name).level for name in logging.Logger.manager.loggerDict}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    before = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    yield lambda: (raw.getvalue(), kept.getvalue())
    for logger in alone:
        logger.handlers = [handler for handler in logger.handlers if handler not in handlers]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger().setLevel(before)


@pytest.fixture
def street(monkeypatch, settings):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings.EMAIL_HOST = "mail.example.org"
    street = make.community()
    marta = make.home(street, "Azahar 1", make.tariff(), make.member(street, "Marta", Member.Role.ADMIN))
    make.home(street, "Azahar 3", make.tariff("Dos"), make.member(street, "Ana"))
    make.read(marta, make.NOON, 100, 0)
    return street


def link_of(mail):
    return re.search(r"https?://[^/]+(/\S+)", mail.body)[1]


def money_and_meters(ana, marta, street):
    """Accounts, consents, files and calls, right and wrong; the secrets that were sent."""
    home = Household.objects.get(name="Azahar 1")
    point, token = make.meter(home), make.token(home)
    for iban in (IBANS[1], IBANS[1][:-1] + "9"):
        ana.post("/account/bank/", {"holder": "Ana", "iban": iban, "mandate": "on"})
    marta.post("/datadis/", {"nif": NIF, "password": PORTAL})
    ana.post("/consent/", {"nif": NIF, "holder_nif": NIF, "agree": "on"})
    gateway = Client(headers={"authorization": f"Bearer {token}"})
    readings = reverse("api-readings", args=[point.public_id])
    for body in (json.dumps({"readings": [GOOD]}), json.dumps({"cups": point.cups}), f"{{{point.cups}", token):
        gateway.post(readings, body, content_type="application/json")
    Client(headers={"authorization": f"Bearer {token}x"}).get(readings)
    Client(headers={"authorization": f"Basic {token}"}).get(f"{readings}?token={token}&cups={point.cups}")
    table = f"CUPS;Fecha;Hora;Consumo_kWh\n{point.cups};23/11/2026;1;0,1\n".encode()
    gateway.post("/api/v1/meter-files?name=x.csv", table, content_type="application/octet-stream")
    marta.post("/meter-files/", {"file": io.BytesIO(table)})
    ana.get(f"/meter-files/?cups={point.cups}&iban={IBANS[1]}")
    ana.get(f"/nowhere/{point.cups}/{IBANS[1]}/?password={PORTAL}")
    return [token, token.partition(".")[2], point.cups, *IBANS[1:2], NIF, PORTAL]


def ways_in(client, street, marta, mailoutbox):
    """An invitation, a forgotten password, another address, a code app; the secrets that were shown or sent."""
    secret = invite(invited_by=marta, email="eva@example.org", household=None, at=NOW)[1]
    for tried in (f"/join/{secret}x/", f"/join/{secret}/more/", f"/join/{secret}/"):
        client.get(tried)
    client.post(f"/join/{secret}/", {"name": "Eva", "password": NEW, "again": NEW})
    apart = Client()
    apart.post("/account/password/reset/", {"email": "ana@example.org"})
    reset = link_of(mailoutbox[-1])
    apart.get(reset + "x/")
    form = apart.get(reset, follow=True).redirect_chain[-1][0]
    apart.post(form, {"password1": NEW, "password2": NEW + "x"})
    client.post("/account/reauthenticate/", {"password": NEW})
    client.post("/account/email/", {"action_add": "", "email": "eva2@example.org"})
    confirm = link_of(mailoutbox[-1])
    client.get(confirm)
    client.get(confirm + "more/")
    page = client.get("/account/second-factor/totp/activate/")
    seed = client.session[totp.SECRET_SESSION_KEY]
    client.post("/account/second-factor/totp/activate/", {"code": "000000"})
    code = code_of(seed)
    client.post("/account/second-factor/totp/activate/", {"code": code})
    assert page.status_code == 200
    assert "reset/key/" in reset
    assert "confirm-email/" in confirm
    return [secret, reset.strip("/").rpartition("/")[2], confirm.strip("/").rpartition("/")[2], seed, NEW]


def test_no_log_of_a_day_holds_anybodys_secret(said, street, mailoutbox):
    ana, marta, eva = Client(), Client(), Client()
    ana.post("/login/", {"username": "ana@example.org", "password": WRONG})
    for client, name in ((ana, "ana"), (marta, "marta")):
        client.post("/login/", {"username": f"{name}@example.org", "password": make.PASSWORD})

    secrets = [WRONG, make.PASSWORD]
    secrets += money_and_meters(ana, marta, street)
    secrets += ways_in(eva, street, Member.objects.get(user__name="Marta"), mailoutbox)

    raw, kept = said()
    assert len(kept.splitlines()) > 20, "it listened"
    assert [secret for secret in secrets if secret in kept] == []
    assert not re.search(r"@example\.org", kept)
    # Only what was asked for as an address is in the records at all; nothing of ours says a secret to be taken out.
    ours = [line for line in raw.splitlines() if line.startswith(("community", "market", "metering", "config"))]
    assert [secret for secret in secrets for line in ours if secret in line] == []


def test_the_scan_hears_what_is_said(said):
    logging.getLogger("community.views").debug("the account is %s", IBANS[1])

    raw, kept = said()
    assert IBANS[1] in raw
    assert "the account is [IBAN]" in kept


def test_an_accident_with_a_secret_in_hand_is_told_without_it(said, street, monkeypatch):
    client = Client(raise_request_exception=False)
    client.post("/login/", {"username": "ana@example.org", "password": make.PASSWORD})

    def accident(*_args, **_kwargs):
        raise ValueError(f"no account {IBANS[1]} of ana@example.org with password={PORTAL}")

    monkeypatch.setattr("market.views.bank.page", accident)
    assert client.get("/account/bank/").status_code == 500

    _raw, kept = said()
    assert "ValueError: no account [IBAN] of [e-mail] with password=[secret]" in kept
    assert IBANS[1] not in kept
    assert PORTAL not in kept
