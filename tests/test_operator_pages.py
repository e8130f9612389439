"""The operator's pages show everything about money and let nobody change it."""

import pytest
from django.apps import apps
from django.contrib import admin

from community.models import Feeder, User
from community.read_only_admin import ReadOnlyAdmin
from community.services.feeders import store_feeder, usual_feeder
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op"))
    return client


@pytest.mark.parametrize(
    "model", list(apps.get_app_config("market").get_models()), ids=lambda model: model.__name__
)
def test_nothing_of_the_market_can_be_added_changed_or_deleted(operator, model):
    registered = admin.site._registry.get(model)
    if registered is None:
        assert model.__name__ in {"Forecast", "PlanStep"}
        return

    assert isinstance(registered, ReadOnlyAdmin)
    assert operator.get(f"/operator/market/{model._meta.model_name}/").status_code == 200
    assert operator.get(f"/operator/market/{model._meta.model_name}/add/").status_code == 403


def test_a_feeder_that_the_operator_changes_is_another_one(operator):
    street = make.community()
    store_feeder(community=street, described=usual_feeder(community=street, kind="street"))
    feeder = Feeder.objects.get()
    page = f"/operator/community/feeder/{feeder.pk}/change/"
    fields = operator.get(page).context["adminform"].form.initial

    answer = operator.post(page, {**{k: v for k, v in fields.items() if v is not None}, "v_max_pu": "1.04"})

    assert answer.status_code == 302
    feeder.refresh_from_db()
    assert (feeder.v_max_pu, feeder.revision) == (1.04, 2)


def test_a_resident_is_no_operator(client):
    make.member(make.community(), "Ana")
    client.login(username="ana@example.org", password=make.PASSWORD)

    assert client.get("/operator/").status_code == 302


def test_an_operator_sees_a_token_but_never_its_hash(operator):
    make.token(make.home(make.community(), "Ana", make.tariff()))
    row = admin.site._registry[apps.get_model("metering", "ApiToken")].model.objects.get()

    page = operator.get(f"/operator/metering/apitoken/{row.pk}/change/").content.decode()

    assert row.key_id in page
    assert row.secret_hash not in page
