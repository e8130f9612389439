"""Rules of STYLE.md that a machine can watch."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
TRACKED = [ROOT / name for name in subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.splitlines()]  # fmt: skip
SOURCES = [
    path for path in TRACKED
    if path.suffix == ".py" and "migrations" not in path.parts and "tests" not in path.parts and path.exists()
]  # fmt: skip
PAGES = [path for path in TRACKED if path.suffix == ".html" and path.exists()]
# What is saved to a disk and opened there brings its script along; no page of the site does.
TEMPLATES = [path for path in PAGES if "standalone" not in path.parts]


def test_modules_stay_under_three_hundred_lines():
    assert [p.name for p in SOURCES if len(p.read_text().splitlines()) > 300] == []


def test_functions_stay_under_forty_lines():
    long = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 40:
                long.append(f"{path.name}:{node.name} ({node.end_lineno - node.lineno + 1})")
    assert long == []


def test_pages_ask_for_a_power_together_with_its_second_factor():
    """`may` knows the role alone; what shows others' data asks `allowed` or `empowered`."""
    doors = [
        path for path in SOURCES if {"views", "wording", "api"} & set(path.parts) or path.name == "anonymity.py"
    ]
    alone = [
        path.name
        for path in doors
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and node.module == "community.roles"
        and any(name.name in {"may", "MAY"} for name in node.names)
    ]
    assert len(doors) > 100
    assert alone == ["roles.py"]  # the page that explains the table


@pytest.mark.parametrize(
    "forbidden", [r"\sstyle=", r"\son[a-z]+=", r"<style", r"<script(?![^>]*src=)", r"javascript:", r"https?://"]
)
def test_templates_hold_no_inline_script_or_style_and_name_no_other_site(forbidden):
    assert [path.name for path in TEMPLATES if re.search(forbidden, path.read_text())] == []


def test_pages_that_are_saved_to_a_disk_name_no_site_and_handle_nothing_inline():
    saved = [path for path in PAGES if path not in TEMPLATES]
    assert [path.name for path in saved] == ["verify_receipt.html"]
    assert not any(
        re.search(r"https?://|javascript:|\son[a-z]+=|fetch\(|XMLHttp", path.read_text()) for path in saved
    )


# Django's own ways to write a day or a time: each follows another format than the pages' figures do.
DJANGOS_DATES = re.compile(r"\|\s*(?:date|time|timesince|timeuntil|naturaltime|naturalday|localize)\b|\{%\s*now\b")
BARE_INSTANT = re.compile(
    r"(?:\{\{\s*|\bwith\s[^%]*=)[\w.]*(?:_at|_on|valid_from|valid_until|\.month|\.day)\s*(?:\}\}|%\})"
)
# Places in a drawing, fields of a form and ready words, not instants.
WORDS = {"text_at", "label_at", "hours_at", "days_at", "weeks_at", "=form.", "step.day"}


def test_no_template_writes_a_day_or_a_time_in_djangos_own_way():
    texts = [p for p in TRACKED if "templates" in p.parts and p.suffix in {".html", ".txt"} and p.exists()]

    found = [(path.name, hit.group()) for path in texts for hit in DJANGOS_DATES.finditer(path.read_text())]
    bare = [(path.name, hit.group()) for path in texts for hit in BARE_INSTANT.finditer(path.read_text())]

    assert len(texts) > 100
    assert found == []
    assert [(name, hit) for name, hit in bare if not any(word in hit for word in WORDS)] == []


def test_no_code_writes_a_day_or_a_time_in_djangos_own_way():
    forbidden = re.compile(r"\b(?:date_format|time_format|naturaltime|timesince)\b")

    assert [path.name for path in SOURCES if forbidden.search(path.read_text())] == []


def test_nothing_names_a_machine_or_a_package_registry():
    # The words are put together here, so that this file does not name them itself.
    machine = "|".join(["/wor" + "k/", "/roo" + "t/", "/hom" + "e/[a-z]"])
    registry = "|".join(["py" + "pi\\.org", "files\\.python" + "hosted", "registry\\.npm" + "js"])
    found = []
    for path in TRACKED:
        if not path.exists() or path.suffix in {".png", ".csv", ".po"}:
            continue
        for match in re.finditer(f"(?<![A-Za-z0-9_.])({machine})|{registry}", path.read_text(errors="ignore")):
            found.append(f"{path.name}: {match[0]}")
    assert found == []


def test_no_signals_no_default_ordering_no_utils():
    text = {path: path.read_text() for path in SOURCES}
    assert [p.name for p, t in text.items() if "django.db.models.signals" in t or "django.dispatch" in t] == []
    assert [p.name for p, t in text.items() if re.search(r"class Meta:(\n {8}.*)*\n {8}ordering", t)] == []
    assert [p.name for p in text if p.name in {"utils.py", "helpers.py"}] == []


def test_every_string_has_its_spanish():
    with (ROOT / "locale/es/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file)
    texts = {m.id: m.string if isinstance(m.string, str) else "".join(m.string) for m in catalogue if m.id}
    assert [text for text, spanish in texts.items() if not spanish] == []
    assert [message.id for message in catalogue if message.fuzzy and message.id] == []


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_no_dependency_has_a_licence_that_binds_the_site():
    bound = []
    for package in importlib.metadata.distributions():
        said = package.metadata
        licence = f"{said.get('License-Expression') or said.get('License') or ''}"[:200]
        kinds = " ".join(value for key, value in said.items() if key == "Classifier" and "License" in value)
        words = re.sub(r"LGPL|Lesser General Public", "", f"{licence} {kinds}")
        if re.search(r"\bA?GPL|General Public License", words):
            bound.append(said["Name"])
    assert bound == []


def test_the_pages_never_load_the_solver():
    program = (
        "import django; django.setup(); import config.urls, sys;"
        "print([m for m in ('cvxpy', 'highspy', 'scipy.optimize') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**__import__("os").environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
    )  # fmt: skip
    assert answer.stdout.strip() == "[]"
