"""Data come in, prices and suggestions are fetched: nothing here can reach into a home, steer or update a device."""

import ast
import re
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from metering.live.hearing import Hearing
from tests.architecture.test_house_rules import ROOT, SOURCES

# What a device would have to be told to be steered or updated.
COMMANDS = re.compile(
    r"firmware|ota\b|flash|upgrade|reboot|restart|command|control|switch|set-?point|actuat|dispatch|rpc|shell|webhook",
    re.IGNORECASE,
)
# Modules that open connections, and to whom; a home is not among them.
CALLS_OUT = {
    "config/outbound.py": "Datadis, ESIOS, witnesses, anchors and push services, as the operator names them",
    "metering/live/listener.py": "the operator's broker",
    "market/demo/gateway.py": "the demo's own gateway, which plays a home and calls the site",
}
# Modules that listen: none for the site itself, whose web server is gunicorn behind a proxy.
LISTENS = {
    "config/outbound.py": "looks up addresses",
    "market/management/commands/witness.py": "a witness that somebody else runs",
    "config/supervisor/__main__.py": "asks whether the demo's port is free",
    "config/programs/valkey.py": "asks whether the demo's port is free",
}
CLIENTS = {
    "httpx",
    "httpcore",
    "requests",
    "urllib.request",
    "aiohttp",
    "aiomqtt",
    "paho",
    "http.client",
    "telnetlib",
    "ftplib",
}
SERVERS = {"http.server", "socketserver", "socket", "xmlrpc", "asyncssh", "paramiko"}
DEVICE_PROTOCOLS = {"pymodbus", "modbus", "sunspec2", "ocpp", "pyserial", "serial", "zigpy", "openadr"}
# Every address of the API that takes something, and what it takes.
TAKES = {
    "api/v1/metering-points/<uuid:public_id>/readings": "readings",
    "api/v1/metering-points/<uuid:public_id>/keys": "the key that a meter signs with",
    "api/v1/metering-points/<uuid:public_id>/device-states": "what devices report",
    "api/v1/metering-points/<uuid:public_id>/acknowledgements": "what homes answer",
    "api/v1/hand-over": "a code for a token",
    "api/v1/meter-files": "meter files",
}


def routes(resolver=None, before=""):
    for one in (resolver or get_resolver()).url_patterns:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one, path)
        elif isinstance(one, URLPattern):
            yield path, one.callback


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {".".join(name.split(".")[:depth]) for name in names for depth in (1, 2)}


def modules_with(names: set[str]) -> set[str]:
    site = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "benchmarks"]
    return {str(path.relative_to(ROOT)) for path in site if imported(path) & names}


def test_no_address_steers_or_updates_a_device():
    # The operator's pages list records by their model's name, set-points among them, and change none of them.
    paths = [path for path, _view in routes() if not path.startswith("operator/")]

    assert len(paths) > 60
    assert [path for path in paths if COMMANDS.search(path)] == []


def test_the_api_takes_nothing_but_what_homes_say():
    found = set()
    for path, view in routes():
        kind = getattr(view, "view_class", None) or getattr(view, "cls", None)
        if isinstance(kind, type) and issubclass(kind, APIView):
            assert not {"put", "patch", "delete"} & set(dir(kind)), path
            if hasattr(kind, "post"):
                found.add(path)

    assert found == set(TAKES)


def test_only_known_modules_call_out_and_none_calls_a_home():
    assert modules_with(CLIENTS) == set(CALLS_OUT)
    assert modules_with(DEVICE_PROTOCOLS) == set()


def test_no_part_of_the_site_listens_by_itself():
    assert modules_with(SERVERS) == set(LISTENS)
    for name in ("config/supervisor/__main__.py", "config/programs/valkey.py", "config/outbound.py"):
        assert ".listen(" not in (ROOT / name).read_text()


def calls(name: str) -> list[tuple[str, ast.Call]]:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
                found.append((str(path.relative_to(ROOT)), node))
    return found


def test_the_mqtt_client_subscribes_and_publishes_only_answers_that_nobody_keeps():
    ((place, call),) = calls("publish")

    assert place == "metering/live/listener.py"
    assert ast.unparse(call.args[0]) == "answer.topic"
    assert {one.arg: ast.unparse(one.value) for one in call.keywords} == {"qos": "0"}
    answers = [ast.unparse(made.args[0]) for file, made in calls("Answer") if file == "metering/live/hearing.py"]
    assert set(answers) == {"f'{ROOT}/{key_id}/{ANSWERS}'"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "topic",
    [
        "azotea/k/readings",
        "azotea/k/shelly/rpc",
        "azotea/k/ota",
        "azotea/k/firmware/set",
        "azotea/../k/x",
        "azotea//x",
    ],
)
def test_whatever_is_said_to_it_the_answer_goes_to_the_senders_answers(topic):
    from tests.factories import NOON

    answer = Hearing().hear(topic, b'{"method": "Sys.Reboot"}', NOON, retained=True)

    assert answer is not None
    assert answer.topic == f"azotea/{topic.split('/')[1]}/answers"
    assert set(answer.body) == {"topic", "code"}


def test_other_roots_and_its_own_answers_are_not_answered():
    from tests.factories import NOON

    assert Hearing().hear("shellies/x/command", b"on", NOON) is None
    assert Hearing().hear("azotea/k/answers", b"{}", NOON) is None


def test_the_guide_says_what_this_holds_the_site_to():
    guide = (ROOT / "docs/devices.md").read_text()

    for promise in ("No firmware.", "No control.", "No way in.", "no port forwarding", "VLAN", "maker's own app"):
        assert promise in guide
    assert "tests/architecture/test_hands_off.py" in guide
    assert "topic write azotea/+/answers" in (ROOT / "docs/live.md").read_text()
