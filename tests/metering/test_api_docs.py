"""The examples of docs/api.md do what they say."""

import re
import shlex
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest

from metering.models import Reading
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


def test_the_examples_run_against_a_real_site(live_server):
    home = make.home(make.community(), "Ana", make.tariff())
    place = {"SITE": live_server.url, "METER": str(make.meter(home).public_id), "TOKEN": make.token(home)}

    with (
        patch("metering.api.views.now", lambda: make.NOON + make.QUARTER * 4),
        patch("metering.api.authentication.now", lambda: make.NOON),
    ):
        uploaded, read = (run_curl(block, place) for block in blocks("sh"))
        exec(blocks("python")[0], place)

    assert '"created":2' in uploaded
    assert '"energy_wh":1000' in read
    assert Reading.objects.count() == 3


def run_curl(block: str, place: dict[str, str]) -> str:
    """The block's one command, with the variables of a shell filled in."""
    text = re.sub(r"\$([A-Z]+)", lambda match: place[match[1]], block.replace("\\\n", " "))
    command = [*shlex.split(text), "--silent", "--fail-with-body"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
