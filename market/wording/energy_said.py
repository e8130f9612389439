"""What the pictures of a home's energy show, in a sentence each, for those who do not see them."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from community import figures
from market.wording.energy_chart import Chart, Flow, Row

TOOK, GAVE = "buy", "sell"
INWARD = {"own", "buy", "buy rest", "battery"}


def bars_said(chart: Chart) -> str:
    """When most was taken and given, or paid and received."""
    said = []
    if chart.unit == "€":
        words = {
            TOOK: _("The most you paid was %(most)s (%(when)s)."),
            GAVE: _("The most you received was %(most)s (%(when)s)."),
        }
    else:
        words = {
            TOOK: _("The most you took was %(most)s (%(when)s)."),
            GAVE: _("The most you gave was %(most)s (%(when)s)."),
        }
    for tone, sentence in words.items():
        row, most = max(((row, _sum(chart, row, tone)) for row in chart.rows), key=lambda one: one[1])
        if most > 0:
            amount = figures.euros(int(most * 10**9), 3) if chart.unit == "€" else figures.kwh(int(most * 1_000))
            said.append(sentence % {"most": amount, "when": row.label})
    return " ".join(said)


def _sum(chart: Chart, row: Row, tone: str) -> Decimal:
    cells = zip(chart.series, row.cells, strict=True)
    return sum((Decimal(cell.value or 0) for series, cell in cells if series.tone.startswith(tone)), Decimal(0))


def flows_said(flows: Sequence[Flow], *, whole: bool) -> str:
    """What came in from where, and where it went; without a measured roof, both through the meter only."""
    inward = [(flow.source, flow.energy_wh) for flow in flows if flow.tone in INWARD]
    outward = [(flow.target, flow.energy_wh) for flow in flows if flow.tone not in INWARD]
    said = []
    if inward:
        said.append(_("%(energy)s came in: %(parts)s.") % _listed(inward))
    if outward:
        words = _("%(energy)s went on from there: %(parts)s.") if whole else _("%(energy)s went out: %(parts)s.")
        said.append(words % _listed(outward))
    return " ".join(said)


def _listed(parts: Sequence[tuple[str, int]]) -> dict[str, str]:
    total, *amounts = figures.kwh_sum(*(energy_wh for _name, energy_wh in parts))
    named = (f"{name} {amount}" for (name, _wh), amount in zip(parts, amounts, strict=True))
    return {"energy": total, "parts": ", ".join(named)}
