"""Two streets full of everything, and somebody of every kind: what walks over the site look for leaks in.

In the street that does not belong to those who walk, and with the neighbour, lie words and figures that stand
nowhere else; an answer that holds one of them has leaked.
"""

import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from django.db import transaction

from community.demo.neighbourhood import cups as well_formed
from community.models import Community, Device, Household, JoinRequest, Member, Tariff, User
from community.services.announcements import Written, announce
from community.services.feeders import store_feeder, usual_feeder
from community.services.members import invite
from community.services.tariffs import add_offer
from config import clock
from market.agents.policy.weights import planner_only
from market.ledger.guard import Guard
from market.models import FailedJob, Policy, SharingAdvice
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.erasure import ask
from market.services.forecasts import renew_forecasts
from market.services.log import sign_head
from market.services.notices import add_device
from market.services.payments import keep_account, keep_creditor, make_run
from market.services.pilots import begin
from market.services.settle import settle_due
from market.services.sharing import keep_shares
from market.services.slots import open_slots
from market.services.statements import close_month
from metering.did_key import did_key
from metering.models import ApiToken, MeterKey
from metering.services.column_mappings import keep_mapping
from metering.services.datadis import give_consent
from metering.services.equipment import keep_equipment
from metering.services.joining import ask as ask_to_join
from metering.services.meter_files import take_in
from metering.services.readings import ReadingRow, store_readings
from metering.services.tokens import issue_token, revoke_token
from tests import factories as make
from tests.market.pilot.test_year import street as scenario
from tests.market.test_tariffs_page import offer as offered
from tests.push_service import MadeUpBrowser

HOUR = timedelta(hours=1)
NOW = make.NOON + HOUR * 5
ELSEWHERE = make.NOON - timedelta(days=1)  # when the other street trades: at hours that this one has not
NOVEMBER = date(2026, 11, 1)
FILE = Path(__file__).parents[2] / "metering" / "files" / "edistribucion_dirty.csv"
IBANS = ("ES9121000418450200051332", "ES7921000813610123456789", "ES6621000418401234567891")
# Whom a street has, each with a home; the neighbour is a resident as well.
PEOPLE = {
    "owner": Member.Role.OWNER,
    "admin": Member.Role.ADMIN,
    "billing": Member.Role.BILLING,
    "reader": Member.Role.READER,
    "resident": Member.Role.RESIDENT,
    "neighbour": Member.Role.RESIDENT,
}
SELLER = 4  # the resident's place in a street; the neighbour comes after
ODD_WH, ODD_UEUR_KWH = 437, 777_733  # what the neighbour takes every hour, and wants for its energy; nobody else
# The neighbour's rules and curve, as pages and files write them.
FIGURES = frozenset({"0,7777", "0.7777", "0,777733", "0.777733", "777733", "777,7", "0,437", "0.437", "437"})
SAMPLE = "Datum|Stunde|Bezug\n12/05/2026|1|0,5\n12/05/2026|2|0,25\n"


@dataclass
class Street:
    """A street, who lives there by kind, and one object of every kind that an address can name."""

    community: Community
    people: dict[str, Member] = field(default_factory=dict)
    homes: dict[str, Household] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)
    neighbours: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


@dataclass
class World:
    """Here is where the walkers live. `secrets` are the other street's, `private` the neighbour's."""

    here: Street
    there: Street
    users: dict[str, User]
    secrets: frozenset[str]
    private: frozenset[str]


@contextmanager
def built(blocker):
    """The world, in a transaction that is rolled back; clocks stand still meanwhile."""
    with blocker.unblock(), stopped_clocks(), suppress(_Over), transaction.atomic():
        yield _world()
        raise _Over


class _Over(Exception):
    """The end of the world: nothing of it is kept."""


@contextmanager
def stopped_clocks():
    """`NOW` for every module of the site, whatever way it reads the clock."""
    real = clock.now
    held = [patch.object(module, "now", lambda: NOW) for module in list(sys.modules.values())
            if getattr(module, "__dict__", {}).get("now") is real]  # fmt: skip
    for one in held:
        one.start()
    try:
        yield
    finally:
        for one in held:
            one.stop()


def _world() -> World:
    here, there = _street("calle", "Calle Cercana", make.NOON, "C"), _street("otra", "Vía Lejana", ELSEWHERE, "Z")
    _signed(here, there)
    left = make.member(here.community, "Lola")
    Member.objects.filter(pk=left.pk).update(left_at=NOW - HOUR)
    operator = User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op")
    FailedJob.objects.create(
        pk=1, task="market.tasks.clear_one", given={"slot_id": 1}, error="x", first_at=NOW, last_at=NOW
    )
    users = {kind: member.user for kind, member in here.people.items()}
    users |= {"left": left.user, "operator": operator, "stranger": there.people["admin"].user}
    return World(here, there, users, _secrets(there), _private(here, "neighbour") | FIGURES)


def _signed(*streets: Street) -> None:
    with TemporaryDirectory() as folder:
        for street in streets:
            sign_head(community=street.community, keeper=Guard(Path(folder)), at=NOW)


def _secrets(there: Street) -> frozenset[str]:
    """Whatever names somebody or something of the other street."""
    return frozenset().union(
        {there.community.name, "Z Pasarela", "Z.csv", "Z tabla", "Z Placas", "Z nota", "Z Luz", "Z Estudio"},
        *(_private(there, kind) for kind in PEOPLE),
    )


def _private(street: Street, kind: str) -> frozenset[str]:
    """What names one home and its member, who is nobody else's business."""
    home, member = street.homes[kind], street.people[kind]
    point = make.meter(home)
    return frozenset({home.name, member.user.name, member.user.email, point.cups, str(point.public_id)})


def _street(slug: str, name: str, noon: datetime, mark: str) -> Street:
    street = Street(
        make.community(join_open=True, figures_public=True,
            slug=slug, name=name, slot_minutes=60, export_limit_w=2_000, legal_mode="private_settlement",
            uploads_per_minute=10**6, reads_per_minute=10**6,
        )
    )  # fmt: skip
    offer = None
    for number, (kind, role) in enumerate(PEOPLE.items()):
        person = make.member(street.community, f"{mark}{kind.capitalize()}ez", role)
        offer = offer or _offer(person, f"{mark} Luz")
        limits = {"min_sell_ueur_kwh": ODD_UEUR_KWH} if kind == "neighbour" else {}
        home = make.home(street.community, f"{mark}Azahar {number}ª", offer, person, **limits)
        home.metering_points.update(cups=well_formed(number + (500 if mark == "Z" else 100)))
        make.battery(home)
        Device.objects.create(household=home, kind="pv", name=f"{mark} Placas", peak_w=4_000)
        street.people[kind], street.homes[kind] = person, home
    store_feeder(community=street.community, described=usual_feeder(community=street.community, kind="street"))
    _lived(street, noon)
    _things(street, noon, mark, offer)
    close_month(community=street.community, month=NOVEMBER, at=NOW)
    _money(street)
    return street


def _offer(by: Member, retailer: str) -> Tariff:
    return add_offer(by=by, at=make.NOON, offer=offered(retailer=retailer, wallet={"wallet_ppm": 800_000}))


def _lived(street: Street, noon: datetime) -> None:
    """Three hours around a noon: foretold, ordered, cleared, metered, settled."""
    community, before = street.community, noon - HOUR
    _metered(street, noon, range(26, 1, -1), at=before)
    renew_forecasts(community=community, at=before)
    open_slots(community=community, first=noon, until=noon + HOUR * 3)
    for slot in community.slots.order_by("start"):
        place_orders(slot_id=slot.pk, at=slot.start - timedelta(minutes=10))
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    _metered(street, noon, range(1, -3, -1), at=noon + HOUR * 3)
    settle_due(community=community, at=NOW)


def _metered(street: Street, noon: datetime, hours: range, at: datetime) -> None:
    """Readings of so many hours before noon: the resident gives, all others take."""
    for number, home in enumerate(street.homes.values()):
        net_wh = -900 if number == SELLER else ODD_WH if number > SELLER else 400 + number
        rows = [
            ReadingRow(channel, noon - HOUR * back, max(sign * net_wh, 0))
            for back in hours
            for channel, sign in (("import", 1), ("export", -1))
        ]
        store_readings(
            metering_point=make.meter(home), rows=rows, source="api", content_sha256="0" * 64, at=at, minutes=60
        )


def _things(street: Street, noon: datetime, mark: str, offer: Tariff) -> None:
    """One of everything that an address can name."""
    community, admin, homes = street.community, street.people["admin"], street.homes
    free = make.home(community, f"{mark}Azahar sin nadie", offer)
    free.metering_points.update(cups=well_formed(507 if mark == "Z" else 107))
    meter = make.meter(homes["resident"])
    invited, secret = invite(invited_by=admin, email=f"{mark.lower()}invitado@example.org", household=free, at=NOW)
    token, street.tokens["all"] = _token(street, f"{mark} Pasarela", *ApiToken.Scope.values)
    for scope in ApiToken.Scope.values:
        _row, street.tokens[scope] = _token(street, f"{mark} {scope}", scope)
    gone, street.tokens["revoked"] = _token(street, f"{mark} perdida", *ApiToken.Scope.values)
    revoke_token(token=gone, at=NOW - HOUR)
    street.neighbours = _own_things(street, "neighbour", "owner", mark)
    street.things = _own_things(street, "resident", "admin", mark) | {
        "home": homes["resident"].pk,
        "invitation": invited.pk,
        "secret": secret,
        "meter": meter.public_id,
        "token": token.pk,
        "meter_key": MeterKey.objects.create(
            metering_point=free.metering_points.get(), did=did_key(bytes(31) + mark[:1].encode()), registered_at=NOW
        ).pk,
        "file": take_in(
            community=community, name=f"{mark}.csv", content=FILE.read_bytes() + mark.encode(), at=NOW,
            uploaded_by=admin,
        ).public_id,
        "columns": _columns(street, mark).pk,
        "slot": noon,
        "policy": _policy(community).pk,
        "advice": SharingAdvice.objects.create(
            community=community, aim="most", asked_by=admin, asked_at=NOW, hourly=False
        ).pk,
        "tariff": _offer(admin, f"{mark} Luz del Sol").pk,
    }  # fmt: skip
    supplies = [make.meter(home).cups for home in homes.values()]
    street.things["shares"] = keep_shares(
        by=admin, plant_cups=supplies[0], shares=dict.fromkeys(supplies, 1), year=2026, agreed_on=NOW.date(),
        note=f"{mark} nota", at=NOW,
    ).pk  # fmt: skip
    written = Written(f"{mark} nota", f"{mark} nota", "", "", "", "", days=9)
    street.things["announcement"] = announce(by=admin, written=written, at=NOW).pk
    ask_to_join(community=community, name=f"{mark} Luz", email=f"{mark}@example.com", place="x", cups="", at=NOW)
    street.things["asking"] = JoinRequest.objects.get(community=community).pk
    street.things["member"] = street.people["resident"].pk
    street.things["wish"] = ask(member=street.people["neighbour"], at=NOW).pk


def _token(street: Street, name: str, *scopes: str) -> tuple[ApiToken, str]:
    """A token for the meter of the resident alone."""
    return issue_token(
        community=street.community, name=name, scopes=scopes, at=NOW - HOUR * 30,
        metering_points=[make.meter(street.homes["resident"])],
    )  # fmt: skip


def _own_things(street: Street, kind: str, founder: str, mark: str) -> dict[str, Any]:
    """What belongs to one person and not to a street."""
    member, home = street.people[kind], street.homes[kind]
    consent = give_consent(
        metering_point=make.meter(home), holder_nif="12345678Z", given_by=member, at=NOW, until=NOW + HOUR
    )
    kept = keep_equipment(
        household=home,
        at=NOW,
        kind="inverter",
        maker="Fronius",
        model=f"{mark} Gen24",
        firmware="1",
        reached="lan",
    )
    pilot = begin(name=f"{mark} Estudio {kind}", scenario=scenario(), owner=street.people[founder].user, at=NOW)
    reached = MadeUpBrowser(f"https://push.example/{mark}{kind}").browser
    phone = add_device(member=member, browser=reached, name=f"{mark} Firefox", at=NOW)
    return {"consent": consent.pk, "equipment": kept.pk, "pilot": pilot.public_id, "home": home.pk,
            "meter": make.meter(home).public_id, "phone": phone.pk}  # fmt: skip


def _columns(street: Street, mark: str) -> Any:
    roles = {"Datum": "day", "Stunde": "hour", "Bezug": "import"}
    return keep_mapping(
        community=street.community,
        name=f"{mark} tabla",
        columns=roles,
        unit="kWh",
        labels="",
        sample=SAMPLE,
        at=NOW,
    )


def _policy(community: Community) -> Policy:
    weights = planner_only()
    return Policy.objects.create(
        community=community, status="champion", weights={**weights.as_json(), "story": {"made": "trained"}},
        digest=weights.digest, made_at=NOW - timedelta(days=20), champion_at=NOW - timedelta(days=3),
    )  # fmt: skip


def _money(street: Street) -> None:
    """The homes' accounts, the street's own, and a run for the bank."""
    admin = street.people["admin"]
    for kind, iban in (("resident", IBANS[0]), ("neighbour", IBANS[1])):
        keep_account(
            household=street.homes[kind], holder=street.people[kind].user.name, iban=iban,
            signed_on=date(2026, 11, 2), by=street.people[kind], at=NOW,
        )  # fmt: skip
    keep_creditor(by=admin, holder=street.community.name, iban=IBANS[2], creditor_id="ES26000G12345678", at=NOW)
    street.things["run"] = make_run(by=admin, at=NOW).public_id
