"""Walls between communities inside PostgreSQL: a policy on every table with a community's rows.

Which tables those are follows from the models: a foreign key to the community, or to a table that has a wall. Rows
that belong to no community are named here, with the reason; whatever is neither is an error.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.apps.registry import Apps
from django.db.models import ForeignKey, Model

W = TypeVar("W")
COMMUNITY = "community.Community"
# Whom the site connects as, unless the operator names another role.
SITE_ROLE = "azotea_app"
# Rows without a community are the operator's, for everybody to read.
SHARED = frozenset({"community.Tariff", "community.HourPrice", "market.Policy"})
# Where several ways lead to the community: through what there is least of.
NEAREST = ("community.Household", "metering.MeteringPoint", "market.Account", "community.Member")
# Tables of others, about logins, and our own that lead to a person or to nobody: see `config/person_walls.py`.
LOGIN_APPS = frozenset(
    {"account", "admin", "auth", "contenttypes", "mfa", "sessions", "socialaccount", "usersessions"}
)
WITHOUT = {
    "community.User": "a person, who may live in several communities; logs in before one is known",
    "community.User_groups": "of logins",
    "community.User_user_permissions": "of logins",
    "market.FailedJob": "numbers of what a worker could not do, for the operator",
    "market.OutboxMessage": "numbers of what the site is to do outside, for the operator",
    "market.Pilot": "belongs to who tries a street out, who may be of no community or found one of it",
    "market.PilotMonth": "of a pilot",
}


class NoWay(Exception):
    """A model that leads to no community, and of which nobody said why it should not."""


@dataclass(frozen=True, slots=True)
class Wall:
    """How a table's row leads to its community: `column` holds the community's number, or a row's of `parent`."""

    table: str
    column: str
    parent: "Wall | None" = None
    shared: bool = False

    @property
    def has_shared_rows(self) -> bool:
        """Whether some of its rows are for everybody to read."""
        return self.shared or (self.parent is not None and self.parent.has_shared_rows)


def walls(apps: Apps) -> list[Wall]:
    """The wall of every table with communities' rows. Raises `NoWay` naming models without one."""
    return each_walled(apps, _counts, _wall)


def each_walled(
    apps: Apps, counts: Callable[[type[Model]], bool], wall_of: Callable[[type[Model], dict[str, W]], W | None]
) -> list[W]:
    """The walls of all models that count; `wall_of` is given those found before. Raises `NoWay`."""
    open_ = {model._meta.label: model for model in apps.get_models(include_auto_created=True) if counts(model)}
    found: dict[str, W] = {}
    while open_:
        reached = {label: wall for label, model in open_.items() if (wall := wall_of(model, found)) is not None}
        if not reached:
            raise NoWay(", ".join(sorted(open_)))
        found |= reached
        open_ = {label: model for label, model in open_.items() if label not in reached}
    return [found[label] for label in sorted(found)]


def _counts(model: type[Model]) -> bool:
    meta = model._meta
    own = meta.managed and not meta.proxy and meta.app_label not in LOGIN_APPS
    return own and meta.label not in WITHOUT


def _wall(model: type[Model], found: dict[str, Wall]) -> Wall | None:
    label, table = model._meta.label, model._meta.db_table
    if label == COMMUNITY:
        return Wall(table, "id")
    ways: dict[str, ForeignKey[Model, Model]] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and (not field.null or label in SHARED):
            ways.setdefault(field.remote_field.model._meta.label, field)
    if COMMUNITY in ways:
        return Wall(table, ways[COMMUNITY].column, shared=label in SHARED)
    known = [other for other in ways if other in found]
    for other in sorted(known, key=lambda other: NEAREST.index(other) if other in NEAREST else len(NEAREST)):
        return Wall(table, ways[other].column, found[other])
    return None


def forced(table: str) -> tuple[str, str]:
    """That a table's policies hold, for its owner too."""
    return f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"


def raised(wall: Wall) -> Iterator[str]:
    """The statements that put a wall up, or put it up anew."""
    table = f'"{wall.table}"'
    yield from forced(table)
    yield f"DROP POLICY IF EXISTS own_community ON {table}"
    yield f"DROP POLICY IF EXISTS shared_rows ON {table}"
    yield f"CREATE POLICY own_community ON {table} USING ({_own(wall)})"
    if wall.has_shared_rows:
        yield f"CREATE POLICY shared_rows ON {table} FOR SELECT USING ({_shared(wall)})"


def _own(wall: Wall) -> str:
    """Asked once a statement whether everything may be seen; then a row costs no look at other tables."""
    return f"(SELECT tenancy_is_all()) OR {_mine(wall, wall.table)}"


def _mine(wall: Wall, alias: str) -> str:
    column = f'"{alias}"."{wall.column}"'
    if wall.parent is None:
        return f"{column} = (SELECT tenancy_community())"
    # The parent's own wall hides what is not ours, but not what is everybody's to read.
    further = f" AND {_mine(wall.parent, wall.parent.table)}" if wall.parent.has_shared_rows else ""
    return f"EXISTS (SELECT FROM {_parent(wall.parent)} = {column}{further})"


def _shared(wall: Wall) -> str:
    column = f'"{wall.table}"."{wall.column}"'
    if wall.parent is None:
        return f"{column} IS NULL"
    return f"EXISTS (SELECT FROM {_parent(wall.parent)} = {column})"


def _parent(parent: Wall) -> str:
    return f'"{parent.table}" WHERE "{parent.table}"."id"'
