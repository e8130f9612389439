"""A pilot's report as a document: every sentence and table of it as plain text, in the reader's language."""

from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from community import figures
from market.documents import ReportDocument, ReportTable
from market.models import Pilot


def report(pilot: Pilot, said: dict[str, Any]) -> ReportDocument:
    """The report with the figures that its page shows; `said` is the page's context."""
    (names, by_rule), home = said["by_rule"], pgettext("a dwelling", "Home")
    tables = [
        ReportTable(
            _("Home by home"),
            (home, _("today"), _("alone"), _("as neighbours"), _("gain"), _("own and near"), _("pays back")),
            tuple(
                (one.name, one.today, one.alone, one.member, one.gain, one.own_pct, one.payback or "—")
                for one in said["rows"]
            ),
        ),
        ReportTable(
            _("Ways of sharing"),
            (_("Rule"), _("legal mode"), _("shared"), _("the street saves"), _("unevenness"), _("least gain")),
            tuple((one.name, one.mode, one.shared, one.saved, one.unevenness, one.least) for one in said["rules"]),
        ),
        ReportTable(
            _("What each home gains by each rule"),
            (home, *names),
            tuple((name, *gains) for name, gains in by_rule),
        ),
        ReportTable(_("If all aimed at the same"), (_("Objective"), _("result")), tuple(said["objectives"])),
        ReportTable(_("Fair, and within the cable?"), (_("What"), _("How much")), tuple(said["facts"])),
    ]
    made = timezone.localtime(pilot.created_at).date()
    return ReportDocument(
        language=get_language() or "es",
        title=pilot.name,
        made=made,
        made_text=_("Pilot of %(day)s") % {"day": figures.day_and_year(made)},
        sentence=said["sentence"],
        range=said["range"],
        figures=tuple((one.label, one.value, one.note) for one in said["figures"]),
        tables=tuple(table for table in tables if table.rows),
        notes_title=_("What these figures rest on"),
        notes=tuple(said["assumed"]),
    )
