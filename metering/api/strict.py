"""JSON without surprises: no NaN, no doubled keys, no depth, no booleans where numbers are meant."""

import json
from typing import Any, NoReturn

from django.utils.translation import gettext as _

MOST_DEPTH = 6


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
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise NotStrict(
            _("Not JSON: %(message)s in line %(line)d.") % {"message": error.msg, "line": error.lineno}
        ) from error
    except ValueError as error:  # an integer of thousands of digits
        raise NotStrict(str(error)) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for i, key in enumerate(keys) if key in keys[:i])
        raise NotStrict(_("The key “%(key)s” stands twice in one object.") % {"key": twice})
    return found


def _refuse(constant: str) -> NoReturn:
    raise NotStrict(_("%(constant)s is not a number in JSON.") % {"constant": constant})


NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _check_depth(body: bytes) -> None:
    """Refuse deep nesting before the parser recurses into it; brackets in strings only make it stricter."""
    depth = 0
    for bracket in body.translate(None, NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MOST_DEPTH:
            raise NotStrict(_("The body is nested too deeply."))
