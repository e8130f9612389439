"""Everything that the site holds about one member and its homes, as tables of plain values."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from community.models import (
    Device,
    DeviceState,
    Household,
    Invitation,
    JoinRequest,
    Member,
    SupplyContract,
)
from market.models import (
    Acknowledgement,
    BankAccount,
    Delivery,
    GestorMandate,
    LogLeaf,
    Mandate,
    MandateConfirmation,
    MandateHours,
    Notice,
    NoticeChoices,
    Order,
    PaymentItem,
    Posting,
    PushDevice,
    SetPoint,
    SettledHome,
    SharingSignature,
    Statement,
    StatementLine,
    Trade,
    WalletEntry,
)
from market.queries.audit import events_about
from market.queries.tenures import Tenure, during, tenures
from metering.models import ApiToken, Consent, MeteringPoint, Reading, RegisterReading, UploadSignature

AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name, its columns with their units, and its rows; `short` ones fit into one file together."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]
    short: bool = True


def tables(member: Member) -> Iterator[Table]:
    """The short tables first, then the long ones, read as they are written."""
    homes = tenures(member)
    yield from _person(member, homes)
    yield from _short(homes)
    yield from _long(homes)


def leaves_of(tenure: Tenure) -> QuerySet[LogLeaf]:
    """A home's leaves of a time in their order, with what they commit to."""
    home, since, until = tenure
    months = during("statement__month", since and since.date(), until and until.date())
    found = LogLeaf.objects.filter(household=home).filter(during("settled__start", since, until) | months)
    return (
        found.select_related("settled__settlement__slot", "statement")
        .prefetch_related("statement__lines")
        .order_by("number")
    )


def _person(member: Member, homes: Sequence[Tenure]) -> Iterator[Table]:
    who = ("name", "email", "part", "community", "joined_at", "left_at")
    user = member.user
    facts = (user.name, user.email, member.role, member.community.name, member.joined_at, member.left_at)
    yield Table("profile", who, [facts])
    taken = Invitation.objects.filter(accepted_by=member)
    wishes = JoinRequest.objects.filter(community=member.community, email=user.email)
    yield _table("wishes_to_join", wishes, "name", "email", "place", "state", "asked_at", "decided_at", "reason")
    yield _table("invitations", taken, "email", "name", "role", "created_at", "expires_at", "accepted_at")
    chosen = NoticeChoices.objects.filter(member=member)
    yield _table("notice_choices", chosen, "language", "by_email", "by_push", "changed_at")
    yield _table("devices_told", PushDevice.objects.filter(member=member), "name", "added_at")
    told = Notice.objects.filter(member=member).order_by("made_at", "pk")
    yield _table("notices", told, "event", "channel", "made_at", "state", "attempts", "changed_at", "reason")
    former = _each([one for one in homes if one.until is not None], "household", "at")
    noted = events_about(member, or_of=former).order_by("at", "pk")
    columns = ("at", "what", "who", "user__name", "token", "household__name", "object_kind", "object_id", "reason")
    yield _table("audit", noted, *columns)


def _short(homes: Sequence[Tenure]) -> Iterator[Table]:
    own = _now(homes)
    points = MeteringPoint.objects.filter(household__in=own).select_related("household").order_by("pk")
    yield _table(
        "homes", Household.objects.filter(pk__in=[home.pk for home in own]),
        "name", "phase", "contracted_w", "priority", "node__code",
    )  # fmt: skip
    yield Table(
        "metering_points", ("home", "metering_point", "cups", "resolution_minutes"),
        [(point.household.name, point.public_id, point.cups, point.resolution_minutes) for point in points],
    )  # fmt: skip
    yield _table(
        "devices", Device.objects.filter(household__in=own), "id", "household__name", "kind", "name", "peak_w",
        "capacity_wh", "charge_w", "discharge_w", "efficiency_ppm", "worth_ueur_kwh", "retired_at",
    )  # fmt: skip
    yield _table(
        "contracts", SupplyContract.objects.filter(household__in=own),
        "household__name", "valid_from", "tariff__retailer", "tariff__name",
    )  # fmt: skip
    given = Mandate.objects.filter(_each(homes, "household", "valid_from")).order_by("valid_from")
    yield _table("mandates", given, *_columns(Mandate, "household", "given_by"))
    hours = MandateHours.objects.filter(mandate__in=given).order_by("mandate", "position")
    yield _table("mandate_hours", hours, "mandate_id", *_columns(MandateHours, "mandate"))
    yield _table(
        "mandate_confirmations", MandateConfirmation.objects.filter(mandate__in=given).order_by("pk"),
        "mandate_id", "method", "confirmed_at", "mandate_hash", "key_name",
    )  # fmt: skip
    yield from _agreed(homes)
    yield from _money(homes)


def _agreed(homes: Sequence[Tenure]) -> Iterator[Table]:
    """What the home's people allowed, and what reaches its meters by it."""
    yield _table(
        "datadis_consents", Consent.objects.filter(_each(homes, "metering_point__household", "given_at")),
        "metering_point__public_id", "given_by__user__name", "given_at", "expires_at", "revoked_at",
    )  # fmt: skip
    yield _table(
        "gestor_mandates", GestorMandate.objects.filter(_each(homes, "household", "given_at")),
        "household__name", "gestor", "given_by__user__name", "given_at", "revoked_at",
    )  # fmt: skip
    yield _table(
        "sharing_agreements", SharingSignature.objects.filter(_each(homes, "household", "given_at")),
        "household__name", "set__cau", "set__version", "given_by__user__name", "given_at",
    )  # fmt: skip
    reach = ApiToken.objects.filter(metering_points__household__in=_now(homes)).distinct()
    yield _table(
        "tokens", reach, "name", "key_id", "scopes", "networks", "created_at", "expires_at", "revoked_at",
        "last_used_at",
    )  # fmt: skip


def _money(homes: Sequence[Tenure]) -> Iterator[Table]:
    """Accounts by their end only: whoever has taken a session over must not get the whole number here."""
    yield _table(
        "bank_accounts", BankAccount.objects.filter(_each(homes, "household", "added_at")),
        "household__name", "holder", "iban_end", "mandate", "mandate_signed_on", "added_at", "replaced_at",
    )  # fmt: skip
    # By what they are about: a correction of a month comes long after, when the home may be somebody else's.
    issued = Statement.objects.filter(_months(homes, "household", "month")).order_by("month", "version")
    yield _table(
        "statements", issued, "public_id", "household__name", "month", "version", "issued_at", "legal_mode",
        "slots", "provisional_slots", "saving_neur", "rent_rule",
    )  # fmt: skip
    lines = StatementLine.objects.filter(statement__in=issued).order_by("statement", "pk")
    columns = ("kind", "energy_wh", "amount_neur", "amount_cents", "posted")
    yield _table("statement_lines", lines, "statement__public_id", *columns)
    sent = Delivery.objects.filter(statement__in=issued)
    yield _table("letters", sent, "statement__public_id", "address", "state", "attempts", "changed_at", "reason")
    paid = PaymentItem.objects.filter(statement__in=issued)
    yield _table("payments", paid, "statement__public_id", "run__public_id", "run__made_at", "cents")
    wallet = WalletEntry.objects.filter(_months(homes, "household", "month")).order_by("booked_at", "pk")
    yield _table("virtual_battery", wallet, "household__name", "month", "kind", "cents", "booked_at")


def _long(homes: Sequence[Tenure]) -> Iterator[Table]:
    meter = ("metering_point__public_id", "channel")
    read = Reading.objects.filter(_each(homes, "metering_point__household", "start")).order_by("start")
    yield _table(
        "readings", read, *meter, "start", "resolution_minutes", "version", "energy_wh", "quality", "received_at",
        short=False,
    )  # fmt: skip
    dials = RegisterReading.objects.filter(_each(homes, "metering_point__household", "at")).order_by("at")
    columns: Sequence[str] = ("at", "version", "register_wh", "set_aside", "received_at")
    yield _table("registers", dials, *meter, *columns, short=False)
    signed = UploadSignature.objects.filter(
        _each(homes, "upload__metering_point__household", "upload__received_at")
    ).order_by("upload__received_at")
    columns = ("upload__received_at", "upload__content_sha256", "path", "key__did", "signature")
    yield _table("signatures", signed, *columns, short=False)
    states = DeviceState.objects.filter(_each(homes, "device__household", "at")).order_by("at")
    columns = ("device_id", "at", "energy_wh", "soc_wh", "plugged_in", "need_wh", "ready_by")
    yield _table("device_states", states, *columns, short=False)
    points = SetPoint.objects.filter(_each(homes, "device__household", "slot__start")).order_by("slot__start")
    yield _table("set_points", points, "slot__start", "device_id", "base_wh", "energy_wh", short=False)
    said = Acknowledgement.objects.filter(_each(homes, "device__household", "slot__start")).order_by("received_at")
    columns = ("slot__start", "device_id", "answer", "energy_wh", "reason", "received_at")
    yield _table("acknowledgements", said, *columns, short=False)
    yield from _market(homes)


def _market(homes: Sequence[Tenure]) -> Iterator[Table]:
    orders = Order.objects.filter(_each(homes, "household", "slot__start")).order_by("slot__start", "pk")
    yield _table(
        "orders", orders, "id", "slot__start", "household__name", "side", "kind", "energy_wh", "limit_ueur_kwh",
        "placed_at", "mandate_id", "outcome__local_wh", "outcome__retailer_wh", "outcome__curtailed_wh",
        "outcome__reason", short=False,
    )  # fmt: skip
    trades = Trade.objects.filter(_each(homes, "household", "slot__start")).order_by("slot__start", "pk")
    columns: Sequence[str] = ("slot__start", "household__name", "side", "energy_wh", "price_ueur_kwh")
    yield _table("trades", trades, "order_id", *columns, short=False)
    settled = SettledHome.objects.filter(_each(homes, "household", "start")).order_by("start", "pk")
    columns = _columns(SettledHome, "settlement", "household")
    yield _table("settled", settled, "household__name", *columns, short=False)
    of_slots = _each(homes, "account__household", "entry__settlement__slot__start")
    booked = Posting.objects.filter(of_slots | _months(homes, "account__household", "entry__month"))
    columns = ("entry__kind", "entry__month", "entry__settlement__slot__start", "amount_neur", "energy_wh")
    yield _table("postings", booked.order_by("pk"), "entry_id", "entry__booked_at", *columns, short=False)


def _table(name: str, rows: QuerySet[Any], *columns: str, short: bool = True) -> Table:
    told = [column.removesuffix("__name").replace("household", "home").replace("__", "_") for column in columns]
    return Table(name, told, rows.values_list(*columns).iterator(chunk_size=AT_ONCE), short)


def _columns(model: Any, *without: str) -> list[str]:
    return [field.name for field in model._meta.fields if field.name not in without]


def _now(homes: Sequence[Tenure]) -> list[Household]:
    """Homes whose things, as they stand now, are the member's: nobody took them over."""
    return [one.home for one in homes if not one.is_taken_over]


def _each(homes: Sequence[Tenure], to_home: str, time: str) -> Q:
    """What is of one of the homes, and of the time in which its records are the member's own."""
    found = Q(pk__in=[])
    for home, since, until in homes:
        found |= Q(**{to_home: home}) & during(time, since, until)
    return found


def _months(homes: Sequence[Tenure], to_home: str, month: str) -> Q:
    """What is about a month that began while a home's records were the member's own, whenever it was written."""
    found = Q(pk__in=[])
    for home, since, until in homes:
        first, end = (one and one.astimezone(home.community.zone).date() for one in (since, until))
        found |= Q(**{to_home: home}) & during(month, first, end)
    return found
