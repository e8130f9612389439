"""Which passwords are refused, in every language of the site, and how they are kept."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from config.sealing import seal, unseal
from config.tenancy import across_all

# Words of the place of fewer letters are in many other words; so many letters beside them make a password.
SHORTEST_WORD, LEAST_BESIDE = 4, 6


class LongEnough(MinimumLengthValidator):
    """Django's own words for it are not written in Catalan."""

    def get_error_message(self) -> str:
        return _("This password is too short: it needs %(least)d characters at least.") % {
            "least": self.min_length
        }


class NotOfThePlace:
    """Refuses what is made of the names of the site and of one's communities and homes: neighbours know them.

    Of whoever is just being invited, `place` on the user names community and home.
    """

    def validate(self, password: str, user: Any = None) -> None:
        typed = left = _letters(password)
        names = ["azotea", *getattr(user, "place", ()), *_names_around(user)]
        words = {word for name in names for word in re.findall(r"[^\W\d_]+", name) if len(word) >= SHORTEST_WORD}
        for word in sorted(map(_letters, words), key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < min(len(typed), LEAST_BESIDE):
            raise ValidationError(
                _("This password is made of names that all neighbours know: add words of your own."),
                code="of_the_place",
            )

    def get_help_text(self) -> str:
        return _("Your password cannot be made of the names of your street and home.")


def _names_around(user: Any) -> Iterable[str]:
    if user is None or user.pk is None:
        return
    # Whoever has forgotten a password belongs nowhere yet.
    with across_all():
        for member in user.memberships.select_related("community").prefetch_related("households"):
            yield member.community.name
            yield from (home.name for home in member.households.all())


def _letters(text: str) -> str:
    """A text as its letters, without case and accents."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if sign.isalpha())


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
