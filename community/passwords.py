"""Which passwords are refused, in every language of the site, and how they are kept."""

from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import gettext as _

from config.sealing import seal, unseal


class LongEnough(MinimumLengthValidator):
    """Django's own words for it are not written in Catalan."""

    def get_error_message(self) -> str:
        return _("This password is too short: it needs %(least)d characters at least.") % {
            "least": self.min_length
        }


class SealedArgon2(BasePasswordHasher):
    """Argon2's hashes, sealed with the site's key: whoever only reads the database has nothing to try words on."""

    algorithm = "sealed"
    argon2 = Argon2PasswordHasher()

    def encode(self, password: str, salt: str) -> str:
        return sealed(self.argon2.encode(password, salt))

    def decode(self, encoded: str) -> dict[str, Any]:
        return {**self.argon2.decode(_opened(encoded)), "algorithm": self.algorithm}

    def verify(self, password: str, encoded: str) -> bool:
        return self.argon2.verify(password, _opened(encoded))

    def must_update(self, encoded: str) -> bool:
        return self.argon2.must_update(_opened(encoded))

    def safe_summary(self, encoded: str) -> dict[Any, Any]:
        return self.argon2.safe_summary(_opened(encoded))

    def harden_runtime(self, password: str, encoded: str) -> None:
        self.argon2.harden_runtime(password, _opened(encoded))


def sealed(encoded: str) -> str:
    """A hash of Argon2 as it is kept."""
    return f"{SealedArgon2.algorithm}${seal(encoded)}"


def resealed(kept: str) -> str:
    """What is kept, sealed with the first of the site's keys; other kinds of hashes, and none, as they are."""
    if kept.startswith(f"{Argon2PasswordHasher.algorithm}$"):
        return sealed(kept)
    return sealed(_opened(kept)) if kept.startswith(f"{SealedArgon2.algorithm}$") else kept


def _opened(kept: str) -> str:
    return unseal(kept.partition("$")[2])
