"""Ways of sharing side by side, and what is wrong with a file of coefficients, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from community import figures
from community.models import Household
from market.models import GestorMandate, SharingSet
from market.queries.sharing import MonthShared
from market.settlement.allocation import RULES
from market.settlement.coefficients import FileError, FileFaults

MOST_TOLD = 12
PPM = 10_000


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule's month in the table."""

    name: str
    legal: str
    shared: str
    part: str
    saved: str
    unevenness: str


def rule_rows(month: MonthShared) -> list[RuleRow]:
    """Every rule's month, the one that saves most first."""
    legal = {rule.name: rule.legal_in for rule in RULES}
    rows = sorted(month.rules, key=lambda one: -one.saved_neur)
    return [
        RuleRow(
            rule_name(one.rule),
            countries(legal[one.rule]) or _("nowhere as such: simulation or private settlement"),
            figures.kwh(one.shared_wh),
            figures.percent(100 * one.shared_wh / month.given_wh) if month.given_wh else "—",
            figures.euros(one.saved_neur, signed=True),
            figures.decimal(one.unevenness, 2),
        )
        for one in rows
    ]


def countries(codes: Sequence[str]) -> str:
    """Countries by their names."""
    return ", ".join(map(figures.country, codes))


def rule_name(code: str) -> str:
    """A rule by its name on pages."""
    return {
        "static": _("Fixed coefficients"),
        "hourly": _("Coefficients by the hour"),
        "equal": _("The same to each"),
        "proportional": _("By what each uses"),
        "hybrid": _("Coefficients, what is unused to others"),
        "cascade": _("Homes without panels first"),
        "pairs": _("Each giver to all others alike"),
        "market": _("The market, as settled"),
    }.get(code, code)


def faults(found: FileFaults) -> list[str]:
    """What is wrong with a file, line by line, and the cure."""
    told = [_fault(one) for one in found.faults[:MOST_TOLD]]
    more = found.count - len(told)
    return [*told, _("… and %(count)s more.") % {"count": more}] if more else told


def _fault(one: FileError) -> str:
    cures = {
        "name_shape": _("The name must be the CAU, _ and the year, as ES…A000_2026.txt; this is “%(found)s”."),
        "no_cau": _("The installation has no CAU here yet: choose its supply first."),
        "other_cau": _("The name says %(found)s, which is another installation."),
        "decimal_sign": _("“%(found)s”: write a comma, not a point."),
        "decimals": _("“%(found)s”: write exactly six decimals, such as 0,350000."),
        "cups_length": _("“%(found)s”: a CUPS has 20 or 22 characters."),
        "cups": _("“%(found)s”: the letters of this CUPS do not fit its digits; look for a typing mistake."),
        "duplicate": _("“%(found)s” stands there twice."),
        "unknown_cups": _("“%(found)s” is no supply of this community."),
        "malformed_line": _("“%(found)s” is no line of such a file: CUPS;0,350000 or CUPS;0001;0,350000."),
        "sum": _("The coefficients add up to %(found)s (%(field)s): they must make exactly 1,000000."),
        "hours": _("The hours are not those of a whole year (%(found)s): each supply needs 0001 to 8760."),
    }
    text = cures[one.code] % {"found": one.found, "field": one.field}
    return _("Line %(line)s: %(text)s") % {"line": one.line, "text": text} if one.line else text


def versions(sets: Sequence[SharingSet]) -> list[tuple[SharingSet, str]]:
    """Every set with what it says, newest first."""
    return [(one, _set(one)) for one in sets]


def own_share(one: SharingSet, supplies: Sequence[str]) -> str:
    """What a set gives to a home's supplies."""
    told = [beta for cups, beta in one.beta_ppm.items() if cups[:20] in {own[:20] for own in supplies}]
    if not told:
        return _("nothing")
    if one.is_hourly:
        means = [sum(beta) / len(beta) for beta in told if isinstance(beta, list)]
        return _("%(share)s on average, another part each hour") % {"share": figures.percent(sum(means) / PPM, 2)}
    return figures.percent(sum(beta for beta in told if isinstance(beta, int)) / PPM, 2)


def agreements(homes: Sequence[Household], latest: SharingSet | None) -> list[tuple[str, str, str]]:
    """Each home with its word on the newest set, and since when the community may act for it; empty if not."""
    signed = {} if latest is None else dict(latest.signatures.values_list("household_id", "given_at"))
    held = GestorMandate.objects.filter(household__in=homes, revoked_at=None)
    mandates = dict(held.values_list("household_id", "given_at"))
    return [(home.name, _day(signed.get(home.pk)), _day(mandates.get(home.pk))) for home in homes]


def _day(moment: datetime | None) -> str:
    return "" if moment is None else figures.day_and_year(timezone.localtime(moment).date())


def _set(one: SharingSet) -> str:
    given = {
        "day": figures.day_and_year(one.agreed_on),
        "count": len(one.beta_ppm),
        "who": one.added_by.user.name,
    }
    words = (
        _("agreed on %(day)s, by the hour, %(count)s supplies; added by %(who)s")
        if one.hourly_ppm
        else _("agreed on %(day)s, %(count)s supplies; added by %(who)s")
    )
    return f"{words % given}{'. ' + one.note if one.note else ''}"
