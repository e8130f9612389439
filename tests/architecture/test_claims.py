"""What the documents claim of code, fields, keys and classes is so: each claim is read from where it is written."""

import ast
import re
from pathlib import Path

import pytest
from allauth.mfa.recovery_codes.internal import auth
from django import forms
from django.apps import apps
from django.conf import settings
from django.core.management.utils import get_random_secret_key
from django.db.models import Field
from rest_framework import serializers

from config import sealing, urls
from market.queries.retention import RAW_MONTHS
from market.services.retention import ACCOUNTS_KEPT
from metering.api import bodies, rows
from metering.api.serializers import ReadingRowSerializer, ReadingsSerializer

ROOT = Path(__file__).resolve().parents[2]
OURS = ("community", "config", "market", "metering")
# What takes a pattern as its first argument.
PATTERN_CALLS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
# Where chance is seeded and simulates: nothing secret is made there.
SIMULATES = ("market/agents/", "market/demo/", "community/demo/")
# What computes with keys, and the words by which the table of keys names it.
KEY_WORK = {
    "community/door_log.py": "HMAC-SHA256",
    "config/sealing.py": "Fernet",
    "config/web_push.py": "P-256",
    "market/ledger/notes.py": "Ed25519",
    "market/ledger/assertions.py": "SHA-256",
    "market/ledger/leaves.py": "SHA-256",
    "market/ledger/anchors/iota.py": "Ed25519",
    "market/ledger/anchors/rfc3161.py": "X.509",
    "market/ledger/standalone/verify_receipt.py": "SHA-256",
    "metering/did_key.py": "Ed25519",
    "metering/services/tokens.py": "HMAC-SHA256",
    "metering/models/sealed.py": "HMAC-SHA256",
}
# Words of the table of classes for what models seal or keep as a hash, by the field's name.
CLASSED = {
    ("JoinRequest", "sealed_cups"): "CUPS",
    ("Invitation", "secret_hash"): "tokens",
    ("ApiToken", "secret_hash"): "tokens",
    ("ApiToken", "broker_hash"): "tokens",
    ("HandOver", "code_hash"): "tokens",
    ("User", "password"): "passwords",
    ("Authenticator", "data"): "seeds of code apps",
    ("HomeKey", "sealed_key"): "keys of the log's entries",
    ("BankAccount", "sealed_iban"): "bank account",
    ("CreditorAccount", "sealed_iban"): "bank account",
    ("DatadisAccount", "sealed_password"): "logins of portals",
    ("Consent", "sealed_nif"): "logins of portals",
    ("PushDevice", "sealed"): "addresses of browsers",
}
HASHES_OF_WHAT_IS_NO_SECRET = {("TrainingRun", "plant_hash"), ("MandateConfirmation", "mandate_hash")}


def trees():
    for name in OURS:
        for file in (ROOT / name).rglob("*.py"):
            if "migrations" not in file.parts:
                yield str(file.relative_to(ROOT)), ast.parse(file.read_text())


def section(path, title):
    """A document's part under a heading."""
    text = (ROOT / path).read_text()
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{path} has no part {title}"
    return found[1]


def table(path, title):
    """The rows of the first table under a heading, without its head."""
    lines = [line for line in section(path, title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def is_written_out(node, constants):
    """Whether an expression is a text of the source, or made of such alone."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id in constants
    if isinstance(node, ast.JoinedStr):
        return all(is_written_out(part, constants) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return is_written_out(node.value, constants)
    if isinstance(node, ast.BinOp):
        return is_written_out(node.left, constants) and is_written_out(node.right, constants)
    return False


def patterns_from_elsewhere(tree):
    """Calls of `re` whose pattern is not written out in the module, and lookups by a pattern in the database."""
    constants: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and is_written_out(node.value, constants):
            constants |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and (node.arg or "").endswith("regex"):
            yield ast.unparse(node.value)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
        if of_re and node.func.attr in PATTERN_CALLS and not is_written_out(node.args[0], constants):
            yield ast.unparse(node)


def test_no_pattern_is_built_from_input():
    assert [(name, call) for name, tree in trees() for call in patterns_from_elsewhere(tree)] == []


@pytest.mark.parametrize(
    "source", ["re.search(typed, text)", "re.compile(f'{typed}x')", "Member.objects.filter(name__regex=typed)"]
)
def test_a_pattern_from_input_would_be_seen(source):
    assert list(patterns_from_elsewhere(ast.parse(source)))
    assert not list(patterns_from_elsewhere(ast.parse("PART = 'a'\nre.search(PART + f'{PART}b', text)")))


def test_each_field_of_an_upload_is_written_with_its_values_and_bounds():
    told = section("docs/api.md", "Upload readings")
    fields = {**ReadingRowSerializer().fields, **ReadingsSerializer().fields}
    choices = {
        name: set(field.choices) for name, field in fields.items() if isinstance(field, serializers.ChoiceField)
    }
    numbers = {name: f for name, f in fields.items() if isinstance(f, serializers.IntegerField)}

    assert [name for name in fields if f"`{name}`" not in told and f'"{name}"' not in told] == []
    assert [
        (name, value) for name, values in choices.items() for value in values
        if not re.search(rf"[`\"]{value}[`\"]", told)
    ] == []  # fmt: skip
    assert {name: field.min_value for name, field in numbers.items()} == dict.fromkeys(numbers, 0)
    assert told.count("never negative") == 2
    assert told.count(f"at most {rows.MOST_WHOLE:,}") == 2
    assert f"`register_wh` (0 to {rows.MOST_REGISTER_WH:,})" in told
    assert (
        f"At most {rows.MOST_ROWS:,} rows or {bodies.MOST_BYTES >> 20} MiB a call, {bodies.MOST_UNPACKED >> 20} MiB"
        in told
    )


def test_nothing_secret_comes_from_seeded_chance():
    wrong = []
    for name, tree in trees():
        named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names} | {
            node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
        }
        attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        guessed = "random" in named or any(one.endswith("np.random") for one in attributes)
        wrong += [name] if guessed and not name.startswith(SIMULATES) else []

    assert wrong == []
    assert (
        "secrets" in Path(get_random_secret_key.__globals__["get_random_string"].__code__.co_filename).read_text()
    )


def test_recovery_codes_come_from_the_systems_own_chance():
    tree = ast.parse(Path(auth.__file__).read_text())
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert "random" not in named
    assert {"secrets", "os"} & named


def test_whatever_computes_with_keys_is_in_the_table_of_keys():
    keys = section("docs/threat-model.md", "Keys and algorithms")
    found = set()
    for name, tree in trees():
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        found |= {name} if any(one == "hmac" or one.startswith("cryptography") for one in modules) else set()

    assert found == set(KEY_WORK)
    assert [(name, word) for name, word in KEY_WORK.items() if word not in keys] == []


def test_every_key_of_the_environment_is_in_the_table_of_keys():
    keys = " ".join(row[0] for row in table("docs/threat-model.md", "Keys and algorithms"))
    ours = "".join(file.read_text() for file in (ROOT / "config" / "settings").glob("*.py"))
    named = {one for one in dir(settings) if re.search(r"(^|_)(KEYS?|PEPPER|SEED)$", one) and one in ours}
    others = {"ESIOS_KEY"}  # shown to Red Eléctrica, who gave it; it protects nothing of ours

    assert {"SECRET_KEY", "TOKEN_PEPPER", "SEALING_KEYS", "PUSH_KEY"} <= named
    assert [one for one in named - others if f"`{one}`" not in keys] == []
    assert all(all(row[:1] + row[2:]) for row in table("docs/threat-model.md", "Keys and algorithms"))


def test_no_ecb_and_no_rsa_padding_and_what_is_sealed_is_checked_before_it_is_opened():
    text = {name: (ROOT / name).read_text() for name, _tree in trees()}
    weak = re.compile(
        r"modes\.(ECB|CBC|CTR)|PKCS1v15|asymmetric\.rsa|asymmetric import .*\brsa\b|\b(DES|ARC4|MD5)\("
    )

    assert [name for name, source in text.items() if weak.search(source)] == []
    sealed = sealing.seal("ES9999000000000001DS0F")
    for place in (12, len(sealed) // 2, len(sealed) - 6):
        broken = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(sealing.CannotUnseal):
            sealing.unseal(broken)
    assert sealing.seal("x") != sealing.seal("x"), "the same twice looks the same to nobody"


def test_whatever_a_model_seals_or_hashes_has_a_class():
    classes = " ".join(" ".join(row) for row in table("docs/threat-model.md", "What is protected")[:2])
    found = set()
    for model in apps.get_models():
        for field in model._meta.get_fields():
            name = getattr(field, "name", "")
            if isinstance(field, Field) and re.search(r"^sealed|^password$|secret|_hash$", name):
                found.add((model.__name__, name))
    found |= {("Authenticator", "data")}

    assert found - HASHES_OF_WHAT_IS_NO_SECRET == set(CLASSED)
    assert [word for word in CLASSED.values() if word not in classes] == []


def test_each_class_says_where_it_lies_who_sees_it_and_for_how_long_and_the_code_keeps_to_it():
    classes = table("docs/threat-model.md", "What is protected")

    assert [row[0].split()[0] for row in classes] == ["P4", "P3", "P2", "P1"]
    assert all(len(row) == 5 and all(row) for row in classes)
    months = dict(re.findall(r"(readings|accounts) (\d+) months", classes[1][4]))
    assert months == {"readings": str(RAW_MONTHS), "accounts": str(ACCOUNTS_KEPT.days // 31)}


def test_times_to_mend_are_written_from_the_gravest_on_and_nobody_waits_longer_than_disclosure():
    told = section("SECURITY.md", "Times")
    days = [int(one) for one in re.findall(r"(\d+) days", told)]

    assert days == sorted(days)
    assert days == [7, 30, 90]
    assert "ninety days after your report at the latest" in section("SECURITY.md", "Report a weakness")
    assert (ROOT / "tests/architecture/test_floors.py").exists()


def every_form():
    """Every form of the site and of allauth that its addresses load."""
    assert urls.urlpatterns
    open_ = [forms.BaseForm]
    while open_:
        form = open_.pop()
        open_ += form.__subclasses__()
        if form.__module__.split(".")[0] in {*OURS, "allauth"}:
            yield form


def test_nothing_asks_for_a_hint_or_a_secret_question():
    asks = re.compile(r"hint|question|mother|maiden|pregunta|pista", re.IGNORECASE)
    asked = {(form.__name__, name) for form in every_form() for name in getattr(form, "base_fields", {})}
    kept = {(model.__name__, field.name) for model in apps.get_models() for field in model._meta.get_fields()}

    assert len(asked) > 40
    assert [one for one in asked | kept if asks.search(one[1])] == []
