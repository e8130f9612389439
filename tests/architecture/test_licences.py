"""What the site runs on may be passed on with it under the Apache licence."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STRONG = re.compile(r"\bA?GPL|Affero|(?<!Lesser )General Public", re.IGNORECASE)


def licence(package):
    """What the installed package says of itself: SPDX expression, short licence field and classifiers."""
    facts = metadata(package)
    short = (facts.get("License") or "").partition("\n")[0][:80]
    classifiers = [line for line in facts.get_all("Classifier") or [] if line.startswith("License ::")]
    return "; ".join(filter(None, [facts.get("License-Expression"), short, *classifiers]))


def test_no_package_at_run_time_is_under_a_strong_copyleft():
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    strong = {}
    for package in pinned:
        try:
            words = licence(package)
        except PackageNotFoundError:  # pinned for another platform
            continue
        if STRONG.search(words):
            strong[package] = words

    assert len(pinned) > 40
    assert strong == {}


def test_the_pattern_knows_strong_from_weak():
    assert all(map(STRONG.search, ["GPL-3.0-only", "AGPL-3.0", "GNU General Public License v3 (GPLv3)"]))
    assert not any(map(STRONG.search, ["LGPL-2.1", "GNU Lesser General Public License v3 (LGPLv3)", "MIT"]))
