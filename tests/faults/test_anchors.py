"""Anchors outside that are away, answer 500, nonsense or lies: settlement and the others go on, nothing is lost."""

import hashlib
import logging
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

import pytest
from django.db import IntegrityError, connection, transaction

from config.outbound import Outbound
from config.settings import PATIENCE
from config.settings.anchors import AnchorSettings
from market import tasks
from market.ledger.anchors.anchor import uleb
from market.ledger.anchors.ots_file import PENDING, read_file
from market.models import LogAnchor, OutboxMessage, Settlement
from market.queries.log import latest_head
from market.services import anchors, outbox
from market.services.log import sign_head
from tests import factories as make
from tests.faults.slots import cleared
from tests.faults.test_races import at_once
from tests.market.ledger.conftest import NOW, guard
from tests.market.ledger.test_anchors import (
    SEED,
    Calendars,
    Network,
    made_authority,
    openssl,
)
from tests.market.test_rent_and_pool import metered

__all__ = ["guard"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


class Outside(BaseHTTPRequestHandler):
    """Everybody outside at once: an authority, a calendar, IOTA; each may be told to misbehave."""

    def _answer(self, content):
        way, own = self.server.way, self.path.split("/")[1]
        self.server.asked.append((own, content))
        status, body = self._of(own, content) if way == "good" else self._bad(way, own, content)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def _of(self, own, content):
        if own == "tsa":
            folder = self.server.tsa
            (folder / "query").write_bytes(content)
            openssl(folder, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "answer")
            return 200, (folder / "answer").read_bytes()
        if own == "iota":
            return 200, self.server.network("", content).content
        found = self.server.calendars("https://" + self.path.lstrip("/").replace("ots", "ots.example", 1), content)
        return found.status, found.content

    def _bad(self, way, own, content):
        if way == "slow":
            time.sleep(0.6)
            return 200, b""
        if way == "500":
            return 500, b"oops"
        if way == "garbage":
            return 200, b"<html>maintenance</html>"
        # Right in form, but signed by somebody else, or about something else.
        if own == "tsa":
            self.server.tsa, real = self.server.stranger, self.server.tsa
            try:
                return self._of(own, content)
            finally:
                self.server.tsa = real
        return (200, b'{"data": {}}') if own == "iota" else (200, b"\x08" * 40)

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self):
        self._answer(None)

    def log_message(self, *_args):
        pass


@pytest.fixture
def logged(street, homes, guard, settings):
    """Three slots, settled and signed one after the other."""
    settings.OUTBOUND_LOCAL = "127.0.0.1"
    for number in range(3):
        start = make.NOON + number * make.QUARTER
        cleared(street, homes, start)
        metered(homes, start)
        sign_head(community=street, keeper=guard, at=NOW)
    return homes


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tsa")
    return made_authority(folder / "one"), made_authority(folder / "stranger")


@contextmanager
def serving(authorities):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    server.daemon_threads, server.way, server.asked = True, "good", []
    server.tsa, server.stranger = authorities
    server.calendars, server.network = Calendars(), Network()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def outside(authorities, settings):
    with serving(authorities) as server:
        settings.OUTBOUND_LOCAL = "127.0.0.1"
        url = f"http://127.0.0.1:{server.server_port}"
        roots = str(authorities[0] / "ca.pem")
        settings.ANCHORS = AnchorSettings(f"{url}/tsa", roots, f"{url}/ots", f"{url}/iota", SEED)
        yield server


def look(at):
    with patch("market.tasks.now", lambda: at):
        tasks.anchor_heads()


def states():
    return dict(OutboxMessage.objects.values_list("topic", "state"))


def test_a_head_is_anchored_everywhere_and_only_32_bytes_of_it_leave(street, logged, outside):
    head = latest_head(street.pk)
    look(NOW)

    kept = {one.kind: one for one in LogAnchor.objects.all()}
    assert set(kept) == {"rfc3161", "opentimestamps", "iota"}
    assert [kept[kind].complete_at for kind in ("rfc3161", "opentimestamps", "iota")] == [NOW, None, None]
    digest = hashlib.sha256(head.note.encode()).digest()
    assert read_file(bytes(kept["opentimestamps"].content)).message == digest
    assert [content for own, content in outside.asked if own == "ots"] == [digest]
    sent = b"".join(content for _own, content in outside.asked)
    assert street.slug.encode() not in sent
    assert head.note.encode() not in sent

    outside.network.checkpoint = {"sequenceNumber": 42}
    look(NOW + anchors.ASK_AGAIN)
    assert states() == {"rfc3161": "done", "opentimestamps": "waiting", "iota": "done"}
    assert LogAnchor.objects.get(kind="iota").place.endswith("checkpoint 42")


def test_a_head_is_handed_in_once_and_the_next_one_an_hour_later(street, logged, guard, outside):
    look(NOW)
    look(NOW + timedelta(minutes=10))
    metered(logged, make.NOON, at=NOW, taken=(300, 300))
    sign_head(community=street, keeper=guard, at=NOW)
    look(NOW + timedelta(minutes=20))
    assert OutboxMessage.objects.count() == 3

    look(NOW + HOUR)
    look(NOW + 3 * HOUR)
    assert OutboxMessage.objects.count() == 6, "and none for a head that has its anchors"
    assert LogAnchor.objects.filter(kind="rfc3161").count() == 2


@pytest.mark.parametrize("way", ["500", "garbage", "lies"])
def test_what_comes_back_wrong_is_not_kept_and_asked_again_with_growing_patience(street, logged, outside, way):
    outside.way = way
    look(NOW)

    assert not LogAnchor.objects.exists()
    assert set(OutboxMessage.objects.values_list("state", "attempts", "next_at")) == {
        ("waiting", 1, NOW + timedelta(minutes=5))
    }
    look(NOW + timedelta(minutes=5))
    assert set(OutboxMessage.objects.values_list("attempts", "next_at")) == {(2, NOW + timedelta(minutes=15))}

    outside.way = "good"
    look(NOW + timedelta(minutes=15))
    assert LogAnchor.objects.count() == 3
    assert set(OutboxMessage.objects.values_list("attempts", "last_error")) == {(0, "")}


def test_who_is_slow_is_hung_up_on_and_asked_again(street, logged, outside):
    outside.way = "slow"
    hasty = partial(Outbound, patience_s=0.2)
    with patch.object(Outbound, "to", lambda urls, local: hasty(frozenset(), frozenset({"127.0.0.1"}))):
        look(NOW)
    assert not LogAnchor.objects.exists()
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("waiting", 1)}

    outside.way = "good"
    look(NOW + timedelta(minutes=5))
    assert LogAnchor.objects.count() == 3


def test_anchors_that_are_away_hold_up_no_settlement(street, homes, guard, settings):
    url = "http://127.0.0.1:1"
    settings.OUTBOUND_LOCAL = "127.0.0.1"
    settings.ANCHORS = AnchorSettings(calendars=url, iota_url=url, iota_seed=SEED)
    cleared(street, homes)
    metered(homes)
    sign_head(community=street, keeper=guard, at=NOW)
    look(NOW)
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("waiting", 1)}

    cleared(street, homes, make.NOON + make.QUARTER)
    metered(homes, make.NOON + make.QUARTER)
    assert Settlement.objects.filter(is_current=True).count() == 2
    assert sign_head(community=street, keeper=guard, at=NOW).size == 8


def test_a_poisonous_message_is_parked_and_the_others_go_on(street, logged, outside, caplog):
    outbox.put(topic="rfc3161", key="poison", payload={"head": -1}, at=NOW - HOUR)
    outbox.put(topic="rfc3161", key="worse", payload={}, at=NOW - HOUR)
    at = NOW
    with caplog.at_level(logging.ERROR):
        for _day in range(outbox.MOST_ATTEMPTS):
            look(at)
            at += timedelta(hours=7)

    parked = OutboxMessage.objects.filter(state="parked").order_by("key")
    assert [(one.key, one.attempts) for one in parked] == [("poison", 8), ("worse", 8)]
    assert "poison is given up after 8 attempts" in caplog.text
    assert LogAnchor.objects.filter(kind="rfc3161").exists()
    assert states()["rfc3161"] in {"done", "parked"}


def test_what_was_promised_and_never_comes_is_given_up(street, logged, outside):
    look(NOW)
    at = NOW + anchors.GIVE_UP + HOUR
    for _day in range(outbox.MOST_ATTEMPTS):
        look(at)
        at += timedelta(hours=7)
    assert states() == {"rfc3161": "done", "opentimestamps": "parked", "iota": "parked"}


def test_a_message_that_breaks_a_statement_takes_nothing_with_it():
    def breaks(_told, _at):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    done = []
    outbox.put(topic="bad", key="a", payload={}, at=NOW)
    outbox.put(topic="good", key="b", payload={}, at=NOW)
    looked = outbox.sweep({"bad": breaks, "good": lambda told, _at: done.append(told)}, at=NOW)

    assert (looked, done) == (2, [{}])
    assert "division by zero" in OutboxMessage.objects.get(key="a").last_error


@pytest.mark.django_db(transaction=True)
def test_workers_share_the_messages_and_each_is_done_once():
    for number in range(20):
        outbox.put(topic="t", key=str(number), payload={"n": number}, at=NOW)
    done = []

    errors = at_once(lambda: outbox.sweep({"t": lambda told, _at: done.append(told["n"])}, at=NOW))

    assert errors == []
    assert sorted(done) == list(range(20))


def test_who_is_slow_keeps_no_worker_beyond_its_time():
    for number in range(3):
        outbox.put(topic="t", key=str(number), payload={}, at=NOW)
    done, time = [], iter((True, True, False))

    looked = outbox.sweep({"t": lambda told, _at: done.append(told)}, at=NOW, more=lambda: next(time))

    assert (looked, len(done)) == (2, 2)
    assert list(OutboxMessage.objects.values_list("state", flat=True)).count("waiting") == 1


def test_an_anchor_is_final_once_it_is_complete(street, logged, outside):
    look(NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        LogAnchor.objects.filter(kind="rfc3161").update(content=b"")
    LogAnchor.objects.filter(kind="iota").update(place="elsewhere")


def test_without_settings_nobody_is_asked(street, logged):
    look(NOW)
    assert not OutboxMessage.objects.exists()


def test_a_topic_that_was_turned_off_waits(street, logged, outside, settings):
    outbox.put(topic="rfc3161", key="k", payload={"head": latest_head(street.pk).pk}, at=NOW)
    settings.ANCHORS = AnchorSettings()
    look(NOW)
    assert states() == {"rfc3161": "waiting"}


def test_a_host_in_the_own_network_is_not_asked_unless_the_operator_says_so(street, logged, outside, settings):
    settings.OUTBOUND_LOCAL = ""
    look(NOW)
    assert outside.asked == []
    assert not LogAnchor.objects.exists()


class Wordy(BaseHTTPRequestHandler):
    """A calendar that promises eight times, and takes its time to say that it knows nothing."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        url = f"http://127.0.0.1:{self.server.server_port}/ots".encode()
        said = b"\x00" + PENDING + uleb(len(uleb(len(url)) + url)) + uleb(len(url)) + url
        steps = [b"\xf0" + uleb(1) + bytes([number]) + b"\x08" + said for number in range(8)]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"".join(b"\xff" + step for step in steps[:-1]) + steps[-1])

    def do_GET(self):
        self.server.asked.append(self.path)
        time.sleep(0.3)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_args):
        pass


@pytest.fixture
def wordy(settings):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Wordy)
    server.daemon_threads, server.asked = True, []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/ots"
    settings.OUTBOUND_LOCAL, settings.ANCHORS = "127.0.0.1", AnchorSettings(calendars=url)
    yield server
    server.shutdown()
    server.server_close()


def swept(at):
    """A sweep over what is due, with another message behind it; how often that one was told."""
    outbox.put(topic="other", key="other/1", payload={}, at=at)
    told = []
    others = {"other": lambda _payload, _at: told.append(1)}
    outbox.sweep(anchors.handlers(anchors.configured()) | others, at=at)
    return len(told)


def test_a_slow_calendar_that_promised_much_is_asked_little_and_keeps_nobody_waiting(street, logged, wordy):
    look(NOW)

    assert swept(NOW + HOUR) == 1

    assert len(wordy.asked) == 2
    message = OutboxMessage.objects.get(topic="opentimestamps")
    assert (message.state, message.next_at > NOW + HOUR) == ("waiting", True)


def test_what_does_not_answer_in_the_time_of_a_message_counts_as_a_failure(street, logged, wordy, monkeypatch):
    look(NOW)
    monkeypatch.setattr(anchors, "ASKING_S", 0.1)

    assert swept(NOW + HOUR) == 1

    assert len(wordy.asked) == 1
    assert OutboxMessage.objects.get(topic="opentimestamps").attempts == 1


def test_all_that_a_message_asks_takes_less_than_the_database_waits():
    assert 2 * anchors.ASKING_S <= 30
    assert "idle_in_transaction_session_timeout=30s" in PATIENCE
