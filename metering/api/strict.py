"""JSON without surprises: no NaN, no doubled keys, no depth, no booleans where numbers are meant."""

import json
import re
from typing import Any, NoReturn

from django.utils.translation import gettext as _

MOST_DEPTH = 6
MOST_BRACKETS = 200_000  # ten times what ten thousand rows need
MOST_COMMAS = 2_000_000
SHOWN = 80  # letters of a key that are told back


HALF_LETTER = re.compile(rb"\\u[dD][89a-fA-F]")


class NotStrict(ValueError):
    """The body is not the strict JSON that the API takes; the message names the cause."""


def parse(body: bytes) -> Any:
    """The value of a request body. Raises `NotStrict`."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrict(_("The body is not UTF-8.")) from error
    _check_depth(body)
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
        if HALF_LETTER.search(body):  # of a pair, most likely; alone it is no letter and cannot be told back
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeEncodeError as error:
        raise NotStrict(_("Half a letter (\\ud800 to \\udfff without its pair) stands in a text.")) from error
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise NotStrict(_("Not JSON from line %(line)d, column %(column)d on.") % place) from error
    except ValueError as error:
        raise NotStrict(_("A number has thousands of digits.")) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for i, key in enumerate(keys) if key in keys[:i])
        raise NotStrict(_("The key “%(key)s” stands twice in one object.") % {"key": twice[:SHOWN]})
    return found


def _refuse(constant: str) -> NoReturn:
    raise NotStrict(_("%(constant)s is not a number in JSON.") % {"constant": constant})


NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _check_depth(body: bytes) -> None:
    """Refuse deep nesting before the parser recurses into it; brackets in strings only make it stricter."""
    brackets = body.translate(None, NO_BRACKETS)
    if len(brackets) > MOST_BRACKETS or body.count(b",") > MOST_COMMAS:
        raise NotStrict(_("The body holds too many values: split the upload."))
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > MOST_DEPTH:
            raise NotStrict(_("The body is nested too deeply."))
