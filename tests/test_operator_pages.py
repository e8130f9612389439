"""The operator's pages show everything about money and let nobody change it."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse
from django.utils.translation import override

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


# Tables of others, which bring their names along.
FOREIGN = {"auth", "account"}
# Written alike in English.
ALIKE = {("es", "token"), ("es", "tokens"), ("ca", "sessions")}


@pytest.mark.parametrize("code", ["es", "ca"])
def test_every_table_has_a_name_in_the_readers_language(code):
    wrong = []
    for model in admin.site._registry:
        if model._meta.app_label in FOREIGN:
            continue
        with override("en"):
            english = {str(model._meta.verbose_name), str(model._meta.verbose_name_plural)}
        with override(code):
            said = {str(model._meta.verbose_name), str(model._meta.verbose_name_plural)}
        wrong += [(code, name) for name in said & english]

    assert {*wrong} <= ALIKE


def test_no_table_is_named_by_hanging_an_s_on(operator):
    page = operator.get("/operator/", headers={"accept-language": "en"}).content.decode()

    assert [word for word in ("hourss", "Policys", "Accuracys", "Equipments") if word in page] == []
    assert "Strategies of agents" in page
    assert "Hours with rules of their own" in page


def test_an_operator_without_a_home_lands_where_all_the_operators_pages_are_linked(operator):
    landed = operator.get("/", follow=True)

    assert landed.redirect_chain == [("/operator/status/", 302)]
    page = landed.content.decode()
    for address in ("/operator/new-community/", "/operator/jobs/", "/operator/"):
        assert f'href="{address}"' in page
    assert "without-nav" not in page


def test_the_operators_navigation_is_on_the_operators_pages_alone_for_whoever_has_a_home(client):
    street = make.community()
    marta = make.home(street, "Azahar 1", make.tariff(), make.member(street, "Marta", "admin")).member
    User.objects.filter(pk=marta.user_id).update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(pk=marta.user_id))

    at_home = client.get("/more/").content.decode()
    operating = client.get("/operator/jobs/").content.decode()

    assert 'href="/rules/"' in at_home
    assert at_home.count('href="/operator/jobs/"') == 0
    assert 'href="/rules/"' not in operating
    assert 'href="/operator/status/"' in operating


def test_a_resident_has_no_way_into_the_operators_pages(client):
    client.force_login(make.member(make.community(), "Ana").user)

    assert "/operator/" not in client.get("/more/").content.decode()


def test_an_operator_sees_no_hash_of_what_a_broker_asks_for_either(operator):
    make.token(make.home(make.community(), "Ana", make.tariff()))
    tokens = apps.get_model("metering", "ApiToken").objects
    tokens.update(broker_hash="PBKDF2$kept")

    page = operator.get(f"/operator/metering/apitoken/{tokens.get().pk}/change/").content.decode()

    assert "PBKDF2$kept" not in page


def test_who_lives_in_a_home_and_since_when_is_not_typed_by_the_operator(operator):
    home = make.home(make.community(), "Ana", make.tariff())
    eva = make.member(home.community, "Eva")
    page = f"/operator/community/household/{home.pk}/change/"
    fields = operator.get(page).context["adminform"].form.initial
    told = {k: v for k, v in fields.items() if v is not None}

    answer = operator.post(page, {**told, "name": "Azahar 9", "member": eva.pk, "records_from_0": "2020-01-01"})

    assert answer.status_code == 302
    home.refresh_from_db()
    assert (home.name, home.member, home.records_from) == ("Azahar 9", None, None)


def test_every_table_that_may_be_searched_answers_whatever_is_looked_for(operator):
    operator.raise_request_exception = False
    searched = [model for model, one in admin.site._registry.items() if one.search_fields]

    answers = {
        model: operator.get(reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist"), {"q": "x y"})
        for model in searched
    }

    assert len(answers) > 3
    assert {model: one.status_code for model, one in answers.items() if one.status_code != 200} == {}


@pytest.mark.parametrize(("language", "word"), [("es", "Inicio"), ("ca", "Inici"), ("en", "Home")])
def test_the_way_back_from_a_table_leads_to_the_start_and_not_to_a_dwelling(operator, language, word):
    page = operator.get("/operator/community/household/", headers={"accept-language": language}).content.decode()

    assert f'<a href="/operator/">{word}</a>' in page


@pytest.mark.parametrize("language", ["es", "ca"])
def test_every_column_of_a_table_has_a_name_in_the_readers_language(language):
    with override(language):
        unnamed = [
            f"{model._meta.label}.{field.name}"
            for model, shown in admin.site._registry.items()
            for field in model._meta.get_fields()
            if field.name in shown.list_display and str(field.verbose_name) == field.name.replace("_", " ")
        ]

    assert {name.rsplit(".", 1)[1] for name in unnamed} <= {
        "error", "firmware", "gestor", "model", "pilot", "provisional", "token", "variant",
    }, "words that the languages share"  # fmt: skip
