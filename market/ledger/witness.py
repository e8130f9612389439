"""A witness: cosigns heads of logs that it knows, each grown from the one it cosigned before (C2SP tlog-witness).

It keeps one file a log and answers after that is on the disk, so that no log can show it two histories.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from market.ledger.guard import Guard
from market.ledger.merkle import EMPTY_ROOT, proves_growth
from market.ledger.notes import BadNote, Head, SignerKey, VerifierKey, size_of, strict_b64, verified

MOST_HASHES, MOST_BYTES = 63, 64 * 1024
SIZE_TYPE, TEXT_TYPE = "text/x.tlog.size", "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """What a witness says over HTTP."""

    status: int
    body: str = ""
    content_type: str = TEXT_TYPE


def request_body(old_size: int, proof: Sequence[bytes], note: str) -> str:
    """What a log sends: the size that was cosigned last, the proof from there, and the head's note."""
    lines = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"old {old_size}\n{lines}\n{note}"


class Witness:
    """Cosigns for the logs that it was told of, by their keys."""

    def __init__(self, folder: Path, key: SignerKey, logs: Iterable[VerifierKey]) -> None:
        self._heads = Guard(folder)
        self._key = key
        # A log whose key was replaced has two for a while.
        self._logs: dict[str, list[VerifierKey]] = {}
        for one in logs:
            self._logs.setdefault(one.name, []).append(one)

    def add(self, body: str, time_s: int) -> Answer:
        """Answer a log's request: 200 with the cosignature, or why not (400, 403, 404, 409, 422)."""
        try:
            old_size, proof, note = _read(body)
            origin = note.partition("\n")[0]
            keys = self._logs.get(origin)
            if keys is None:
                return Answer(404)
            try:
                text, _names = verified(note, keys)
            except BadNote:
                return Answer(403)
            head = Head.of(text)
        except BadNote:
            return Answer(400)
        return self._judge(head, old_size, proof, time_s)

    def _judge(self, head: Head, old_size: int, proof: Sequence[bytes], time_s: int) -> Answer:
        last = self._heads.last(head.origin)
        known = 0 if last is None else last.size
        if old_size > head.size:
            return Answer(400)
        if old_size != known:
            return Answer(409, f"{known}\n", SIZE_TYPE)
        if last is None or not last.size:
            grown = not proof and (head.size > 0 or head.root == EMPTY_ROOT)
        else:
            grown = proves_growth(last.size, head.size, last.root, head.root, proof)
        if not grown:
            return Answer(422)
        self._heads.keep(head)
        return Answer(200, self._key.line(head.text, time_s))


def _read(body: str) -> tuple[int, list[bytes], str]:
    """The old size, the proof and the note of a request. Raises `BadNote`."""
    top, gap, note = body.partition("\n\n")
    first, *lines = top.split("\n")
    if not gap or not first.startswith("old "):
        raise BadNote("The request begins with the old size.")
    if len(lines) > MOST_HASHES:
        raise BadNote("No proof has so many hashes.")
    return size_of(first.removeprefix("old ")), [strict_b64(line) for line in lines], note
