"""Secrets of others that the site must be able to read again (a portal's password), sealed in the database."""

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotUnseal(Exception):
    """The text was sealed with a key that the site no longer has."""


@cache
def _keys(keys: str) -> MultiFernet:
    digests = (hashlib.sha256(key.strip().encode()).digest() for key in keys.split(","))
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def seal(text: str) -> str:
    """The text, readable only with one of the site's keys; the first one is used."""
    return _keys(settings.SEALING_KEYS).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises `CannotUnseal`."""
    try:
        return _keys(settings.SEALING_KEYS).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotUnseal from error


def seal_bytes(content: bytes) -> bytes:
    """As `seal`, of what is no text; not spelled in letters, which would take a third more room."""
    return base64.urlsafe_b64decode(_keys(settings.SEALING_KEYS).encrypt(content))


def unseal_bytes(sealed: bytes) -> bytes:
    """What was sealed. Raises `CannotUnseal`."""
    try:
        return _keys(settings.SEALING_KEYS).decrypt(base64.urlsafe_b64encode(sealed))
    except InvalidToken as error:
        raise CannotUnseal from error
