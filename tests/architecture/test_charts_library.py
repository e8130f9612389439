"""The charts' library is pinned, checked and free to pass on; a site without it is installed all the same."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FREE = {"Apache-2.0", "BSD-3-Clause", "0BSD", "MIT"}
FETCHES = """mkdir -p node_modules/echarts/dist
echo drawn > node_modules/echarts/dist/echarts.min.js"""


def packages():
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return {name: facts for name, facts in lock.items() if name}


def test_every_package_is_pinned_to_its_content_and_names_no_place_to_fetch_it():
    found = packages()

    assert "node_modules/echarts" in found
    assert all(facts["integrity"].startswith("sha512-") for facts in found.values())
    assert [name for name, facts in found.items() if "resolved" in facts or "hasInstallScript" in facts] == []
    asked = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert {name: found[f"node_modules/{name}"]["version"] for name in asked} == asked


def test_every_package_may_be_passed_on():
    assert {facts["license"] for facts in packages().values()} <= FREE


@pytest.fixture
def checkout(tmp_path):
    """What `config/charts.sh` needs of a checkout, and an npm that does as told."""
    for name in ("package.json", "package-lock.json", ".npmrc", "requirements-node.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())

    def install(npm):
        (tmp_path / "bin").mkdir(exist_ok=True)
        program = tmp_path / "bin" / "npm"
        program.write_text(f"#!/bin/sh\n{npm}\n")
        program.chmod(0o755)
        path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
        return subprocess.run(
            ["sh", str(ROOT / "config/charts.sh"), ".venv/bin"],
            cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    return tmp_path, install


def test_without_a_network_the_installation_goes_on_and_says_so(checkout):
    folder, install = checkout

    answer = install("echo no network >&2; exit 1")

    assert answer.returncode == 0
    assert "no network" in answer.stderr
    assert "could not be fetched" in answer.stderr
    assert not (folder / "static").exists()


def test_the_library_is_fetched_once_and_an_older_one_goes(checkout):
    folder, install = checkout
    vendor = folder / "static" / "vendor"
    vendor.mkdir(parents=True)
    (vendor / "echarts-1.0.0.min.js").write_text("old")

    first, second = install(FETCHES), install("exit 1")

    version = packages()["node_modules/echarts"]["version"]
    names = {f"echarts-{version}.min.js", f"echarts-{version}.min.js.gz"}
    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")
    assert {path.name for path in vendor.iterdir()} == names
