"""Migrations that run while the site does: from now on none holds up the others, and each can be taken back."""

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

# The newest migrations of the time before this rule.
BEFORE = {"community": "0007", "metering": "0009", "market": "0025"}
# Tables that grow with every slot or reading: a lock that waits for all their rows to be read is felt by everybody.
BIG = {
    "order", "outcome", "trade", "setpoint", "planstep", "settlement", "settledhome", "entry", "posting", "logleaf",
    "logtile", "forecast", "slot", "reading", "registerreading", "upload", "devicestate",
}  # fmt: skip


def ours():
    """Every migration that the rule holds for."""
    for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if app in BEFORE and name[:4] > BEFORE[app]:
            yield f"{app}.{name}", migration


def faults(migration):
    """Why a migration may not run beside the site, a line each."""
    made = {one.name.lower() for one in migration.operations if isinstance(one, migrations.CreateModel)}
    for operation in _flat(migration.operations):
        table = str(getattr(operation, "model_name", getattr(operation, "name", ""))).lower()
        if table in made:
            continue
        reason = _fault(operation, big=table in BIG)
        if reason:
            yield f"{operation.describe()}: {reason}"


def _flat(operations):
    for operation in operations:
        yield operation
        yield from getattr(operation, "database_operations", ())


def _fault(operation, *, big):
    match operation:
        case migrations.AddField(field=field):
            stored = not (field.many_to_many or getattr(field, "generated", False))
            if stored and not (field.null or field.has_default() or field.has_db_default()):
                return "rows that are there have no value for it; give it a default or let it be null"
        case migrations.RunPython(reverse_code=None) | migrations.RunSQL(reverse_sql=None):
            return "it cannot be taken back; say how, or that nothing is to be done (noop)"
        case migrations.RenameField() | migrations.RenameModel():
            return "code that still runs asks for the old name; add, copy, and remove one release later"
        case AddIndexConcurrently() | AddConstraintNotValid():
            return None
        case migrations.AddIndex() if big:
            return "it locks a big table while it reads all of it; use AddIndexConcurrently"
        case migrations.AddConstraint() if big:
            return (
                "it locks a big table while it reads all of it; use AddConstraintNotValid, then ValidateConstraint"
            )
    return None


def test_no_migration_from_now_on_holds_up_the_site():
    assert [f"{name}: {fault}" for name, migration in ours() for fault in faults(migration)] == []


def test_the_rule_knows_migrations_of_its_time():
    assert any(name == "market.0026_jobs" for name, _migration in ours())


def nothing(_apps, _schema_editor):
    pass


NOT_NULL = models.IntegerField()
INDEX = models.Index(fields=["start"], name="an_index")
CHECK = models.CheckConstraint(condition=models.Q(start__gt=0), name="a_check")
SLOT = migrations.CreateModel("Slot", [("id", models.BigAutoField(primary_key=True))])


@pytest.mark.parametrize(
    ("word", "operations"),
    [
        ("default", [migrations.AddField("household", "rooms", NOT_NULL)]),
        ("taken back", [migrations.RunPython(nothing)]),
        ("taken back", [migrations.RunSQL("SELECT 1")]),
        ("old name", [migrations.RenameField("slot", "start", "begin")]),
        ("Concurrently", [migrations.AddIndex("slot", INDEX)]),
        ("NotValid", [migrations.AddConstraint("slot", CHECK)]),
        ("taken back", [migrations.SeparateDatabaseAndState([migrations.RunSQL("SELECT 1")])]),
    ],
)
def test_what_would_hold_it_up_is_found(word, operations):
    migration = migrations.Migration("x", "market")
    migration.operations = operations
    assert [word in fault for fault in faults(migration)] == [True]


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddField("slot", "rooms", models.IntegerField(null=True))],
        [migrations.AddField("slot", "rooms", models.IntegerField(default=0))],
        [migrations.AddField("slot", "rooms", models.IntegerField(db_default=0))],
        [migrations.AddField("slot", "homes", models.ManyToManyField("community.Household"))],
        [migrations.RunPython(nothing, migrations.RunPython.noop)],
        [migrations.RunSQL("SELECT 1", migrations.RunSQL.noop)],
        [AddIndexConcurrently("slot", INDEX)],
        [AddConstraintNotValid("slot", CHECK)],
        [migrations.AddIndex("pilot", INDEX)],
        [SLOT, migrations.AddIndex("slot", INDEX), migrations.AddField("slot", "rooms", NOT_NULL)],
    ],
)
def test_what_does_not_is_let_pass(operations):
    migration = migrations.Migration("x", "market")
    migration.operations = operations
    assert list(faults(migration)) == []
