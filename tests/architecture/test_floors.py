"""No pinned package is older than the version that mended a published weakness. Table of 27 November 2026."""

import re
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PINNED = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))

FLOORS = {  # package: (first version without it, advisory)
    "django": ("5.2.8", "CVE-2025-64459"),
    "djangorestframework": ("3.15.2", "CVE-2024-21520"),
    "cryptography": ("44.0.1", "CVE-2024-12797"),
    "celery": ("5.2.2", "CVE-2021-23727"),
    "redis": ("4.5.4", "CVE-2023-28859"),
    "httpx": ("0.23.0", "CVE-2021-41945"),
    "h11": ("0.16.0", "CVE-2025-43859"),
    "gunicorn": ("23.0.0", "CVE-2024-6827"),
    "idna": ("3.7", "CVE-2024-3651"),
    "sqlparse": ("0.5.0", "CVE-2024-4340"),
}


@pytest.mark.parametrize("package", FLOORS)
def test_a_published_weakness_is_not_pinned(package):
    lowest, advisory = FLOORS[package]

    assert Version(PINNED[package]) >= Version(lowest), advisory
