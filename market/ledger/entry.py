"""Balanced entries: money moves between accounts, it never appears or vanishes."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Amount(Protocol):
    """One side of a booking, as far as balance is concerned."""

    @property
    def amount_neur(self) -> int: ...


P = TypeVar("P", bound=Amount)


class Unbalanced(ValueError):
    """The postings of an entry do not add up to zero."""


@dataclass(frozen=True, slots=True)
class BalancedEntry(Generic[P]):
    """Postings that belong together. An entry out of balance cannot exist.

    Raises `Unbalanced` with the n€ that are missing or too many.
    """

    postings: tuple[P, ...]

    def __post_init__(self) -> None:
        off_by = sum(posting.amount_neur for posting in self.postings)
        if off_by:
            raise Unbalanced(f"The entry is out of balance by {off_by} n€.")
