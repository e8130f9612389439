"""`manage.py witness`: watch over other communities' logs, on any small computer; it needs no database."""

import time
from argparse import ArgumentParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from market.ledger.guard import Guard
from market.ledger.notes import COSIGNED, BadNote, SignerKey, VerifierKey
from market.ledger.witness import MOST_BYTES, Answer, Witness

UNKNOWN = 404
# Who sends nothing for so long is hung up on: others wait.
PATIENCE_S = 10


class Command(BaseCommand):
    help = "Cosigns heads of the logs whose keys stand in a file, one a line, if each grew from the last one seen."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="The witness's name in the world, such as witness.example/ana")
        parser.add_argument("--logs", type=Path, required=True, help="File with the logs' keys, one a line.")
        parser.add_argument("--folder", type=Path, required=True, help="Where the key and the heads are kept.")
        parser.add_argument("--listen", default="127.0.0.1:8600", help="Address and port.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say the witness's key, then answer until stopped."""
        server = serve(options["name"], options["logs"], options["folder"], options["listen"])
        self.stdout.write(f"Key: {key_of(options['folder'], options['name']).verifier}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()


def key_of(folder: Path, name: str) -> SignerKey:
    """The witness's own key, made when it is first asked for."""
    return SignerKey(name, Guard(folder).key(name).seed, COSIGNED)


def serve(name: str, logs: Path, folder: Path, listen: str) -> HTTPServer:
    """A server that answers `POST /add-checkpoint`. Raises `CommandError` for keys that are none."""
    try:
        keys = [VerifierKey.of(line.strip()) for line in logs.read_text().splitlines() if line.strip()]
    except (OSError, BadNote) as error:
        raise CommandError(f"{logs}: {error}") from error
    witness = Witness(folder, key_of(folder, name), keys)

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE_S

        def do_POST(self) -> None:
            """Answer a log."""
            told = self.headers.get("Content-Length") or ""
            length = int(told) if told.isdecimal() else 0
            answer = Answer(UNKNOWN if self.path != "/add-checkpoint" else 400)
            if answer.status != UNKNOWN and length <= MOST_BYTES:
                answer = witness.add(self.rfile.read(length).decode(errors="replace"), int(time.time()))
            content = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """Requests are nobody's business."""

    host, _colon, port = listen.rpartition(":")
    return HTTPServer((host, int(port)), Handler)
