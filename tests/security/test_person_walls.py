"""The wall around people: PostgreSQL shows nobody else's logins, factors, sessions and pilots, whatever a view forgets."""

import ast
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import Error, connection, models, transaction
from django.http import JsonResponse
from django.test import Client
from django.test.utils import isolate_apps
from django.urls import path

from community.models import Member, User, What
from community.services.audit import record
from config.celery import OWNER, app
from config.person_walls import OPEN, person_walls
from config.tenancy import ALL, across_all, at_the_door, known_as, of_person, person, within
from config.urls import urlpatterns as site
from config.walled.base import DatabaseWrapper
from config.walls import NoWay, walls
from market.models import FailedJob, OutboxMessage, Pilot, PilotMonth
from metering.services.partitions import ensure_partitions
from tests import factories as make

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
# What bears no person's and no community's rows.
WITHOUT_ROWS_OF_ANYBODY = {"django_migrations": "names of migrations"}
# Who may look at all logins, or act as a person whose request it is not, and why it has to.
AT_THE_DOOR = {
    "community/known.py": "finds who a session or a password belongs to",
    "community/views/join.py": "finds whose login the invited address is, and makes one",
    "config/walled/sessions.py": "finds a session by the secret in a cookie",
    "market/queries/happened.py": "tells members that somebody came in from elsewhere",
}
AS_SOMEBODY = {
    "config/celery.py": "a task of a pilot is its owner's",
    "market/views/pilots.py": "a shared report is read by others, too",
}
SECRETS = (Authenticator, EmailAddress, UserSession)
TABLES = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity
    AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


def asked(statement, given=()):
    """What a raw statement answers, or how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def someone(name, street):
    """A member with a second factor, an address, a session, and a pilot with a month."""
    user = make.member(street, name).user
    Authenticator.objects.create(user=user, type="totp", data={"secret": f"sealed of {name}"})
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    UserSession.objects.create(user=user, ip="192.0.2.1", user_agent=name, session_key=f"key-of-{name}", data={})
    Session.objects.create(session_key=f"key-of-{name}", session_data="x", expire_date=make.NOON)
    pilot = Pilot.objects.create(name=name, owner=user, scenario={}, created_at=make.NOON)
    PilotMonth.objects.create(pilot=pilot, variant="usual", month=1)
    return user


@pytest.fixture
def two_people():
    """Ana and Berta of different streets, a failed job and a message of the outbox."""
    ours, theirs = make.community(slug="una", name="una"), make.community(slug="otra", name="otra")
    OutboxMessage.objects.create(topic="tsa", key="tsa/1/1", payload={}, made_at=make.NOON, next_at=make.NOON)
    FailedJob.objects.create(task="x", given={}, error="x", first_at=make.NOON, last_at=make.NOON)
    return someone("Ana", ours), someone("Berta", theirs)


def home_of(user):
    return Member.objects.get(user=user).community_id


def test_every_table_has_a_wall_or_a_reason_why_it_needs_none():
    ensure_partitions(make.NOON.replace(day=1), make.NOON)
    every = apps.get_models(include_auto_created=True)
    reasons = {model._meta.db_table: OPEN[model._meta.label] for model in every if model._meta.label in OPEN}
    reasons |= WITHOUT_ROWS_OF_ANYBODY

    bare = {table for table, walled in asked(TABLES) if not walled}

    assert bare == set(reasons)
    assert all(reasons.values())


def test_every_wall_around_people_stands_and_none_is_around_both():
    around = {wall.table for wall in person_walls(apps)}

    assert around & {wall.table for wall in walls(apps)} == set()
    assert {"community_user", "mfa_authenticator", "account_emailaddress", "usersessions_usersession",
            "django_session", "market_pilot", "market_pilotmonth", "market_outboxmessage",
            "market_failedjob"} <= around  # fmt: skip


@isolate_apps("allauth.mfa")
def test_a_table_about_logins_that_leads_to_nobody_has_to_say_why():
    class Stray(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "mfa"

    with pytest.raises(NoWay, match=r"mfa\.Stray"):
        person_walls(Stray._meta.apps)


@pytest.mark.parametrize("model", SECRETS)
def test_a_persons_request_reads_and_touches_nobody_elses_factors_addresses_or_sessions(two_people, model):
    ana, berta = two_people
    table = model._meta.db_table

    with within(home_of(ana)), of_person(ana.pk):
        seen = asked(f"SELECT user_id FROM {table}")
        touched = asked(f"UPDATE {table} SET user_id = user_id WHERE user_id = %s", [berta.pk])
        gone = asked(f"DELETE FROM {table} WHERE user_id = %s", [berta.pk])
        with pytest.raises(Error, match="row-level security"):
            asked(f"UPDATE {table} SET user_id = %s", [berta.pk])

    assert (seen, touched, gone) == ([(ana.pk,)], 0, 0)


def test_a_community_shows_its_own_members_and_no_other_person(two_people):
    ana, berta = two_people
    eva = make.member(ana.memberships.get().community, "Eva").user

    with within(home_of(ana)):
        seen = {pk for (pk,) in asked("SELECT id FROM community_user")}
        touched = asked("UPDATE community_user SET name = 'x' WHERE id = %s", [berta.pk])
        factors = [asked(f"SELECT count(*) FROM {model._meta.db_table}") for model in SECRETS]

    assert (seen, touched) == ({ana.pk, eva.pk}, 0)
    assert factors == [[(0,)]] * len(SECRETS), "members' logins are their own, not their community's"


def test_a_community_makes_no_person_but_at_the_door(two_people):
    ana, _berta = two_people

    with within(home_of(ana)):
        with pytest.raises(Error, match="row-level security"), transaction.atomic():
            User.objects.create_user("new@example.org", make.PASSWORD, name="New")
        with at_the_door():
            User.objects.create_user("new@example.org", make.PASSWORD, name="New")


def test_nobody_sees_no_person_no_session_and_nothing_of_the_operators(two_people):
    with within(None):
        seen = {wall.table: asked(f'SELECT count(*) FROM "{wall.table}"')[0][0] for wall in person_walls(apps)}

    assert {table: count for table, count in seen.items() if count} == {}


def test_the_door_sees_logins_and_neither_communities_nor_pilots_nor_what_is_the_operators(two_people):
    with within(None), at_the_door():
        people = [asked(f"SELECT count(*) FROM {model._meta.db_table}") for model in (*SECRETS, User, Session)]
        closed = (Member, Pilot, PilotMonth, OutboxMessage, FailedJob)
        others = [asked(f"SELECT count(*) FROM {model._meta.db_table}") for model in closed]

    assert people == [[(2,)]] * 5
    assert others == [[(0,)]] * 5


def test_pilots_and_their_months_are_their_owners_alone(two_people):
    ana, berta = two_people
    theirs = Pilot.objects.get(owner=berta)

    with within(home_of(ana)), of_person(ana.pk):
        assert asked("SELECT owner_id FROM market_pilot") == [(ana.pk,)]
        assert asked("SELECT count(*) FROM market_pilotmonth WHERE pilot_id = %s", [theirs.pk]) == [(0,)]
        assert asked("UPDATE market_pilot SET shared = true WHERE id = %s", [theirs.pk]) == 0
        with pytest.raises(Error, match="row-level security"):
            PilotMonth.objects.create(pilot=theirs, variant="dull", month=2)


def test_what_is_the_operators_is_shown_across_all_alone(two_people):
    ana, _berta = two_people

    for table in ("market_outboxmessage", "market_failedjob"):
        with within(home_of(ana)), of_person(ana.pk):
            assert asked(f"SELECT count(*) FROM {table}") == [(0,)]
            assert asked(f"DELETE FROM {table}") == 0
        with across_all():
            assert asked(f"SELECT count(*) FROM {table}") == [(1,)]
    with within(home_of(ana)), pytest.raises(Error, match="row-level security"):
        FailedJob.objects.create(task="y", given={}, error="y", first_at=make.NOON, last_at=make.NOON)


def test_an_operator_who_is_named_in_a_communitys_trail_is_shown_to_it(two_people):
    ana, berta = two_people

    record(What.RECORD_SEEN, community=ana.memberships.get().community, at=make.NOON, by=berta)

    with within(home_of(ana)):
        assert {pk for (pk,) in asked("SELECT id FROM community_user")} == {ana.pk, berta.pk}


# Views that forget whose rows they show.


def forgetful(request):
    request.user.is_authenticated  # noqa: B018 it is asked, as on every page
    return JsonResponse(
        {
            "user": person(),
            "factors": list(Authenticator.objects.values_list("user__email", flat=True)),
            "sessions": list(Session.objects.values_list("session_key", flat=True)),
            "pilots": list(Pilot.objects.values_list("name", flat=True)),
            "people": list(User.objects.values_list("name", flat=True)),
        }
    )


urlpatterns = [path("forgetful/", forgetful), *site]


@pytest.mark.urls(__name__)
def test_a_view_that_forgets_its_filter_shows_nobody_else_and_leaves_nothing_for_the_next(two_people):
    ana, _berta = two_people
    hers = Client()
    hers.force_login(ana)

    assert hers.get("/forgetful/").json() == {
        "user": str(ana.pk), "factors": [ana.email], "sessions": [], "pilots": ["Ana"], "people": ["Ana"],
    }  # fmt: skip
    assert Client().get("/forgetful/").json() == {
        "user": "", "factors": [], "sessions": [], "pilots": [], "people": [],
    }  # fmt: skip


def test_outside_of_requests_nobody_is_known_for_longer_than_asked():
    known_as(7)
    with at_the_door():
        assert person() == "*"
        with of_person(7):
            assert person() == "7"
    assert person() == ""


def test_a_task_is_its_owners_or_a_communitys_and_never_the_doors():
    app.loader.import_default_modules()
    owned = {name: way for name, task in app.tasks.items() if (way := getattr(task.run, OWNER, ""))}

    assert owned == {"market.tasks.live_pilot_month": "market.PilotMonth.pilot__owner_id"}


def test_only_few_see_all_logins_or_act_as_somebody():
    found = {"at_the_door": set(), "of_person": set()}
    for name in ("community", "config", "market", "metering"):
        for file in (ROOT / name).rglob("*.py"):
            calls = {n.func for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)}
            for called in {getattr(f, "id", getattr(f, "attr", "")) for f in calls} & set(found):
                found[called].add(str(file.relative_to(ROOT)))

    assert found == {"at_the_door": set(AT_THE_DOOR), "of_person": set(AS_SOMEBODY)}


def test_a_page_tells_postgresql_three_times_whose_rows_it_may_show(client, monkeypatch):
    ana = make.member(make.community(), "Ana")
    make.home(ana.community, "Azahar", make.tariff(), ana)
    client.force_login(ana.user)
    client.get("/energy/")  # the first visit writes into the session
    told, tell = [], DatabaseWrapper._tell

    def noted(database):
        before = database._told
        tell(database)
        if database._told is not before:
            told.append(database._told)

    monkeypatch.setattr(DatabaseWrapper, "_tell", noted)
    client.get("/energy/")

    mine, me = str(ana.community_id), str(ana.user_id)
    assert told == [("", ALL), (ALL, me), (mine, me)]
