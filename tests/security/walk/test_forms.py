"""What pages send back: objects of another street are refused in every field, and fields that no form has do nothing.

Both walk over the forms of every page as they are: a new page or a new field is walked over, too.
"""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.forms import BaseForm, BaseFormSet, FileField, ModelChoiceField, ModelMultipleChoiceField
from django.test import Client

from community.models import Household, Member, Tariff, User
from metering.models import ApiToken, ColumnMapping, MeteringPoint
from tests.security.walk.routes import ROUTES, address, may_enter

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]
# Columns by which a row belongs to a street, a home or a meter.
BELONGS = {
    "community_id": "SELECT %(street)s",
    "household_id": "SELECT id FROM community_household WHERE community_id = %(street)s",
    "member_id": "SELECT id FROM community_member WHERE community_id = %(street)s",
    "metering_point_id": "SELECT p.id FROM metering_meteringpoint p JOIN community_household h"
    " ON h.id = p.household_id WHERE h.community_id = %(street)s",
}


def visitor(world, kind):
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[kind])
    return client


def forms_of(client, name, world) -> Iterator[BaseForm]:
    """The forms that a page shows, with what stands in them."""
    asks = ROUTES[name]
    if "GET" not in asks.methods:
        return
    answer = client.get(address(name, world.here.things))
    for context in answer.context or ():
        for value in context.dicts[-1].values() if hasattr(context, "dicts") else ():
            yield from value.forms if isinstance(value, BaseFormSet) else [value] * isinstance(value, BaseForm)


def typed(form):
    """What the form would send if nothing was changed."""
    found = {}
    for bound in form:
        value = bound.value()
        if value is not None and value != "" and not isinstance(bound.field, FileField):
            found[bound.html_name] = [str(one) for one in value] if isinstance(value, list | tuple) else str(value)
    return found


def pages_with_forms(world, kind):
    client = visitor(world, kind)
    for name, asks in ROUTES.items():
        if "POST" in asks.methods and may_enter(asks.need, kind) and not name.startswith(("api-", "log")):
            for form in forms_of(client, name, world):
                yield client, name, form


def foreign(world, model):
    there = world.there
    return {
        Household: there.homes["resident"].pk,
        MeteringPoint: there.homes["resident"].metering_points.get().pk,
        Member: there.people["resident"].pk,
        User: there.people["resident"].user_id,
        ApiToken: there.things["token"],
        Tariff: there.things["tariff"],
        ColumnMapping: there.things["columns"],
    }.get(model) or model.objects.filter(household__community=there.community).values_list("pk", flat=True)[0]


def rows_of(street):
    """What the database holds of a street, as one digest a table."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table, columns = model._meta.db_table, {field.column for field in model._meta.local_fields}
            for column in BELONGS.keys() & columns:
                query = (
                    f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
                )
                cursor.execute(f"{query} WHERE {column} IN ({BELONGS[column]})", {"street": street.community.pk})
                found[table, column] = cursor.fetchone()
        cursor.execute("SELECT md5(t::text) FROM community_community t WHERE id = %s", [street.community.pk])
        found["street"] = cursor.fetchone()
    return found


def send(client, path, body):
    with transaction.atomic():
        answer = client.post(path, body)
        transaction.set_rollback(True)
    return answer


def same_kind(answer, form):
    """The form of this kind that the answer shows again; a page may have several."""
    shown = (answer.context[name] for name in sorted(answer.context.keys())) if answer.context else ()
    return next((one for one in shown if type(one) is type(form)), None)


@pytest.mark.parametrize("kind", ["admin", "billing", "resident"])
def test_no_field_takes_an_object_of_another_street(world, kind):
    """Every list of objects that a form offers, asked for one of the other street instead."""
    taken, tried = {}, 0
    for client, name, form in pages_with_forms(world, kind):
        for bound in form:
            if not isinstance(bound.field, ModelChoiceField):
                continue
            wanted = str(foreign(world, bound.field.queryset.model))
            body = typed(form) | {
                bound.html_name: [wanted] if isinstance(bound.field, ModelMultipleChoiceField) else wanted
            }
            answer = send(client, address(name, world.here.things), body)
            faults = same_kind(answer, form) if answer.status_code == 422 else None
            tried += 1
            if faults is None or bound.name not in faults.errors:
                taken[name, bound.name] = (answer.status_code, faults and faults.errors)
    assert not taken, taken
    assert tried >= {"admin": 9, "billing": 2, "resident": 2}[kind]


@pytest.mark.parametrize(("whom", "role"), [("resident", "reader"), ("owner", "resident")])
def test_members_of_another_street_are_given_no_role(world, whom, role):
    before = rows_of(world.there)
    body = {"member": world.there.people[whom].pk, "role": role}

    assert send(visitor(world, "owner"), "/roles/", body).status_code == 404
    assert rows_of(world.there) == before


# What a form might be made to set if it took all that is sent.
NOT_ASKED_FOR = {
    "community", "community_id", "household", "household_id", "member", "member_id", "user", "user_id", "role",
    "is_staff", "is_superuser", "is_active", "left_at", "email", "owner", "shared", "status", "priority", "added_by",
    "pk", "id", "public_id", "scopes", "legal_mode", "price_ueur_kwh", "amount_cents", "asked_by",
}  # fmt: skip


@pytest.mark.parametrize("kind", ["admin", "billing", "resident"])
def test_fields_that_no_form_has_do_nothing(world, kind):
    """Each page's own form is sent back with more: nobody's role, street or account is another afterwards, and not
    a row of the other street."""
    there, here = world.there, world.here
    wrong, sent = {}, 0
    theirs = rows_of(there)
    values = {
        "community": there.community.pk, "community_id": there.community.pk, "household": there.homes["resident"].pk,
        "household_id": there.homes["resident"].pk, "member": there.people["resident"].pk, "role": "owner",
        "member_id": there.people["resident"].pk, "user": there.people["admin"].user_id, "is_staff": "1",
        "is_superuser": "1", "shared": "yes", "id": there.community.pk, "pk": there.community.pk,
    }  # fmt: skip
    for client, name, form in pages_with_forms(world, kind):
        own = {bound.html_name for bound in form}
        body = typed(form) | {field: values.get(field, "1") for field in sorted(NOT_ASKED_FOR - own)}
        if name in {"roles", "erase-me"}:
            continue
        with transaction.atomic():
            answer = client.post(address(name, here.things), body)
            me = Member.objects.select_related("user").get(pk=here.people[kind].pk)
            is_same = (me.role, me.community_id, me.left_at) == (here.people[kind].role, here.community.pk, None)
            if not is_same or me.user.is_staff or me.user.is_superuser or rows_of(there) != theirs:
                wrong[name] = (me.role, me.community_id, me.user.is_staff, changed(theirs, rows_of(there)))
            transaction.set_rollback(True)
        sent += answer.status_code < 400
        assert answer.status_code < 500
    assert not wrong, wrong
    assert sent >= 2, "the forms are taken as they stand"


def changed(before, after):
    return [name for name in before if before[name] != after[name]]


@pytest.mark.parametrize("kind", ["owner", "billing", "resident"])
def test_no_sending_to_anothers_address_changes_a_row(world, kind):
    client, wrong = visitor(world, kind), {}
    before = rows_of(world.there)
    for name, asks in ROUTES.items():
        if "POST" not in asks.methods or not asks.things or name.startswith("api-"):
            continue
        with transaction.atomic():
            client.post(address(name, world.there.things), {"priority": "5", "shared": "yes", "do": "revoke"})
            if rows_of(world.there) != before:
                wrong[name] = changed(before, rows_of(world.there))
            transaction.set_rollback(True)
    assert not wrong, wrong
