"""The table of OWASP's ASVS 5.0, levels 1 and 2, is whole, and what it cites exists."""

import ast
import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ["id", "level", "status", "what", "proof"]
# How many requirements of levels 1 and 2 each chapter has.
CHAPTERS = {1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16, 17: 7}  # fmt: skip
LEVELS = {"1": 70, "2": 183}


def rows():
    with (ROOT / "docs/asvs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@cache
def named_in(path):
    tree = ast.parse((ROOT / path).read_text())
    return {
        one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
    }


@cache
def anchors_of(path):
    """Of a document's headings, as they are linked to."""
    titles = re.findall(r"^#+ (.*)$", (ROOT / path).read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def exists(proof):
    path, test, name = proof.partition("::")
    if test:
        return (ROOT / path).is_file() and name in named_in(path)
    path, _, anchor = proof.partition("#")
    return path.endswith(".md") and (ROOT / path).is_file() and (not anchor or anchor in anchors_of(path))


def shown(proof):
    """Whether one of what is cited is a test function that exists."""
    return any("::" in one and exists(one) for one in proof.split("; "))


def proofs():
    return [(row["id"], proof) for row in rows() for proof in row["proof"].split("; ")]


def test_each_requirement_of_both_levels_stands_there_once_and_no_cell_is_empty():
    found = rows()
    ids = [row["id"] for row in found]

    assert list(found[0]) == COLUMNS
    assert [row for row in found if None in row or not all((cell or "").strip() for cell in row.values())] == []
    assert [one for one in ids if not re.fullmatch(r"v5\.0\.0-\d+\.\d+\.\d+", one)] == []
    assert [one for one, number in Counter(ids).items() if number > 1] == []
    assert Counter(int(one.split("-")[1].split(".")[0]) for one in ids) == CHAPTERS
    assert Counter(row["level"] for row in found) == LEVELS
    assert {row["status"] for row in found} == {"yes", "no", "na"}


def test_whatever_is_cited_exists():
    assert [(row, proof) for row, proof in proofs() if not exists(proof)] == []


def test_whatever_is_met_is_shown_by_a_test():
    unshown = [row["id"] for row in rows() if row["status"] == "yes" and not shown(row["proof"])]

    assert unshown == []


def test_a_row_that_cites_a_document_alone_is_missed():
    assert shown("docs/api.md; tests/architecture/test_asvs.py::test_whatever_is_cited_exists")
    assert not shown("docs/threat-model.md#ways-in")
    assert not shown("tests/architecture/test_asvs.py::test_nothing; docs/api.md")


def test_what_is_not_met_is_told_among_what_remains_or_is_the_operators():
    places = ("docs/threat-model.md#what-remains", "docs/threat-model.md#what-is-left-to-the-operator")

    assert [row["id"] for row in rows() if row["status"] == "no" and not row["proof"].endswith(places)] == []


def test_whatever_the_threat_model_cites_exists():
    text = (ROOT / "docs/threat-model.md").read_text()

    cited = set(re.findall(r"`(tests/[\w/.]+)`", text))
    assert len(cited) > 15
    assert [path for path in cited if not (ROOT / path).exists()] == []


def test_a_test_that_is_not_there_is_missed():
    assert exists("tests/architecture/test_asvs.py::test_whatever_is_cited_exists")
    assert not exists("tests/architecture/test_asvs.py::test_nothing")
    assert not exists("tests/nowhere.py::test_nothing")
    assert not exists("docs/threat-model.md#nowhere")
