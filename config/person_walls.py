"""Walls around people inside PostgreSQL: their logins and what they try out are shown to themselves alone.

A person may live in several communities, so that such rows lead to a user and not to a community. Whose request it
is stands in `app.person` (`config/tenancy.py`). Who asks is found among all logins, before it is known; that is a
scope of its own, in which no community's rows are shown. A community's work sees who its members are, and who is
named in its trail. What is the operator's is shown across all alone.

Every model has a wall here or in `config/walls.py`, or stands in `OPEN` with the reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps.registry import Apps
from django.db.models import ForeignKey, Model

from config.walls import LOGIN_APPS, WITHOUT, each_walled, forced

USER = "community.User"
OPERATORS = frozenset({"market.FailedJob", "market.OutboxMessage"})
# Found by the secret in a cookie, before it is known whose it is; whose it was is sealed in what it holds.
KEPT_FOR_THE_DOOR = frozenset({"sessions.Session"})
# About people, but not about logins: the door has no business there.
TRIED = frozenset({"market.Pilot"})
OPEN = {
    "auth.Group": "names of groups, of which the site has none",
    "auth.Group_permissions": "of groups",
    "auth.Permission": "what Django lets staff do, the same on every site",
    "contenttypes.ContentType": "names of tables",
}
_ALL, _DOOR = "(SELECT tenancy_is_all())", "(SELECT tenancy_is_door())"


@dataclass(frozen=True, slots=True)
class PersonWall:
    """A table, and when one of its rows is shown and taken."""

    table: str
    rule: str


def person_walls(apps: Apps) -> list[PersonWall]:
    """The wall of every table about people and of the operator's. Raises `NoWay` naming models without one."""
    return each_walled(apps, _counts, _wall)


def _counts(model: type[Model]) -> bool:
    meta = model._meta
    here = meta.app_label in LOGIN_APPS or meta.label in WITHOUT
    return here and meta.managed and not meta.proxy and meta.label not in OPEN


def _wall(model: type[Model], found: dict[str, PersonWall]) -> PersonWall | None:
    label, table = model._meta.label, model._meta.db_table
    if label in OPERATORS:
        return PersonWall(table, _ALL)
    if label in KEPT_FOR_THE_DOOR:
        return PersonWall(table, f"{_ALL} OR {_DOOR}")
    if label == USER:
        return PersonWall(table, _of_user(table))
    ways = {
        field.remote_field.model._meta.label: field.column
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and not field.null
    }
    if USER in ways:
        door = "" if label in TRIED else f" OR {_DOOR}"
        return PersonWall(table, f'{_ALL}{door} OR "{table}"."{ways[USER]}" = (SELECT tenancy_person())')
    for other, column in sorted(ways.items()):
        if other in found:
            # The parent's own wall hides what is not this person's.
            parent = found[other].table
            return PersonWall(
                table, f'{_ALL} OR EXISTS (SELECT FROM "{parent}" WHERE "{parent}"."id" = "{table}"."{column}")'
            )
    return None


def _of_user(table: str) -> str:
    """Oneself, a community's members, and who is named in its trail: their own walls hide those of others."""
    named = (
        f'EXISTS (SELECT FROM "{other}" WHERE "{other}"."user_id" = "{table}"."id")'
        for other in ("community_member", "community_auditevent")
    )
    return f'{_ALL} OR {_DOOR} OR "{table}"."id" = (SELECT tenancy_person()) OR {" OR ".join(named)}'


def raised_for_people(wall: PersonWall) -> Iterator[str]:
    """The statements that put a wall up, or put it up anew."""
    table = f'"{wall.table}"'
    yield from forced(table)
    yield f"DROP POLICY IF EXISTS own_person ON {table}"
    yield f"CREATE POLICY own_person ON {table} USING ({wall.rule})"
