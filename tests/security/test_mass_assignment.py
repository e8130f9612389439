"""Whatever else is sent along with a form or a call: what only the site decides does not change."""

import importlib
import json
import pkgutil
from html.parser import HTMLParser
from unittest.mock import patch

import pytest
from celery.app.task import Task
from django import forms
from django.apps import apps
from django.contrib import admin
from django.test import Client
from rest_framework import serializers

import community
import market
import metering
from community.models import Household, Member, User
from market.models import Trade
from metering.models import ApiToken, MeteringPoint, Reading
from metering.services.tokens import prepare_hand_over
from tests import factories as make
from tests.market.test_payments import CREDITOR, IBANS
from tests.market.test_query_counts import addresses
from tests.metering.test_api import GOOD, NOW
from tests.security.crawl import is_page, place, route_of, walk

__all__ = ["place"]

pytestmark = pytest.mark.django_db

# What a form that starts empty needs, so that it is taken.
FILLED = {"holder": "Ana", "iban": IBANS[1], "creditor_id": CREDITOR, "name": "Nueva", "email": "new@example.org"}
# These end the session, or need an answer by mail.
LEFT_OUT = ("/logout/", "/account/logout/", "/language/", "/account/sessions/", "/account/password/", "/login/")


class Forms(HTMLParser):
    """The forms of a page that write, with what they would send if nobody touched them."""

    def __init__(self):
        super().__init__()
        self.found, self._form, self._list = [], None, None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name, value = given.get("name"), given.get("value", "")
        if tag == "form":
            self._form = {} if given.get("method", "").lower() == "post" else None
            if self._form is not None:
                self.found.append((given.get("action"), self._form))
        if self._form is None:
            return
        if tag in {"input", "button"} and name and given.get("type") not in {"file", "checkbox", "radio"}:
            self._form.setdefault(name, value or FILLED.get(name, ""))
        if tag == "input" and given.get("type") in {"checkbox", "radio"} and "checked" in given:
            self._form[name] = value or "on"
        if tag == "select":
            self._list = name
        if tag == "option" and self._list and ((value and self._list not in self._form) or "selected" in given):
            self._form[self._list] = value

    def handle_endtag(self, tag):
        if tag == "select":
            self._list = None
        if tag == "form":
            self._form = None


def forms_of(client):
    """One of each kind of form that this visitor finds, by the page that it stands on."""
    kinds = {}
    for path, answer in walk(client, addresses()):
        if not is_page(answer) or answer.status_code != 200:
            continue
        reader = Forms()
        reader.feed(answer.content.decode())
        for action, fields in reader.found:
            to = action or path
            if not to.startswith(LEFT_OUT):
                kinds.setdefault((route_of(to), tuple(sorted(fields))), (to, fields))
    return list(kinds.values())


@pytest.fixture
def others():
    """A community that nobody here belongs to, with a home, a meter and a token."""
    street = make.community(slug="otra", name="Otra")
    home = make.home(street, "Suyo", make.tariff("Suya"), make.member(street, "Zoe", "owner"))
    make.battery(home)
    make.read(home, make.NOON, 100, 0)
    make.slot(street)
    make.token(home)
    return home


def more(home):
    """What a curious person would add."""
    member = home.member
    pks = {
        "community": home.community_id,
        "household": home.pk,
        "home": home.pk,
        "member": member.pk,
        "user": member.user_id,
    }
    return {
        **{name: str(pk) for name, pk in pks.items()},
        **{f"{name}_id": str(pk) for name, pk in pks.items()},
        **dict.fromkeys(("is_staff", "is_superuser", "is_active", "paused", "force", "admin"), "on"),
        **dict.fromkeys(("owner", "given_by", "by", "created_by", "uploaded_by"), str(member.pk)),
        **dict.fromkeys(("price", "price_ueur_kwh", "amount_neur", "balance_neur", "energy_wh", "cents"), "1"),
        **dict.fromkeys(("id", "pk", "public_id"), "1"),
        "role": "owner", "status": "settled", "at": "2020-01-01T00:00:00Z", "scopes": "readings:write",
    }  # fmt: skip


def rows_of_others(home):
    """Every row of the other community, by model."""
    found = {}
    for model in apps.get_models():
        if model._meta.app_label not in {"community", "metering", "market"}:
            continue
        names = {field.name for field in model._meta.fields}
        for name, wanted in (("community", home.community_id), ("household", home.pk), ("metering_point", None)):
            if name in names:
                keys = {name: wanted} if wanted else {"metering_point__household": home.pk}
                found[model, name] = sorted(map(repr, model._base_manager.filter(**keys).values_list()))
    return found


def decided():
    """What only the site decides: who is who, what belongs to whom, and at which prices was traded."""
    return {
        "people": list(User.objects.order_by("pk").values_list("pk", "is_staff", "is_superuser", "is_active")),
        "parts": list(Member.objects.order_by("pk").values_list("pk", "community_id", "user_id", "role")),
        "homes": list(Household.objects.order_by("pk").values_list("pk", "community_id", "member_id")),
        "meters": list(MeteringPoint.objects.order_by("pk").values_list("pk", "household_id")),
        "trades": list(Trade.objects.order_by("pk").values_list()),
        "measured": list(Reading.objects.order_by("pk").values_list()),
    }


@pytest.mark.parametrize(("who", "least", "taken"), [("resident", 8, 6), ("admin", 25, 15)])
def test_no_form_takes_more_than_its_fields(place, others, who, least, taken, monkeypatch):
    monkeypatch.setattr(Task, "apply_async", lambda *_, **__: None)
    client, extra = place[who], more(others)
    found = forms_of(client)
    theirs, before, done = rows_of_others(others), decided(), {}

    for to, fields in found:
        # The fields of these say themselves who gets which part, and who leaves.
        if not to.startswith("/roles/") and not to.endswith("/end/"):
            answer = client.post(to, {**extra, **fields})
            if answer.get("Location", "").startswith("/account/reauthenticate/"):
                answer = client.post(answer["Location"], {"password": make.PASSWORD})
            assert not answer.get("Location", "").startswith(("/login/", "/account/reauthenticate/")), to
            done[to, tuple(sorted(fields))] = answer.status_code

    assert len(done) >= least
    assert sum(status == 302 for status in done.values()) >= taken
    assert not [to for to, status in done.items() if status >= 500]
    assert rows_of_others(others) == theirs
    assert {name: rows for name, rows in decided().items() if rows != before[name]} == {}


@pytest.mark.parametrize(
    "extra", ["community", "household", "metering_point", "price_ueur_kwh", "source", "received_at", "id"]
)
@pytest.mark.parametrize("door", ["readings", "device-states", "acknowledgements"])
def test_a_call_with_a_field_too_many_is_refused_whole(extra, door):
    home = make.home(make.community(), "Ana", make.tariff(), make.member(make.community(slug="b"), "Ana"))
    battery, token = make.battery(home), make.token(home)
    state = {"device": battery.pk, "at": GOOD["start"], "soc_wh": 100}
    answer = {"device": battery.pk, "start": GOOD["start"], "version": "0" * 16, "answer": "accepted"}
    name, row = {
        "readings": ("readings", GOOD),
        "device-states": ("states", state),
        "acknowledgements": ("acknowledgements", answer),
    }[door]
    gateway = Client(headers={"authorization": f"Bearer {token}"})
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/{door}"

    with patch("metering.api.views.now", lambda: NOW), patch("metering.api.authentication.now", lambda: NOW):
        said = [
            gateway.post(address, json.dumps(body), content_type="application/json")
            for body in ({name: [{**row, extra: 1}]}, {name: [row], extra: 1})
        ]

    assert [one.status_code for one in said] == [422, 422]
    assert [one.json()["errors"][0]["code"] for one in said] == ["unknown-field", "no-list"]
    assert not Reading.objects.exists()


def test_a_code_gets_the_token_that_was_prepared_and_no_other(others):
    _ready, code = prepare_hand_over(
        community=others.community, name="Caja", scopes=["readings:write"],
        metering_points=[make.meter(others)], networks=[], days=30, at=make.NOON,
    )  # fmt: skip

    body = json.dumps({"code": code, "scopes": ApiToken.Scope.values, "community": 1, "metering_points": [1]})
    with patch("metering.api.hand_over.now", lambda: make.NOON):
        said = Client().post("/api/v1/hand-over", body, content_type="application/json")

    token = ApiToken.objects.latest("pk")
    assert said.status_code == 201
    assert said.json()["scopes"] == token.scopes == ["readings:write"]
    assert (token.community, token.metering_points.get()) == (others.community, make.meter(others))


def modules():
    for app in (community, market, metering):
        for found in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if ".migrations" not in found.name and ".management" not in found.name:
                yield importlib.import_module(found.name)


def test_forms_and_answers_name_their_fields():
    list(modules())
    of_the_operator = {type(one).form for one in admin.site._registry.values()}

    loose = [
        one.__qualname__
        for one in below(serializers.ModelSerializer)
        if one.__module__.split(".")[0] in {"community", "market", "metering"}
        and not isinstance(one.Meta.fields, tuple)
    ]
    by_model = [
        one.__qualname__
        for one in below(forms.ModelForm)
        if one.__module__.split(".")[0] in {"community", "market", "metering"} and one not in of_the_operator
    ]

    assert loose == []
    assert by_model == []


def below(kind):
    for one in kind.__subclasses__():
        yield one
        yield from below(one)
