"""A feeder's file in words: what is wrong and how to mend it, what is assumed, what becomes of the homes."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from community import figures
from community.feeder_files import FeederFault, Remark
from community.queries import ConnectedHome

FAULTS = {
    "empty": gettext_lazy("The file is empty."),
    "not-text": gettext_lazy("This is no text file: export the cables as JSON or CSV and hand that in."),
    "too-large": gettext_lazy("The file has more than %(most_mib)s MiB: export only the street's own part."),
    "too-many": gettext_lazy("The file has more than %(most)s entries: export only the street's own part."),
    "not-json": gettext_lazy("This is not JSON from line %(row)s on: was the download cut off?"),
    "unknown-file": gettext_lazy(
        "This is none of the known files (it begins with “%(found)s”): hand in Azotea's own JSON or CSV, "
        "a network saved by pandapower's to_json, or power-grid-model's input."
    ),
    "broken-table": gettext_lazy(
        "A table of this file is not built as its program writes it (%(said)s): save it again and hand that in."
    ),
    "batch": gettext_lazy("This is a series of networks: hand in a single one."),
    "missing-column": gettext_lazy("The CSV lacks the columns %(columns)s: add them to the first line."),
    "no-transformer": gettext_lazy(
        "No row says where the transformer stands: add one whose line is “transformer” and whose “to” is the "
        "first connection."
    ),
    "no-source": gettext_lazy(
        "The network needs exactly one source that is in service (external grid); it has %(count)s. "
        "Switch the others off, or add one."
    ),
    "several-transformers": gettext_lazy(
        "Several transformers are in service: %(transformers)s. A street has one: switch the others off, or hand "
        "in the part behind one of them."
    ),
    "above-transformer": gettext_lazy(
        "Between the source and transformer %(transformer)s lie other cables: put the source directly at the "
        "transformer's upper side."
    ),
    "tap-without-step": gettext_lazy(
        "The tap of transformer %(transformer)s is set, but the file does not say how large a step is: give "
        "%(field)s, or set the tap to its middle."
    ),
    "unsupported": gettext_lazy(
        "%(element)s in the table “%(table)s” cannot be part of a street's tree: replace it by a line, "
        "or switch it off."
    ),
    "unknown-root": gettext_lazy(
        "The transformer leads to %(bus)s, which is not among the connections: add it, or mend the name."
    ),
    "bus-twice": gettext_lazy("The connection %(bus)s is there twice: give each its own name."),
    "line-twice": gettext_lazy("The line %(line)s is there twice: give each its own name."),
    "unknown-bus": gettext_lazy(
        "Line %(line)s ends at %(bus)s, which is not among the connections: add it, or mend the line's end."
    ),
    "no-impedance": gettext_lazy(
        "Line %(line)s has no usable impedance: give %(field)s in ohms, the resistance above zero."
    ),
    "voltage-band": gettext_lazy(
        "Without load the voltage behind the transformer would be %(slack)s per unit, "
        "outside %(low)s to %(high)s: check the source's voltage and the tap."
    ),
    "loop": gettext_lazy(
        "The connections %(buses)s form a loop (lines %(lines)s). A street's cables must be a tree: open one of "
        "these lines, as it is in daily service."
    ),
}  # fmt: skip
ISLAND_BUSES = gettext_lazy(
    "Nothing joins %(buses)s to the transformer: add the missing line, close its switch, or leave them out."
)
ISLAND_LINES = gettext_lazy(
    "Nothing joins the lines %(lines)s to the transformer: add the missing line, close its switch, "
    "or leave them out."
)
MISSING = gettext_lazy("%(element)s does not say its %(field)s: add it.")
BAD_FIGURE = gettext_lazy("%(element)s: “%(value)s” cannot be its %(field)s. Write a plausible figure.")
BAD_LETTERS = gettext_lazy("%(element)s: its name holds letters that cannot be seen. Type it anew.")
TOO_LONG = gettext_lazy("%(element)s: its name must have 1 to 32 letters. Shorten it.")
ELEMENTS = {
    "line": gettext_lazy("Line %(code)s"),
    "bus": gettext_lazy("Connection %(code)s"),
    "row": gettext_lazy("Row %(code)s"),
    "transformer": gettext_lazy("The transformer %(code)s"),
    "file": gettext_lazy("The file"),
    "slack": gettext_lazy("“slack”"),
    "limits": gettext_lazy("“limits”"),
}


def fault(found: FeederFault) -> str:
    """What is wrong with a file: the element, the field and the cure."""
    facts = dict(found.facts)
    if found.code == "island":
        return str((ISLAND_BUSES if "buses" in facts else ISLAND_LINES) % facts)
    if "kind" in facts:
        facts["element"] = str(ELEMENTS[facts["kind"]] % {"code": facts.get("code", "")}).strip()
        template = {
            "missing-field": MISSING,
            "bad-figure": BAD_FIGURE,
            "code-too-long": TOO_LONG,
            "bad-letters": BAD_LETTERS,
        }[found.code]
        return str(template % facts)
    return str(FAULTS[found.code] % facts)


def remark(found: Remark) -> str:
    """What is assumed, left out or unusual about a feeder."""
    facts = {"names": _names(found), "count": found.count}
    if found.code == "assumed":
        return _("Nothing here is measured or known: it is what a distributor would usually build. Replace it as "
                 "soon as you have the real cables.")  # fmt: skip
    if found.code == "no-lines":
        return _("There are no cables: all homes stand at the transformer.")
    if found.code == "no-rating":
        return _("What the transformer may carry is not known, so it will have no limit of its own.")
    if found.code == "no-transformer-impedance":
        return _("The transformer has no impedance here, so the voltage behind it does not move with the load.")
    if found.code == "no-limit":
        words = ngettext(
            "%(count)d cable has no limit (%(names)s): it will never count as full.",
            "%(count)d cables have no limit (%(names)s): they will never count as full.",
            found.count,
        )
    elif found.code == "zero-sequence":
        words = ngettext(
            "The zero sequence of %(count)d cable is not given; that of a usual four-core cable is taken.",
            "The zero sequences of %(count)d cables are not given; those of usual four-core cables are taken.",
            found.count,
        )
    elif found.code == "other-substation":
        words = ngettext(
            "%(count)d line leads through another transformer (%(names)s): what crosses it comes from beyond.",
            "%(count)d lines lead through another transformer (%(names)s): what crosses them comes from beyond.",
            found.count,
        )
    else:
        words = ngettext(
            "%(count)d line is switched off or above low voltage and is left out: %(names)s.",
            "%(count)d lines are switched off or above low voltage and are left out: %(names)s.",
            found.count,
        )
    return words % facts


def _names(found: Remark) -> str:
    more = found.count - len(found.names)
    shown = ", ".join(found.names)
    return _("%(names)s and %(count)d more") % {"names": shown, "count": more} if more else shown


def losing(homes: Sequence[ConnectedHome]) -> str:
    """Which homes would lose their connection, and what to do about it."""
    named = ", ".join(f"{home.name} ({home.node})" for home in homes)
    words = ngettext(
        "%(count)d home is connected where these cables have no connection: %(homes)s. Put it at the transformer "
        "under “Connect homes” first, or give the connection the same name.",
        "%(count)d homes are connected where these cables have no connection: %(homes)s. Put them at the "
        "transformer under “Connect homes” first, or give the connections the same names.",
        len(homes),
    )
    return words % {"count": len(homes), "homes": named}


def kilovoltamperes(s_va: float | None) -> str:
    """A transformer's size; a dash where it is not known."""
    return "—" if s_va is None else f"{figures.decimal(s_va / 1_000, 0)}{figures.NBSP}kVA"


def ohm(value: float) -> str:
    """An impedance to a tenth of a milliohm."""
    return f"{figures.decimal(value, 4)}{figures.NBSP}Ω"


def ampere(value: float | None) -> str:
    """What a cable may carry; a dash where it is not known."""
    return "—" if value is None else figures.amperes(value)


def per_unit(value: float) -> str:
    """A voltage per unit."""
    return figures.decimal(value, 3)
