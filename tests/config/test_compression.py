"""Pages and styles go packed over the wire; what is packed already does not, and no two answers tell their length."""

import gzip
import io
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

pytestmark = pytest.mark.django_db
TAKES = {"accept-encoding": "gzip, br"}


def unpacked(answer):
    content = answer.getvalue() if answer.streaming else answer.content
    return gzip.GzipFile(fileobj=io.BytesIO(content)).read().decode()


def test_a_page_comes_packed_for_whoever_takes_that_and_as_it_is_for_others(client):
    packed, plain = client.get("/login/", headers=TAKES), client.get("/login/")

    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert "</html>" in unpacked(packed)
    assert not plain.has_header("Content-Encoding")
    assert len(packed.content) < len(plain.content) / 2


def test_the_length_of_an_answer_is_not_that_of_what_it_holds(client):
    assert len({len(client.get("/login/", headers=TAKES).content) for _ in range(8)}) > 1


def test_styles_come_packed(client):
    with closing(client.get("/static/css/base.css", headers=TAKES)) as answer:
        assert answer["Content-Encoding"] == "gzip"
        assert unpacked(answer) == Path(finders.find("css/base.css")).read_text()


def test_what_is_packed_already_is_left_alone(client):
    with closing(client.get("/static/img/icons/apple-touch-180.png", headers=TAKES)) as answer:
        assert not answer.has_header("Content-Encoding")


def test_collected_files_have_a_packed_one_beside_them(tmp_path):
    environment = {**os.environ, "STATIC_ROOT": str(tmp_path)}

    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"],
        cwd=settings.BASE_DIR, env=environment, check=True,
    )  # fmt: skip

    assert (tmp_path / "css" / "base.css.gz").exists()
    assert (tmp_path / "img" / "azotea.svg").exists()
