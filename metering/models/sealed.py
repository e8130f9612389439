"""Columns that nobody reads in the database: sealed texts, and keyed hashes by which exactly one is found."""

import hmac
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.sealing import seal, seal_bytes, unseal, unseal_bytes


def lookup_of(text: str) -> str:
    """The keyed hash of a code, in hex; upper and lower case and spaces are the same."""
    plain = "cups:" + "".join(text.split()).upper()
    return hmac.digest(settings.TOKEN_PEPPER.encode(), plain.encode(), "sha256").hex()


class SealedText(models.TextField):  # type: ignore[type-arg]  # it takes none at run time
    """A text that is sealed in the database and plain in Python. It cannot be compared or ordered there."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else seal(str(value))

    def from_db_value(
        self, value: str | None, _expression: object, _connection: BaseDatabaseWrapper
    ) -> str | None:
        return None if value is None else unseal(value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Only whether there is one: sealing the same text twice gives two texts, so nothing else can be asked."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


class SealedBytes(models.BinaryField):  # type: ignore[type-arg]  # as above
    """Bytes that are sealed in the database and plain in Python; nothing stays nothing, and can be found."""

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        sealed = seal_bytes(bytes(value)) if value else value
        return super().get_db_prep_value(sealed, connection, prepared)

    def from_db_value(
        self, value: bytes | None, _expression: object, _connection: BaseDatabaseWrapper
    ) -> bytes | None:
        return unseal_bytes(bytes(value)) if value else value


class LookupOf(models.CharField):  # type: ignore[type-arg]  # it takes none at run time
    """The keyed hash of another field of the row, kept with it."""

    def __init__(self, of: str, **options: Any) -> None:
        self.of = of
        super().__init__(**{"max_length": 64, "editable": False, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, [self.of, *args], options

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        found = lookup_of(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, found)
        return found
