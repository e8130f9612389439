"""The second wall between communities: PostgreSQL shows and takes no other community's rows, whatever a view forgets."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.db import Error, IntegrityError, connection, models, transaction
from django.http import Http404, JsonResponse, StreamingHttpResponse
from django.test import Client
from django.test.utils import isolate_apps
from django.urls import path

from community.access import member_or_none
from community.checks import walls_stand
from community.models import Household, Member, Tariff
from community.services.securing import CannotSecure, secure
from config.celery import OWNER, SCOPE, app
from config.person_walls import person_walls
from config.tenancy import ALL, AnotherCommunity, TenancyMiddleware, across_all, scope, settle_on, within
from config.urls import urlpatterns as site
from config.walls import SITE_ROLE, NoWay, walls
from metering.services.partitions import ensure_partitions
from tests import factories as make

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
OURS, THEIRS = 7_001, 7_002
# Who may work over all communities, and why it has to.
MAY_CROSS = {
    "community/access.py": "finds the community of whoever is logged in",
    "community/passwords.py": "names of the places of whoever has forgotten a password make none",
    "community/views/join.py": "finds the invitation of a secret link",
    "config/celery.py": "tasks over all communities say so; of the others the row's community is looked up",
    "market/services/erasure.py": "a person may live in several communities",
    "market/views/identity.py": "anybody may ask for the keys of the log that an address names",
    "market/views/notices.py": "finds the member of a signed link, and whose a browser was before",
    "market/views/operations.py": "health and figures of the whole site",
    "market/views/public.py": "finds the community whose public page an address names",
    "market/views/pilots.py": "founds a community, and names the one that was made of a pilot",
    "metering/services/roster_plan.py": "asks whether a supply is another community's",
    "metering/views/joining.py": "finds the community that an address asks to join",
    "metering/api/authentication.py": "finds the token that is shown",
    "metering/api/hand_over.py": "finds the token that a code stands for",
}
COLUMNS = """
SELECT a.attname, format_type(a.atttypid, NULL), CASE WHEN a.atttypmod > 4 THEN a.atttypmod - 4 END
FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.attnotnull OR a.attname = %s)
"""
CHECKS = """
SELECT conrelid::regclass, conname FROM pg_constraint
WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND coninhcount = 0
"""


def asked(statement, given=()):
    """What a raw statement answers, or how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def a_value(kind, length, number):
    """Something of a column's type, different for each community wherever it may have to be."""
    if kind in {"character varying", "text"}:
        return str(number)[-(length or 9) :]
    plain = {
        "timestamp with time zone": "2026-11-01T00:00Z", "date": "2026-11-01", "boolean": False, "jsonb": "{}",
        "bytea": b"", "uuid": f"00000000-0000-0000-0000-{number:012d}", "double precision": 1.0,
    }  # fmt: skip
    return plain.get(kind, "{}" if kind.endswith("[]") else 1)


def add_row(wall, number, key=None):
    """A row whose every key is the community's number, so that all its ways lead there."""
    table = wall.table
    model = next(m for m in apps.get_models(include_auto_created=True) if m._meta.db_table == table)
    keys = {f.column for f in model._meta.concrete_fields if f.is_relation} | {"id"}
    values = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [table, wall.column])
        for name, kind, length in cursor.fetchall():
            values[name] = number if name in keys else a_value(kind, length, number)
    if key is not None and "id" in values:
        values["id"] = key
    names, marks = ", ".join(f'"{name}"' for name in values), ", ".join(["%s"] * len(values))
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(values.values())


@pytest.fixture
def two_communities(as_owner):
    """A row of each of two communities in every table that has a wall; only the walls hold meanwhile."""
    ensure_partitions(make.NOON.replace(day=1), make.NOON)
    with as_owner():
        asked("SET LOCAL session_replication_role = replica")
        for table, name in asked(CHECKS):
            asked(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for wall in walls(apps):
            for number in (OURS, THEIRS):
                asked(*add_row(wall, number))
    return walls(apps)


def test_the_tests_run_as_the_sites_own_role_which_no_wall_lets_pass():
    ((role, passes, owns),) = asked(
        "SELECT rolname, rolsuper OR rolbypassrls, EXISTS (SELECT FROM pg_class WHERE relowner = r.oid)"
        " FROM pg_roles r WHERE rolname = current_user"
    )

    assert (role, passes, owns) == (SITE_ROLE, False, False)


def test_every_table_with_rows_of_communities_has_a_wall_that_holds_for_its_owner_too():
    standing = asked(
        "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
        " WHERE relrowsecurity AND relforcerowsecurity AND p.polname = 'own_community' ORDER BY 1"
    )

    assert [name for (name,) in standing] == sorted(wall.table for wall in walls(apps))
    assert len(standing) > 60


@isolate_apps("market")
def test_a_model_that_leads_to_no_community_has_to_say_why():
    class Stray(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "market"

    with pytest.raises(NoWay, match=r"market\.Stray"):
        walls(Stray._meta.apps)


def test_within_a_community_no_statement_reads_or_touches_another_ones_rows(two_communities):
    for wall in two_communities:
        with within(OURS):
            seen = {row[0] for row in asked(f'SELECT "{wall.column}" FROM "{wall.table}"')}
            assert seen == {OURS}, wall.table
            for statement in (
                f'UPDATE "{wall.table}" SET "{wall.column}" = "{wall.column}"',
                f'DELETE FROM "{wall.table}"',
            ):
                try:
                    touched = asked(f'{statement} WHERE "{wall.column}" = %s', [THEIRS])
                except Error as error:
                    assert "permission denied" in str(error), wall.table  # noqa: PT017
                else:
                    assert touched == 0, wall.table


def test_within_a_community_no_row_is_added_to_another_one(two_communities):
    for wall in two_communities:
        with within(OURS), pytest.raises(Error, match="row-level security"):
            asked(*add_row(wall, THEIRS, key=9_001))


def test_no_row_moves_to_another_community(two_communities):
    for wall in two_communities:
        with within(OURS), pytest.raises(Error, match="row-level security|permission denied"):
            asked(f'UPDATE "{wall.table}" SET "{wall.column}" = %s', [THEIRS])


def test_without_a_community_there_is_nothing_and_across_all_everything(two_communities):
    for wall in two_communities:
        with within(None):
            assert asked(f'SELECT count(*) FROM "{wall.table}"') == [(0,)], wall.table
        with across_all():
            seen = {row[0] for row in asked(f'SELECT "{wall.column}" FROM "{wall.table}"')}
            assert {OURS, THEIRS} <= seen, wall.table


def test_what_is_everybodys_is_read_by_all_and_changed_by_nobody(two_communities):
    street, offer = make.community(), make.tariff()

    with within(street.pk):
        assert list(Tariff.objects.filter(pk=offer.pk)) == [offer]
        assert offer.versions.count() == 1
        assert Tariff.objects.filter(pk=offer.pk).update(name="Otra") == 0
        assert offer.versions.update(feed_in_ueur_kwh=1) == 0
        with pytest.raises(Error, match="row-level security"):
            Tariff.objects.create(retailer="Luz", name="De todos")


def test_months_of_readings_are_reached_through_their_table_alone(two_communities):
    with across_all(), pytest.raises(Error, match="permission denied"):
        asked("SELECT count(*) FROM metering_reading_2026_11")
    with within(OURS), pytest.raises(Error, match="cannot be dropped"):
        asked("SELECT metering_drop_month('metering_reading_2026_11')")
    with pytest.raises(Error, match="is no month"):
        asked("SELECT metering_make_month('2026-11-02T00:00Z')")


# Views that forget to ask whose rows they show.


def forgetful(request):
    member_or_none(request)
    return JsonResponse({"homes": list(Household.objects.values_list("name", flat=True))})


def more_forgetful(_request):
    return JsonResponse({"homes": list(Household.objects.values_list("name", flat=True))})


def forgetful_stream(request):
    member_or_none(request)
    return StreamingHttpResponse(home.name for home in Household.objects.order_by("name"))


def failing(request):
    member_or_none(request)
    Household.objects.count()
    raise Http404


urlpatterns = [
    path("forgetful/", forgetful),
    path("more-forgetful/", more_forgetful),
    path("stream/", forgetful_stream),
    path("failing/", failing),
    *site,
]


@pytest.fixture
def two_streets(client):
    """Ana of one street is logged in; Berta lives in another."""
    for slug, name in (("una", "Ana"), ("otra", "Berta")):
        street = make.community(slug=slug, name=slug)
        Household.objects.create(community=street, member=make.member(street, name), name=f"Casa de {name}")
    client.force_login(Member.objects.get(user__name="Ana").user)
    return client


@pytest.mark.urls(__name__)
def test_a_view_that_forgets_its_filter_shows_nothing_of_others(two_streets):
    assert two_streets.get("/forgetful/").json() == {"homes": ["Casa de Ana"]}
    assert b"".join(two_streets.get("/stream/").streaming_content) == b"Casa de Ana"
    assert two_streets.get("/more-forgetful/").json() == {"homes": []}


@pytest.mark.urls(__name__)
def test_nothing_of_a_request_is_left_for_the_next(two_streets):
    visitor = Client()

    assert two_streets.get("/forgetful/").json() == {"homes": ["Casa de Ana"]}
    assert visitor.get("/more-forgetful/").json() == {"homes": []}
    assert two_streets.get("/failing/").status_code == 404
    assert visitor.get("/more-forgetful/").json() == {"homes": []}
    assert scope() == ALL, "the test's own scope is back"


@pytest.mark.urls(__name__)
def test_staff_see_all_on_the_operators_pages_alone(two_streets):
    user = Member.objects.get(user__name="Ana").user
    user.is_staff = user.is_superuser = True
    user.save()
    two_streets.force_login(user)

    page = two_streets.get("/operator/community/household/").content.decode()

    assert ("Casa de Ana" in page, "Casa de Berta" in page) == (True, True)
    assert two_streets.get("/forgetful/").json() == {"homes": ["Casa de Ana"]}


def test_a_rollback_takes_no_scope_back(two_streets):
    ours, theirs = Household.objects.order_by("name")
    seen = []
    with within(ours.community_id):
        with pytest.raises(IntegrityError), transaction.atomic(), within(theirs.community_id):
            seen.append(Household.objects.get())
            Member.objects.create(community=theirs.community, user=theirs.member.user, joined_at=make.NOON)
        seen.append(Household.objects.get())
    assert seen == [theirs, ours]


def test_a_request_is_settled_on_one_community_for_good():
    scopes = []

    def view(_request):
        scopes.append(scope())
        settle_on(OURS)
        settle_on(OURS)
        with pytest.raises(AnotherCommunity):
            settle_on(THEIRS)
        with across_all():
            scopes.append(scope())
        scopes.append(scope())

    TenancyMiddleware(view)(None)

    assert scopes == ["", ALL, str(OURS)]


def test_every_task_says_whose_it_is():
    ours = {"community", "market", "metering"}
    app.loader.import_default_modules()
    tasks = {name: task for name, task in app.tasks.items() if name.split(".")[0] in ours}

    assert len(tasks) > 20
    for name, task in tasks.items():
        takes = set(task.run.__annotations__) - {"return"}
        said = getattr(task.run, SCOPE, "")
        owned = getattr(task.run, OWNER, "")  # of a person, and of no community
        assert said or "community_id" in takes or owned, name
        assert not (said == ALL and takes), f"{name} is given {takes} and needs no more"
        if said not in {"", ALL}:
            app_label, model, way = said.split(".")
            assert apps.get_model(app_label, model).objects.values_list(way).count() == 0


def test_only_few_may_cross_the_walls():
    crossing, outside = set(), set()
    for file in [
        *ROOT.glob("*.py"),
        *(p for name in ("community", "config", "market", "metering") for p in (ROOT / name).rglob("*.py")),
    ]:
        calls = {n.func for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)}
        named = {getattr(f, "id", getattr(f, "attr", "")) for f in calls}
        crossing |= {str(file.relative_to(ROOT))} if "across_all" in named else set()
        outside |= {str(file.relative_to(ROOT))} if "outside_of_requests" in named else set()

    assert crossing == set(MAY_CROSS)
    assert outside == {"manage.py"}


def test_a_role_that_passes_walls_or_owns_tables_is_refused(as_owner):
    owner = connection.settings_dict["USER"]
    with as_owner():
        with pytest.raises(CannotSecure, match="passes every wall"):
            secure(role=owner, create=False)
        with pytest.raises(CannotSecure, match="There is no role"):
            secure(role="nobody_knows", create=False)
        asked(f"CREATE ROLE deputy IN ROLE {owner}")
        with pytest.raises(CannotSecure, match="deputy owns tables"):
            secure(role="deputy", create=False)
        asked(f"REVOKE {owner} FROM deputy")
        assert secure(role="deputy", create=False) == len(walls(apps)) + len(person_walls(apps))


def test_a_check_of_the_deployment_says_what_lets_the_site_pass(as_owner):
    def warned():
        return [message.id for message in walls_stand(databases=["default"])]

    assert warned() == []
    with as_owner():
        assert warned() == ["azotea.W001"]
        asked("ALTER TABLE market_slot NO FORCE ROW LEVEL SECURITY")
        assert warned() == ["azotea.W001", "azotea.W003"]
    assert warned() == ["azotea.W003"]
