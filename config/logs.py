"""What the log says: lines of text or of JSON, with the request or task they are about, and nobody's secrets."""

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

Facts = dict[str, str | int]
_about: ContextVar[Facts] = ContextVar("about", default={})  # noqa: B039 it is replaced, never changed
WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")

# In this order: a supply's code looks like an account's, and an address with a password like an e-mail address.
# A word is looked at once, from its beginning (`++`, `(?>…)`): a long one takes no longer than its length.
SECRETS = [
    (re.compile(r"(://[^/\s:@]*):[^@\s/]+@"), r"\1:[password]@"),
    (re.compile(r"\bazt_[\w.~-]+"), "[token]"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), r"\1 [token]"),
    (re.compile(r"(\b(?:join|reset/key|confirm-email)/)[^/\s\"'?]+"), r"\1[token]"),
    (
        re.compile(r"(?<![\w-])[\w-]++:\w{6}:[\w-]{43}(?![\w-])"),
        "[signed]",
    ),  # Django's way to sign what it sends away
    (
        re.compile(
            r"(\b(?>\w*?(?:passw(?:or)?d|passphrase|contraseña|secret|token|api_?key|pepper))\w*+[\"']?\s*[:=]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&)}\]]+)",
            re.IGNORECASE,
        ),
        r"\1[secret]",
    ),
    (re.compile(r"\bES ?(?:\d ?){16}[A-Z] ?[A-Z](?: ?\d[A-Z])?\b", re.IGNORECASE), "[CUPS]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?\b", re.IGNORECASE), "[IBAN]"),
    (re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{4}\d{7}[A-Z0-9]{0,16}\b", re.IGNORECASE), "[IBAN]"),
    (re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
]


def redacted(text: str) -> str:
    """The text without CUPS, IBANs, e-mail addresses, tokens and passwords.

    >>> redacted("ana@example.org let azt_12ab.s3cr3t read ES9999000000000001DS0F")
    '[e-mail] let [token] read [CUPS]'
    """
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


class Redacting(logging.Filter):
    """Takes secrets out of a record, of its traceback too, before any handler writes it."""

    _plain = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = self._plain.formatException(record.exc_info)
        record.exc_text = redacted(record.exc_text) if record.exc_text else None
        record.stack_info = redacted(record.stack_info) if record.stack_info else None
        return True


# Whatever ends a line, moves the cursor or turns the writing round.
BREAKS = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), *range(127, 160))}
BREAKS |= {code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


class Line(logging.Formatter):
    """One record as a line to read, with what it is about in brackets before what is said.

    Nothing that is said can pass for another record: what is no letter is written out, and further lines, of
    a traceback, are indented.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s%(about)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 the name is logging's
        facts = " ".join(f"{name}={value}" for name, value in _about.get().items())
        record.about = f" [{facts}]" if facts else ""
        record.message = record.message.translate(BREAKS)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        lines = super().format(record).splitlines()
        return _encodable("\n    ".join(line.translate(BREAKS) for line in lines))


class JsonLine(logging.Formatter):
    """One record, one line of JSON, with what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, str | int] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_about.get(),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            said["error"] = record.exc_text
        if record.stack_info:
            said["stack"] = record.stack_info
        return _encodable(json.dumps(said, ensure_ascii=False))


def _encodable(text: str) -> str:
    """Half a letter, which no stream takes, is written out."""
    return text.encode(errors="backslashreplace").decode()


@contextmanager
def about(**facts: str | int) -> Iterator[None]:
    """Whatever is logged inside is about this, too."""
    before = _about.set({**_about.get(), **facts})
    try:
        yield
    finally:
        _about.reset(before)


class RequestId:
    """Gives every request a number: the caller's, if it is one, else a new one. The answer and its log bear it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        number = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        with about(request_id=number):
            response = self.get_response(request)
        response.headers["X-Request-ID"] = number
        return response
