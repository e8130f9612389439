"""A portal on loopback that behaves as Datadis is documented: token, supplies, one query a day, odd answers."""

import json
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

NIF, PASSWORD, HOLDER = "B12345678", "una clave", "12345678Z"


class LoopbackPortal(ThreadingHTTPServer):
    """`answers` holds what a month (YYYY/MM) gets: rows, bytes (packed as `packing` says), a status, or `"slow"`."""

    daemon_threads = True

    def __init__(self, cups):
        super().__init__(("127.0.0.1", 0), Answers)
        self.cups, self.answers, self.asked = cups, {}, Counter()
        self.logins, self.packing = 0, ""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.logins += 1
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        good = form == {"username": [NIF], "password": [PASSWORD]}
        self.reply(200 if good else 401, b"a-token" if good else b"Bad credentials")

    def do_GET(self):
        portal, place = self.server, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(place.query).items()}
        name = place.path.rpartition("/")[2]
        if self.headers["Authorization"] != "Bearer a-token":
            return self.reply(401, b"")
        key = (name, tuple(sorted(query.items())))
        portal.asked[key] += 1
        if portal.asked[key] > 1:
            return self.reply(429, "Consulta ya realizada en las últimas 24 horas.".encode())
        if query.get("authorizedNif") != HOLDER:
            return self.reply(403, b"no authorised NIF")
        if name == "get-supplies-v2":
            supply = {"cups": portal.cups + "0F", "distributorCode": "2", "pointType": 5, "address": "AZAHAR 1"}
            return self.reply(200, json.dumps({"supplies": [supply], "distributorError": []}).encode())
        wanted = {
            "cups",
            "distributorCode",
            "startDate",
            "endDate",
            "measurementType",
            "pointType",
            "authorizedNif",
        }
        if set(query) != wanted:
            return self.reply(400, b"missing parameter")
        answer = portal.answers.get(query["startDate"], [])
        if answer == "slow":
            time.sleep(1.5)
            answer = 504
        if isinstance(answer, int):
            return self.reply(answer, b"")
        if isinstance(answer, bytes):
            return self.reply(200, answer, portal.packing)
        return self.reply(200, json.dumps({"timeCurve": answer, "distributorError": []}).encode())

    def reply(self, status, body, packing=""):
        self.send_response(status)
        if packing:
            self.send_header("Content-Encoding", packing)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the caller lost patience, as it should
            self.wfile.write(body)

    def log_message(self, *_args):
        """Nobody reads it."""
