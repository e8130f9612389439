"""Outbound calls: only to hosts that were named, at the address that was looked up, and never for long."""

import gzip
import ipaddress
import ssl
import subprocess
import threading
import time
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from config.outbound import MOST_BYTES, NoAnswer, Outbound, Refused, TooMuch, TooSlow, is_public


class Server(BaseHTTPRequestHandler):
    """Says what each path is for."""

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        kind = self.path.strip("/")
        if kind == "redirect":
            self.send_response(302)
            self.send_header("Location", "/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif kind == "endless":
            self.send_response(200)
            self.end_headers()
            self._pour(b"x" * 4096, 0)
        elif kind == "drops":
            self.send_response(200)
            self.end_headers()
            self._pour(b"x", 0.05)
        elif kind == "slow-head":
            self._pour(b"HTTP/1.1 200 OK\r\n"[:1], 0.05)
        elif kind == "packed":
            packing, content = self.server.packed
            self.send_response(200)
            self.send_header("Content-Encoding", packing)
            self.end_headers()
            self._pour(content, 0, 1)
        else:
            self.send_response(200)
            self.send_header("Set-Cookie", "a=b")
            self.end_headers()
            self.wfile.write(b"hello")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body[::-1])

    def _pour(self, what, pause, times=1_000):
        try:
            for _drop in range(times):
                self.wfile.write(what)
                time.sleep(pause)
        except OSError:
            pass

    def log_message(self, *_args):
        pass


@contextmanager
def serving(context=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads, server.seen = True, []
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def server():
    with serving() as one:
        yield one


def local(server, path, **given):
    way = Outbound(frozenset(), frozenset({"127.0.0.1"}), **given)
    return way.ask(f"http://127.0.0.1:{server.server_port}/{path}")


def test_a_host_that_was_named_is_asked_without_a_cookie(server):
    way = Outbound(frozenset(), frozenset({"127.0.0.1"}))
    url = f"http://127.0.0.1:{server.server_port}/"

    assert [way.ask(url).content for _ in range(2)] == [b"hello"] * 2
    assert way.ask(url, b"abc") == (200, b"cba")
    assert "Cookie" not in server.seen[1][1]


def test_no_redirect_is_followed(server):
    assert local(server, "redirect").status == 302
    assert [path for path, _headers in server.seen] == ["/redirect"]


def test_an_endless_answer_is_cut_off(server):
    with pytest.raises(NoAnswer, match=f"more than {MOST_BYTES}"):
        local(server, "endless")


@pytest.mark.parametrize("path", ["drops", "slow-head"])
def test_who_lets_it_drip_is_hung_up_on_when_the_time_is_over(server, path):
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        local(server, path, patience_s=0.4)
    assert time.monotonic() - begun < 5


def test_a_name_that_is_not_found_in_time_is_not_waited_for():
    over = threading.Event()
    way = Outbound(frozenset({"slow.example"}), patience_s=0.2, resolver=lambda *_: [str(over.wait(30))])

    begun = time.monotonic()
    with pytest.raises(TooSlow, match="not found in time"):
        way.ask("https://slow.example/")
    over.set()

    assert time.monotonic() - begun < 5


def test_what_the_name_took_is_missing_for_the_answer(server):
    def slow(*_):
        time.sleep(0.3)
        return ["127.0.0.1"]

    with pytest.raises(TooSlow):
        local(server, "drops", patience_s=0.4, resolver=slow)


def test_an_answer_that_comes_packed_is_unpacked_up_to_what_is_read(server):
    server.packed = ("gzip", gzip.compress(b"x" * 1_000))
    assert local(server, "packed", most_bytes=1_000).content == b"x" * 1_000
    with pytest.raises(TooMuch, match="more than 999 bytes"):
        local(server, "packed", most_bytes=999)


@pytest.mark.parametrize(
    ("packing", "content"),
    [
        ("gzip", gzip.compress(b"hello" * 99)[:-9]),
        ("gzip", gzip.compress(b"hello") * 2),
        ("gzip", b"hello"),
        ("deflate", b"hello"),
        ("br", b"hello"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"hello"))),
    ],
    ids=["cut", "twice", "not packed", "not deflated", "unknown", "twice packed"],
)
def test_a_packed_answer_that_is_not_whole_is_not_read(server, packing, content):
    server.packed = (packing, content)
    with pytest.raises(NoAnswer):
        local(server, "packed")


def test_what_says_nothing_for_ever_while_packed_is_cut_off(server):
    pack = zlib.compressobj(wbits=31)
    nothing = b"".join(pack.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    server.packed = ("gzip", nothing + b"\0\0\0\xff\xff" * MOST_BYTES)
    with pytest.raises(TooMuch):
        local(server, "packed")


def test_a_query_is_sent_as_it_was_given(server):
    way = Outbound(frozenset(), frozenset({"127.0.0.1"}))
    told = {"date": "2026/10", "zone": "+01:00 & more"}

    way.ask(f"http://127.0.0.1:{server.server_port}/x", query=told, headers={"X-Api-Key": "k"})

    ((path, headers),) = server.seen
    assert dict(parse_qsl(urlsplit(path).query)) == told
    assert headers["X-Api-Key"] == "k"


def test_who_is_away_is_no_answer():
    way = Outbound(frozenset(), frozenset({"127.0.0.1"}))
    with pytest.raises(NoAnswer):
        way.ask("http://127.0.0.1:1/")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.100.100.200", "168.63.129.16",
     "224.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "ff02::1", "::",
     "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe",
     "64:ff9b:1::a00:1", "64:ff9b:1:7f00:0:100::", "64:ff9b:1::808:808", "64:ff9b::c000:1", "fec0::1", "feff::1",
     "::127.0.0.1", "::9.9.9.9", "::ffff:0:10.0.0.1", "::ffff:0:9.9.9.9", "192.0.0.1", "192.0.0.9", "192.88.99.1",
     "::ffff:192.0.0.9", "5f00::1", "3fff::1", "2001:db8::1", "100::1"],
)  # fmt: skip
def test_no_address_of_an_own_network_is_asked(address):
    way = Outbound(frozenset({"calendar.example"}), resolver=lambda *_: ["9.9.9.9", address])
    with pytest.raises(Refused, match="network of its own"):
        way.ask("https://calendar.example/")


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "2a00:1450:4003:80c::200e", "64:ff9b::909:909"])
def test_an_address_of_the_open_network_is_asked(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    ["http://calendar.example/", "https://other.example/", "https://127.0.0.1/", "file:///etc/passwd", "nonsense",
     "https://me:secret@calendar.example/", "https://calendar.example.evil.example/", "gopher://calendar.example/"],
)  # fmt: skip
def test_only_https_to_hosts_that_were_named(url):
    way = Outbound(frozenset({"calendar.example"}), resolver=lambda *_: pytest.fail("nothing is looked up"))
    with pytest.raises(Refused):
        way.ask(url)


def test_a_name_that_changes_its_address_meanwhile_is_asked_where_it_was_looked_up(tmp_path):
    """DNS rebinding: a good address for the check, another for the connection."""
    asked = []

    def rebinding(host, _port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["203.0.113.1"]

    with serving() as server:
        way = Outbound(frozenset(), frozenset({"witness.example"}), resolver=rebinding)
        answer = way.ask(f"http://witness.example:{server.server_port}/x")
        assert answer.content == b"hello"
        assert server.seen[0][1]["Host"] == f"witness.example:{server.server_port}"
    assert asked == ["witness.example"]

    later = Outbound(frozenset({"calendar.example"}), resolver=lambda *_: ["127.0.0.1"])
    with pytest.raises(Refused):
        later.ask("https://calendar.example/")


def test_a_certificate_has_to_be_of_the_name_that_was_asked_for(tmp_path, monkeypatch):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, "-subj", "/CN=tsa.example",
         "-addext", "subjectAltName=DNS:tsa.example"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with serving(context) as server:
        hosts = frozenset({"tsa.example", "other.example"})
        way = Outbound(frozenset(), hosts, resolver=lambda *_: ["127.0.0.1"])
        assert way.ask(f"https://tsa.example:{server.server_port}/").content == b"hello"
        with pytest.raises(NoAnswer, match="other.example"):
            way.ask(f"https://other.example:{server.server_port}/")
    assert server.seen[0][1]["Host"].startswith("tsa.example")
