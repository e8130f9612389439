"""A list of neighbours in words: what each row does, what is wrong with it and the cure."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from metering.roster import RosterFault
from metering.services.roster import TakenOver
from metering.services.roster_plan import CellFault, Change, PlannedRow

FILE = {
    "too-large": gettext_lazy("The list is larger than a list of neighbours can be: hand in the sheet alone."),
    "too-many": gettext_lazy("More than 500 homes: split the list and hand in one part after the other."),
    "many-columns": gettext_lazy(
        "Row %(row)s has more than 40 columns: hand in the sheet of the neighbours alone."
    ),
    "no-header": gettext_lazy(
        "The first row has to name the columns, at least “home” or “CUPS”; it says: %(told)s. Use the template."
    ),
    "twice": gettext_lazy("Two columns are called %(told)s: leave one of them out."),
    "no-homes": gettext_lazy("No home stands below the first row: write one home a row."),
    "broken": gettext_lazy("Row %(row)s cannot be split into cells: is a quotation mark left open?"),
    "not-text": gettext_lazy("This is no text and no XLSX workbook: save the list as CSV or XLSX."),
    "not-workbook": gettext_lazy("This workbook cannot be read: save it as XLSX without a password, or as CSV."),
    "long-cell": gettext_lazy(
        "Row %(row)s has a cell of more than 200 letters, which begins “%(told)s”: shorten it."
    ),
}
CHANGES = {
    "new-home": gettext_lazy("new home"),
    "renamed": gettext_lazy("its name: %(before)s → %(after)s"),
    "new-meter": gettext_lazy("its meter %(after)s is added"),
    "contract": gettext_lazy("contract: %(after)s"),
    "priority": gettext_lazy("priority: %(before)s → %(after)s"),
    "node": gettext_lazy("connected at %(after)s"),
    "handed-over": gettext_lazy("handed over to %(after)s, who is a member already"),
    "invited": gettext_lazy("%(after)s is invited"),
    "invitation-ended": gettext_lazy("the invitation of %(after)s ends"),
    "invitation-moved": gettext_lazy("the invitation of %(after)s is for this home now"),
    "addressee": gettext_lazy("the invitation is addressed to %(after)s"),
}
FAULTS = {
    "twice": gettext_lazy("“%(told)s” stands in more than one row: keep one of them."),
    "long": gettext_lazy("A home's name has at most 120 letters: shorten it."),
    "other-home": gettext_lazy("This CUPS belongs to %(told)s, the name to another home: correct one of the two."),
    "missing": gettext_lazy("A new home needs a name, such as “Azahar 7, 2.º B”."),
    "said": gettext_lazy("%(told)s"),
    "elsewhere": gettext_lazy("This meter belongs to another community of this site: ask the operator."),
    "other-meter": gettext_lazy(
        "%(told)s has another meter already: correct the code, or give this meter a home of its own."
    ),
    "needed": gettext_lazy(
        "A home with a meter needs its contract, or the street's slots wait. Known offers: %(told)s."
    ),
    "unknown": gettext_lazy("No offer is called so: type it in under Tariffs first. Known offers: %(told)s."),
    "unclear": gettext_lazy("Several offers are called so: write the retailer before. Known offers: %(told)s."),
    "priority": gettext_lazy("A priority is a whole number from 0 (none) to 9 (highest)."),
    "node": gettext_lazy("The street has no connection “%(told)s”: look at its cables."),
    "no-cables": gettext_lazy("The street has no cables yet: leave the cell empty, or bring them in first."),
    "email": gettext_lazy("“%(told)s” is no e-mail address: look for a missing @ or a space."),
    "looked-after": gettext_lazy("%(told)s looks after this home: let them leave first, or leave the e-mail out."),
    "one-home": gettext_lazy(
        "Row %(told)s invites this person: an invitation hands over one home. Leave the e-mail out here, and hand "
        "the list in again once they have joined."
    ),
}
COLUMNS = {
    "name": gettext_lazy("name"),
    "email": gettext_lazy("e-mail"),
    "home": gettext_lazy("home"),
    "cups": gettext_lazy("CUPS"),
    "tariff": gettext_lazy("tariff"),
    "priority": gettext_lazy("priority"),
    "node": gettext_lazy("connection"),
}


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the list as the preview shows it: what it is, what it does, and what is wrong with it."""

    row: int
    home: str
    state: str
    mark: str
    does: list[str]
    faults: list[str]


def fault(found: RosterFault) -> str:
    """Why a file cannot be read as a list, and the cure."""
    return str(FILE[found.code]) % {"row": found.row, "told": found.told}


def shown(rows: Sequence[PlannedRow]) -> list[ShownRow]:
    """Every row, those with faults first."""
    return sorted((_row(row) for row in rows), key=lambda row: (not row.faults, row.row))


def _row(row: PlannedRow) -> ShownRow:
    name = row.line.home or (row.home.name if row.home else row.line.name)
    if row.faults:
        state, mark = _("to mend"), "attention"
    elif row.does("new-home"):
        state, mark = _("new"), "sea"
    else:
        state, mark = (_("changes"), "sun") if row.changes else (_("unchanged"), "")
    return ShownRow(
        row.line.row, name, state, mark, [_change(one) for one in row.changes], [_fault(one) for one in row.faults]
    )


def _change(change: Change) -> str:
    return str(CHANGES[change.code]) % {"before": change.before or "–", "after": change.after}


def _fault(found: CellFault) -> str:
    said = str(FAULTS[found.code]) % {"told": found.told or "–"}
    return _("%(column)s: %(said)s") % {"column": COLUMNS[found.column], "said": said}


def summary(rows: Sequence[PlannedRow]) -> str:
    """What the whole list would do, in a sentence."""
    faulty = sum(bool(row.faults) for row in rows)
    if faulty:
        return ngettext(
            "%(n)d row has to be mended in the list before anything can be taken over.",
            "%(n)d rows have to be mended in the list before anything can be taken over.",
            faulty,
        ) % {"n": faulty}
    new = sum(row.does("new-home") for row in rows)
    changing = sum(bool(row.changes) for row in rows) - new
    said = ngettext(
        "%(new)d new, %(changing)d changed, %(same)d unchanged.",
        "%(new)d new, %(changing)d changed, %(same)d unchanged.",
        new,
    )
    return said % {"new": new, "changing": changing, "same": len(rows) - new - changing}


def done(found: TakenOver) -> str:
    """What became of the list."""
    if not found.changed:
        return _("Everything in the list is there already: nothing was changed.")
    said = ngettext(
        "The list is taken over: %(n)d home was added or changed.",
        "The list is taken over: %(n)d homes were added or changed.",
        found.changed,
    ) % {"n": found.changed}
    if not found.invited:
        return said
    words = ngettext("%(n)d neighbour is invited.", "%(n)d neighbours are invited.", len(found.invited))
    return f"{said} {words % {'n': len(found.invited)}}"
