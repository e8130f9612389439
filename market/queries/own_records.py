"""Everything that the site holds about one member and its homes, as tables of plain values."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from community.models import (
    AuditEvent,
    Device,
    DeviceState,
    Household,
    Invitation,
    JoinRequest,
    Member,
    SupplyContract,
    What,
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
from metering.models import ApiToken, Consent, MeteringPoint, Reading, RegisterReading, UploadSignature

AT_ONCE = 5_000
# After these a home's records are those of whoever comes next.
GONE = (What.ERASED, What.LEFT)
Owned = tuple[Household, datetime | None]


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name, its columns with their units, and its rows; `short` ones fit into one file together."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]
    short: bool = True


def owned_homes(member: Member) -> list[Owned]:
    """The homes that a member looks after, and since when their records are its own, not an erased one's."""
    erased = AuditEvent.objects.filter(what__in=GONE, household__member=member).order_by("at")
    since = dict(erased.values_list("household_id", "at"))
    return [(home, since.get(home.pk)) for home in member.households.order_by("pk")]


def tables(member: Member) -> Iterator[Table]:
    """The short tables first, then the long ones, read as they are written."""
    homes = owned_homes(member)
    yield from _person(member)
    yield from _short(homes)
    yield from _long(homes)


def leaves_of(home: Household, since: datetime | None) -> QuerySet[LogLeaf]:
    """A home's leaves in their order, with what they commit to."""
    own = _from("settled__start", since) | _from("statement__month", since and since.date())
    found = LogLeaf.objects.filter(household=home).filter(own)
    return (
        found.select_related("settled__settlement__slot", "statement")
        .prefetch_related("statement__lines")
        .order_by("number")
    )


def _person(member: Member) -> Iterator[Table]:
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
    noted = events_about(member).order_by("at", "pk")
    columns = ("at", "what", "who", "user__name", "token", "household__name", "object_kind", "object_id", "reason")
    yield _table("audit", noted, *columns)


def _short(homes: Sequence[Owned]) -> Iterator[Table]:
    own = [home for home, _since in homes]
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


def _agreed(homes: Sequence[Owned]) -> Iterator[Table]:
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
    reach = ApiToken.objects.filter(metering_points__household__in=[home for home, _since in homes]).distinct()
    yield _table(
        "tokens", reach, "name", "key_id", "scopes", "networks", "created_at", "expires_at", "revoked_at",
        "last_used_at",
    )  # fmt: skip


def _money(homes: Sequence[Owned]) -> Iterator[Table]:
    """Accounts by their end only: whoever has taken a session over must not get the whole number here."""
    yield _table(
        "bank_accounts", BankAccount.objects.filter(_each(homes, "household", "added_at")),
        "household__name", "holder", "iban_end", "mandate", "mandate_signed_on", "added_at", "replaced_at",
    )  # fmt: skip
    issued = Statement.objects.filter(_each(homes, "household", "issued_at")).order_by("month", "version")
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
    wallet = WalletEntry.objects.filter(_each(homes, "household", "booked_at")).order_by("booked_at", "pk")
    yield _table("virtual_battery", wallet, "household__name", "month", "kind", "cents", "booked_at")


def _long(homes: Sequence[Owned]) -> Iterator[Table]:
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


def _market(homes: Sequence[Owned]) -> Iterator[Table]:
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
    booked = Posting.objects.filter(_each(homes, "account__household", "entry__booked_at"))
    columns = ("entry__kind", "entry__month", "entry__settlement__slot__start", "amount_neur", "energy_wh")
    yield _table("postings", booked.order_by("pk"), "entry_id", "entry__booked_at", *columns, short=False)


def _table(name: str, rows: QuerySet[Any], *columns: str, short: bool = True) -> Table:
    told = [column.removesuffix("__name").replace("household", "home").replace("__", "_") for column in columns]
    return Table(name, told, rows.values_list(*columns).iterator(chunk_size=AT_ONCE), short)


def _columns(model: Any, *without: str) -> list[str]:
    return [field.name for field in model._meta.fields if field.name not in without]


def _each(homes: Sequence[Owned], to_home: str, time: str) -> Q:
    """What is of one of the homes, and not from before its records are the member's own."""
    found = Q(pk__in=[])
    for home, since in homes:
        found |= Q(**{to_home: home}) & _from(time, since)
    return found


def _from(time: str, since: date | None) -> Q:
    return Q() if since is None else Q(**{f"{time}__gte": since})
