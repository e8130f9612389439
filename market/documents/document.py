"""Everything that a statement says, in words and whole numbers; renderers add nothing and work nothing out."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line: Wh (None for money alone), exact n€ and posted cents, + in the home's favour; `posted` is owed."""

    kind: str
    label: str
    energy_wh: int | None
    amount_neur: int
    amount_cents: int
    posted: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """What was bought from and sold to neighbours on a day, Wh."""

    day: date
    bought_wh: int
    sold_wh: int


@dataclass(frozen=True, slots=True)
class StatementDocument:
    """A home's closed month. `words` are the headings and labels of the reader's language by their codes.

    `facts` are terms and figures, `changes` what the latest correction changed, `computed` how lines come about.
    `log_head` is the text of the log's newest signed head when it was issued; empty without one.
    """

    language: str
    title: str
    community: str
    home: str
    month: date
    version: int
    issued: date
    issued_text: str
    public_id: str
    legal_mode: str
    legal_text: str
    sentence: str
    lines: tuple[DocumentLine, ...]
    owed_cents: int
    facts: tuple[tuple[str, str], ...]
    days: tuple[Day, ...]
    chart_text: str
    changes: tuple[str, ...]
    computed: tuple[tuple[str, str], ...]
    words: dict[str, str]
    log_head: str = ""

    def as_plain(self) -> dict[str, Any]:
        """Plain values for JSON; days as ISO dates."""
        plain = asdict(self)
        plain |= {"month": f"{self.month:%Y-%m}", "issued": self.issued.isoformat()}
        plain["days"] = [
            {"day": one.day.isoformat(), "bought_wh": one.bought_wh, "sold_wh": one.sold_wh} for one in self.days
        ]
        return plain
