"""A closed month as a document: every sentence and figure of it, in the reader's language."""

from collections.abc import Sequence
from datetime import date

from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from community import figures
from community.models import Community, Household
from community.tariffs import month_span
from market.documents import Day, DocumentLine, StatementDocument
from market.models import Statement, StatementLine
from market.queries import months as queries
from market.queries.log import log_head_at
from market.queries.months import Span, StreetMonth
from market.queries.wallet import wallet_rows
from market.wording import months as wording
from market.wording import wallet


def newest(home: Household, month: date) -> StatementDocument | None:
    """The newest statement of a home's closed month; None before it is closed."""
    issued = queries.statements_of(home, month)
    if not issued:
        return None
    span = month_span(month.year, month.month, home.community.zone)
    days = queries.days_of(home, *span)
    return document(
        home,
        issued,
        queries.closed_month(issued[0], queries.month_of(days)),
        queries.street_month(home, *span),
        days,
        queries.unmeasured_in(home, *span),
    )


def document(
    home: Household,
    issued: Sequence[Statement],
    total: Span,
    street: StreetMonth,
    days: Sequence[Span],
    unmeasured: dict[str, int],
) -> StatementDocument:
    """The newest of a month's statements, `issued` newest first, as a document."""
    statement, community = issued[0], home.community
    versions = wording.versions(issued)
    lines = tuple(_line(line) for line in wording.statement_lines(statement, total))
    day = timezone.localtime(statement.issued_at).date()
    return StatementDocument(
        language=get_language() or "es",
        title=_("Statement of %(month)s") % {"month": figures.month(statement.month)},
        community=community.name,
        home=home.name,
        month=statement.month,
        version=statement.version,
        issued=day,
        issued_text=figures.day_and_year(day),
        public_id=str(statement.public_id),
        legal_mode=statement.legal_mode,
        legal_text=legal_text(statement.legal_mode),
        sentence=_sentence(statement),
        lines=lines,
        owed_cents=sum(line.amount_cents for line in lines if line.posted),
        facts=(*_facts(total, street, unmeasured), *_wallet(home, statement.month)),
        days=tuple(Day(one.first, one.bought_wh, one.sold_wh) for one in days),
        chart_text=_chart(total, days),
        changes=(*versions[0].changes, versions[0].total) if versions else (),
        computed=tuple(_computed(lines)),
        words=_words(statement.legal_mode),
        log_head=log_head_at(community, statement.issued_at),
    )


def _line(line: wording.Line) -> DocumentLine:
    return DocumentLine(
        line.kind, line.label, line.energy_wh, line.amount_neur, line.amount_cents, line.posted, line.note
    )


def _chart(total: Span, days: Sequence[Span]) -> str:
    """What the chart shows, in a sentence."""
    most = max((max(one.bought_wh, one.sold_wh) for one in days), default=0)
    words = _(
        "By day: sold to neighbours upwards, bought from them downwards. In all %(sold)s sold and %(bought)s "
        "bought; the most on a day was %(most)s."
    )
    return words % {
        "sold": figures.kwh(total.sold_wh),
        "bought": figures.kwh(total.bought_wh),
        "most": figures.kwh(most),
    }


def legal_text(mode: str) -> str:
    """What the community's legal mode is and is not, in plain words."""
    return {
        Community.LegalMode.SIMULATION: _(
            "This is a simulation. Nothing is owed: your retailer's bill stays what it is, and these lines show "
            "what would have changed hands."
        ),
        Community.LegalMode.PRIVATE_SETTLEMENT: _(
            "Neighbours settle with each other for energy that the distributor has shared out. This is no sale of "
            "electricity and no retailer's bill: yours keeps coming."
        ),
        Community.LegalMode.COEFFICIENTS: _(
            "Energy is shared by coefficients that the distributor applies. The market only advises the next "
            "ones: nothing here is owed, and your retailer's bill holds."
        ),
        Community.LegalMode.SHARING: _(
            "Energy is shared under your country's law; what the rule leaves free is settled among neighbours as "
            "stated here. Your retailer bills the rest."
        ),
    }[Community.LegalMode(mode)]


def _sentence(statement: Statement) -> str:
    saved = figures.euros(abs(statement.saving_neur))
    if statement.saving_neur < 0:
        return _("That cost you %(gain)s more than your retailer alone.") % {"gain": saved}
    return _("Your neighbours spared you %(saved)s against your retailer alone.") % {"saved": saved}


def _facts(total: Span, street: StreetMonth, unmeasured: dict[str, int]) -> list[tuple[str, str]]:
    """Average prices, where the energy came from and went, congestion, and what was not measured."""

    def price(value: int | None) -> str:
        return "—" if value is None else figures.price(value)

    share = total.neighbour_share
    facts = [
        (_("Average price of what you bought from neighbours"), price(total.buy_price_ueur_kwh)),
        (_("Average price of what you sold to neighbours"), price(total.sell_price_ueur_kwh)),
        (_("From your retailer"), figures.kwh(total.rest_import_wh)),
        (_("Surplus to your retailer"), figures.kwh(total.rest_export_wh)),
        (_("Part of what you took that neighbours supplied"), "—" if share is None else figures.percent(share)),
        (_("Quarters of an hour with a full cable in the street"), figures.number(street.congested_slots, 0)),
        (_("Energy of yours that a full cable held back"), figures.kwh(street.held_back_wh)),
    ]
    count = sum(unmeasured.values())
    if count:
        facts.append((_("Quarters of an hour that were not measured"), figures.number(count, 0)))
    if total.missing:
        facts.append((_("Quarters of an hour without readings"), figures.number(total.missing, 0)))
    return facts


def _wallet(home: Household, month: date) -> list[tuple[str, str]]:
    """What the month did to the home's virtual battery; nothing without one."""
    text = wallet.fact(wallet_rows(home), month)
    return [(_("Virtual battery of your retailer"), text)] if text else []


def _computed(lines: Sequence[DocumentLine]) -> list[tuple[str, str]]:
    """How each kind of line comes about."""
    kinds = StatementLine.Kind
    texts = {
        kinds.BOUGHT: _(
            "For each quarter of an hour the lesser of what was agreed and what your meter saw, at the "
            "price of its trades, grid fee inside."
        ),
        kinds.SOLD: _("Likewise what your meter gave, at the price of its trades less the grid fee."),
        kinds.RETAILER_IMPORT: _(
            "What you took beyond that, at your retailer's price of the hour with taxes. Your retailer "
            "bills it; it is not owed here."
        ),
        kinds.RETAILER_EXPORT: _(
            "What you gave beyond that, at what your retailer pays. It comes with your retailer's bill."
        ),
        kinds.SAVING: _(
            "What your retailer alone would have charged for all of it, less what it came to in truth. "
            "Prices are those frozen in each quarter of an hour."
        ),
    }
    found = [(line.label, line.note or texts.get(kinds(line.kind), "")) for line in lines]
    cents = _(
        "Exact amounts are added up and rounded once; the cents of all homes and of the community add up to zero."
    )
    return [*((label, text) for label, text in found if text), (_("Cents"), cents)]


def _words(mode: str) -> dict[str, str]:
    owed = (
        _("Between neighbours it would come to")
        if mode in {Community.LegalMode.SIMULATION, Community.LegalMode.COEFFICIENTS}
        else _("Between neighbours it comes to")
    )
    return {
        "statement": _("Statement"),
        "document": pgettext("a file", "document"),
        "issued": _("issued on"),
        "version": _("version"),
        "lines": _("What you traded"),
        "line": _("Line"),
        "exact": _("exact, €"),
        "owed": owed,
        "posted": _("+ is in your favour. Lines with a dot count between neighbours; the others inform."),
        "days": _("Day by day"),
        "bought": _("bought"),
        "sold": _("sold"),
        "facts": _("Prices, energy and the cables"),
        "fact": _("What"),
        "figure": _("How much"),
        "changes": _("What the correction changed"),
        "computed": _("How these figures come about"),
        "proof": _("Proof"),
        "proof_text": _(
            "The head of the community's log when this was issued. Keep it: a log that was rewritten since "
            "contradicts it. Your receipts are under More, Proof."
        ),
        "decimal": str(get_format("DECIMAL_SEPARATOR")),
        "group": str(get_format("THOUSAND_SEPARATOR")),
        **_words_of_the_workbook(),
    }


def _words_of_the_workbook() -> dict[str, str]:
    return {
        "code": _("Code"),
        "energy": _("Energy, kWh"),
        "amount": _("Amount, €"),
        "counts": _("Between neighbours"),
        "yes": _("yes"),
        "no": _("no"),
        "day": _("Day"),
    }


def file_name(home: Household, statement: StatementDocument | Statement, form: str) -> str:
    """A plain name for the downloaded file."""
    version = f"-v{statement.version}" if statement.version > 1 else ""
    return f"azotea-{statement.month:%Y-%m}-{home.pk}{version}.{form}"
