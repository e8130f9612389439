"""What meters publish: each message is understood or answered, and no boundary's register is thrown away."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from metering.live.dials import Dials
from metering.live.hearing import Hearing
from metering.live.listener import Broker
from metering.live.messages import Unheard, said
from metering.models import ApiToken, Reading, RegisterReading, Upload
from metering.registers import Standing, differences
from metering.services.tokens import issue_token
from tests import factories
from tests.factories import NOON, QUARTER
from tests.metering.test_telegrams import telegram

MADRID = ZoneInfo("Europe/Madrid")
SECOND = timedelta(seconds=1)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 30)), min_size=1, max_size=60))
def test_what_is_kept_tells_the_same_energy_as_all_that_was_heard(steps):
    dials, heard, kept, at, total = Dials(), [], [], NOON, 0
    for seconds, rise_wh in steps:
        at, total = at + seconds * SECOND, total + rise_wh
        heard.append(Standing(at, total))
        kept += dials.news((1, "import"), at, total, 15)
    kept += [register for _dial, register in dials.rest()]

    def told(standings):
        return [(d.start, d.end, d.energy_wh, d.measured) for d in differences(standings, 15)]

    assert told([Standing(*one) for one in sorted(kept)]) == told(heard)
    assert len(kept) <= 2 + 2 * sum(1 for _ in told(heard)) + len(steps) // 4 + 4


@pytest.mark.parametrize(
    ("topic", "payload", "dials"),
    [
        ("import/register_kwh", b"1234.567", [("import", 1_234_567)]),
        ("export/register_wh", b" 42.9 ", [("export", 42)]),
        ("generation/register_kwh", b"unavailable", []),
        (
            "shelly/status/em1data:0",
            b'{"id":0,"total_act_energy":42.3,"total_act_ret_energy":7}',
            [("import", 42), ("export", 7)],
        ),
        ("shelly/status/emdata:0", b'{"total_act":42.3,"total_act_ret":7.0}', [("import", 42), ("export", 7)]),
    ],
)
def test_dials_of_every_kind(topic, payload, dials):
    found = said(topic.split("/"), payload, NOON, MADRID).dials

    assert [(channel, register_wh) for channel, _at, register_wh in found] == dials
    assert {at for _channel, at, _wh in found} <= {NOON}


def test_a_retained_dial_may_be_of_any_age_and_does_not_count():
    assert said(["import", "register_kwh"], b"5", NOON, MADRID, retained=True).dials == []
    assert len(said(["p1"], telegram("261123120000W").encode(), NOON, MADRID, retained=True).dials) == 2


def test_a_telegram_brings_its_own_instant():
    found = said(["p1"], telegram("261123120000W").encode(), NOON + timedelta(seconds=3), MADRID).dials

    assert [at.astimezone(UTC) for _channel, at, _wh in found] == [NOON, NOON]


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("import/register_kwh", b"12,5", "not-a-number"),
        ("import/register_kwh", b"-3", "not-a-number"),
        ("import/register_kwh", b"nan", "not-a-number"),
        ("import/power_w", b"3", "unknown-topic"),
        ("", b"3", "unknown-topic"),
        ("readings", b"{", "not-json"),
        ("readings", b'{"a":1,"a":2}', "not-json"),
        ("shelly/status/em1data:0", b"[]", "not-shelly"),
        ("shelly/status/em1data:0", b'{"total_act_energy":"x"}', "not-a-number"),
        ("shelly/status/em1data:0", b'{"total_act_energy":1e999999}', "not-a-number"),
        ("p1", b"hello", "no-instant"),
        ("p1", telegram("261123120000W", crc=1).encode(), "bad-checksum"),
        ("readings", b" " * 2_000_000, "too-large"),
    ],
)
def test_what_cannot_be_meant_has_a_code(topic, payload, code):
    with pytest.raises(Unheard) as refused:
        said(topic.split("/"), payload, NOON, MADRID)

    assert refused.value.code == code


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "broker:1883", ""])
def test_a_brokers_address_is_checked(url):
    with pytest.raises(ValueError, match="MQTT_URL looks like"):
        Broker.of(url)


def test_a_brokers_address_may_say_everything():
    broker = Broker.of("mqtts://us%40er:p%3Ass@broker.example?client_id=uno")

    assert broker == Broker("broker.example", 8883, "us@er", "p:ss", True, "uno")
    assert Broker.of("mqtt://localhost").port == 1883


@pytest.fixture
def home(db):
    return factories.home(factories.community(), "Ana", factories.tariff())


@pytest.fixture
def key(home):
    return issue(home)


def issue(*homes, scopes=("readings:write",)):
    token, _text = issue_token(
        community=homes[0].community,
        name="Contador",
        scopes=scopes,
        metering_points=[factories.meter(home) for home in homes],
        at=NOON - timedelta(days=1),
    )
    return token.key_id


def test_a_dials_quarters_become_readings_that_name_the_token(home, key):
    hearing = Hearing()
    for second in range(0, 1_900, 30):
        hearing.hear(f"azotea/{key}/import/register_wh", str(1_000 + second).encode(), NOON + second * SECOND)

    assert list(Reading.objects.order_by("start").values_list("energy_wh", flat=True)) == [900, 900]
    assert RegisterReading.objects.count() == 5  # the first one and two around each of two boundaries
    upload = Upload.objects.latest("pk")
    assert (upload.source, upload.token.key_id) == ("live", key)
    assert ApiToken.objects.get().last_used_at is not None


def test_rows_are_taken_as_by_the_api_and_bad_ones_answered(home, key):
    good = {"channel": "export", "start": "2026-11-23T11:00:00Z", "energy_wh": 5}
    body = json.dumps({"readings": [good, {**good, "energy_wh": -5, "start": "2026-11-23T11:15:00Z"}]})

    answer = Hearing().hear(f"azotea/{key}/readings", body.encode(), NOON + QUARTER)

    assert Reading.objects.get().energy_wh == 5
    assert answer.topic == f"azotea/{key}/answers"
    assert [(error["row"], error["code"]) for error in answer.body["errors"]] == [(1, "negative")]


def test_a_token_of_several_meters_names_the_point(home):
    other = factories.home(home.community, "Bea", factories.tariff("Otra"))
    key = issue(home, other)
    point = factories.meter(other)

    lost = Hearing().hear(f"azotea/{key}/import/register_kwh", b"1", NOON)
    Hearing().hear(f"azotea/{key}/{point.public_id}/import/register_kwh", b"1", NOON)

    assert lost.body["code"] == "name-the-metering-point"
    assert RegisterReading.objects.get().metering_point == point


@pytest.mark.parametrize("change", [{"revoked_at": NOON}, {"expires_at": NOON}, {"scopes": ["readings:read"]}])
def test_a_token_that_does_not_hold_is_not_heard(home, key, change):
    ApiToken.objects.update(**change)

    assert Hearing().hear(f"azotea/{key}/import/register_kwh", b"1", NOON).body["code"] == "unknown-key"
    assert not RegisterReading.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key_id", ["\0", "", "a\0b"], ids=["nothing", "empty", "cut"])
def test_what_no_key_is_called_is_answered_and_holds_up_nobody(key_id):
    answer = Hearing().hear(f"azotea/{key_id}/readings", b"{}", NOON)

    assert answer.body["code"] == "unknown-key"


def test_our_own_answers_and_others_topics_are_left_alone(home, key):
    assert Hearing().hear(f"azotea/{key}/answers", b"{}", NOON) is None
    assert Hearing().hear("homeassistant/status", b"online", NOON) is None


def test_a_meters_clock_far_ahead_is_answered(home, key):
    text = telegram("261123130000W")

    assert Hearing().hear(f"azotea/{key}/p1", text.encode(), NOON).body["code"] == "future"


def test_what_was_heard_last_is_kept_when_the_listener_ends(home, key):
    hearing = Hearing()
    hearing.hear(f"azotea/{key}/import/register_wh", b"5", NOON)
    hearing.hear(f"azotea/{key}/import/register_wh", b"9", NOON + 60 * SECOND)

    hearing.end(NOON + 61 * SECOND)

    assert set(RegisterReading.objects.values_list("register_wh", flat=True)) == {5, 9}


def test_brokers_get_a_line_for_each_live_token_and_its_hash_is_mosquittos(home, key, capsys):
    issue(home, scopes=("readings:read",))

    call_command("broker_accounts")

    (line,) = capsys.readouterr().out.splitlines()
    user, _, rest = line.partition(":")
    kind, rounds, salt, digest = rest.lstrip("$").split("$")
    assert (user, kind, rounds) == (key, "7", "101")
    assert (len(salt), len(digest)) == (16, 88)


def test_a_day_of_a_quarter_hour_dial_over_octobers_change_has_a_hundred_quarters(home, key):
    hearing = Hearing()
    midnight = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    for i in range(101):
        hearing.hear(f"azotea/{key}/export/register_wh", str(7 * i).encode(), midnight + i * QUARTER)

    assert set(Reading.objects.values_list("energy_wh", flat=True)) == {7}
    assert Reading.objects.count() == 100
