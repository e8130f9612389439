"""What every address of the site asks of whoever comes: the table that walks over the site hold it to.

A new route has to be entered here: who may come in, by which methods, and whose the object is that it names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from community.models import Member
from community.roles import MAY, Can
from metering.models import ApiToken

Scope = ApiToken.Scope
# Besides a `Can` and a token's scope, what may be asked for: nothing, an account, a membership (that may have ended), the site itself.
PUBLIC, ACCOUNT, MEMBER, FORMER, OPERATOR = "public", "account", "member", "former", "operator"
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Asks:
    """What one route asks for. `things`: parameters of its address to kinds of objects; `own_of`: the persons whom
    the two objects of this street belong to, where they are somebody's and not the street's; `also`: who reaches
    both none the less; `post`: what sending asks for beyond looking; `rest`: parameters that name no object."""

    need: str
    methods: tuple[str, ...] = GET
    things: dict[str, str] = field(default_factory=dict)
    own_of: tuple[str, str] | None = None
    also: Can | None = None
    post: Can | None = None
    rest: dict[str, Any] = field(default_factory=dict)


MONTH = {"year": 2026, "month": 11}
PK = "pk"
RESIDENTS, FOUNDERS = ("resident", "neighbour"), ("admin", "owner")
ROUTES: dict[str, Asks] = {
    # The home's own pages.
    "home": Asks(MEMBER),
    "energy": Asks(MEMBER),
    "energy-csv": Asks(MEMBER),
    "market": Asks(MEMBER),
    "when": Asks(MEMBER),
    "slot": Asks(MEMBER, things={"start": "slot"}),
    "receipt": Asks(MEMBER, things={"start": "slot"}),
    "proof": Asks(MEMBER),
    "verifier": Asks(ACCOUNT),
    "log-checkpoint": Asks(MEMBER),
    "log-consistency": Asks(MEMBER, rest={"first": 1, "second": 1}),
    "log-tile": Asks(MEMBER, rest={"path": "entries/000.p/5"}),
    "try-slot": Asks(MEMBER, POST, {"start": "slot"}),
    "tried": Asks(MEMBER, rest={PK: 1}),
    "anchor-costs": Asks(MEMBER),
    "anchored-head": Asks(MEMBER, rest={"size": 1}),
    "anchor-file": Asks(MEMBER, rest={"size": 1, "kind": "none"}),
    "statement-receipt": Asks(MEMBER, rest=MONTH),
    "mandate": Asks(MEMBER, BOTH),
    "yesterday": Asks(MEMBER, POST),
    "yesterday-answer": Asks(MEMBER, rest={PK: 1}),
    "months": Asks(MEMBER),
    "statement": Asks(MEMBER, rest=MONTH),
    "statement-file": Asks(MEMBER, rest=MONTH | {"form": "json"}),
    "month-csv": Asks(MEMBER, rest=MONTH),
    "virtual-battery": Asks(MEMBER),
    "my-sharing": Asks(MEMBER),
    "agree-sharing": Asks(MEMBER, POST, {PK: "shares"}),
    "gestor": Asks(MEMBER, POST),
    # The member's own account.
    "bank-account": Asks(MEMBER, BOTH),
    "privacy": Asks(MEMBER),
    "own-records": Asks(FORMER, BOTH),
    "erase-me": Asks(FORMER, BOTH),
    "my-log": Asks(MEMBER),
    "consent": Asks(MEMBER, BOTH),
    "revoke-consent": Asks(MEMBER, POST, {PK: "consent"}, own_of=RESIDENTS),
    "my-equipment": Asks(MEMBER),
    "new-equipment": Asks(MEMBER, BOTH),
    "edit-equipment": Asks(MEMBER, BOTH, {PK: "equipment"}, RESIDENTS, Can.BRING_METERS),
    "remove-equipment": Asks(MEMBER, POST, {PK: "equipment"}, RESIDENTS, Can.BRING_METERS),
    "notices": Asks(MEMBER, BOTH),
    "new-device": Asks(MEMBER, POST),
    "forget-device": Asks(MEMBER, POST, {PK: "phone"}, own_of=RESIDENTS),
    "more": Asks(MEMBER),
    "announcements": Asks(MEMBER),
    "announcements-by-mail": Asks(MEMBER, POST),
    "dismiss-announcement": Asks(MEMBER, POST, {PK: "announcement"}),
    # What every member sees of the street.
    "community-day": Asks(MEMBER),
    "cables": Asks(MEMBER),
    "congestion": Asks(MEMBER),
    "congestion-month": Asks(MEMBER, rest=MONTH),
    "congestion-limits-csv": Asks(MEMBER, rest=MONTH),
    "street-rules": Asks(MEMBER, BOTH, post=Can.SET_RULES),
    "law": Asks(MEMBER, BOTH, post=Can.SET_RULES),
    "roles": Asks(MEMBER, BOTH, post=Can.GIVE_ROLES),
    # Others' data and money.
    "forecasts": Asks(Can.SEE_STREET),
    "congestion-homes-csv": Asks(Can.SEE_MONTHS, rest=MONTH),
    "closing": Asks(Can.SEE_MONTHS),
    "close-month": Asks(Can.CLOSE_MONTHS, POST, rest=MONTH),
    "correct-month": Asks(Can.CLOSE_MONTHS, POST, rest=MONTH),
    "send-statements": Asks(Can.CLOSE_MONTHS, POST, rest=MONTH),
    "payment-desk": Asks(Can.PAY, BOTH),
    "new-payment-run": Asks(Can.PAY, POST),
    "payment-file": Asks(Can.PAY, things={"public_id": "run"}, rest={"name": "transfer"}),
    "payment-list": Asks(Can.PAY, things={"public_id": "run"}),
    "erasures": Asks(Can.ERASE),
    "confirm-erasure": Asks(Can.ERASE, POST, {PK: "wish"}),
    "audit": Asks(Can.SEE_AUDIT),
    "audit-csv": Asks(Can.SEE_AUDIT),
    "members": Asks(Can.INVITE),
    "prioritise": Asks(Can.INVITE, POST, {PK: "home"}),
    "invite": Asks(Can.INVITE, BOTH),
    "revoke-invitation": Asks(Can.INVITE, POST, {PK: "invitation"}),
    "invite-again": Asks(Can.INVITE, POST, {PK: "invitation"}),
    "letters": Asks(Can.INVITE, BOTH),
    "import-roster": Asks(Can.INVITE, BOTH),
    "check-roster": Asks(Can.INVITE, BOTH),
    "roster-template": Asks(Can.INVITE),
    "join-requests": Asks(Can.INVITE),
    "join-request": Asks(Can.INVITE, BOTH, {PK: "asking"}),
    "end-membership": Asks(Can.END_MEMBERSHIPS, BOTH, {PK: "member"}),
    "new-announcement": Asks(Can.ANNOUNCE, BOTH),
    "announcement": Asks(Can.ANNOUNCE, things={PK: "announcement"}),
    "end-announcement": Asks(Can.ANNOUNCE, POST, {PK: "announcement"}),
    "resend-announcement": Asks(Can.ANNOUNCE, POST, {PK: "announcement"}),
    "outside": Asks(Can.SET_RULES, BOTH),
    "equipment": Asks(Can.SEE_METERS),
    "completeness": Asks(Can.SEE_METERS),
    "send-reminder": Asks(Can.BRING_METERS, POST, {"public_id": "meter"}),
    "meter-changes": Asks(Can.BRING_METERS, BOTH, {"public_id": "meter"}),
    "meter-files": Asks(Can.BRING_METERS, BOTH),
    "meter-file": Asks(Can.BRING_METERS, things={"public_id": "file"}),
    "commit-meter-file": Asks(Can.BRING_METERS, POST, {"public_id": "file"}),
    "meter-columns": Asks(Can.BRING_METERS, BOTH),
    "forget-meter-columns": Asks(Can.BRING_METERS, POST, {PK: "columns"}),
    "datadis-account": Asks(Can.BRING_METERS, BOTH),
    "gateways": Asks(Can.GIVE_TOKENS),
    "new-gateway": Asks(Can.GIVE_TOKENS, BOTH),
    "end-meter-key": Asks(Can.GIVE_TOKENS, POST, {PK: "meter_key"}),
    "revoke-gateway": Asks(Can.GIVE_TOKENS, POST, {PK: "token"}),
    "new-cables": Asks(Can.SET_CABLES, BOTH),
    "check-cables": Asks(Can.SET_CABLES, BOTH),
    "connect-homes": Asks(Can.SET_CABLES, BOTH),
    "agents": Asks(Can.RUN_AGENTS),
    "train-agents": Asks(Can.RUN_AGENTS, POST),
    "take-policy-back": Asks(Can.RUN_AGENTS, POST, {"policy_id": "policy"}),
    "tariffs": Asks(Can.SET_TARIFFS, BOTH),
    "published-prices": Asks(Can.SET_TARIFFS, BOTH),
    "new-offer": Asks(Can.SET_TARIFFS, BOTH),
    "check-bill": Asks(Can.SET_TARIFFS, BOTH, {PK: "tariff"}),
    "sharing": Asks(Can.SET_SHARING, BOTH),
    "sharing-file": Asks(Can.SET_SHARING, things={PK: "shares"}, rest={"ends": "crlf"}),
    "sharing-advice": Asks(Can.SET_SHARING, BOTH),
    "one-advice": Asks(Can.SET_SHARING, BOTH, {PK: "advice"}),
    "studio": Asks(Can.RUN_PILOTS),
    "new-pilot": Asks(Can.RUN_PILOTS, BOTH),
    "pilot": Asks(PUBLIC, things={"public_id": "pilot"}, own_of=FOUNDERS),
    "pilot-pdf": Asks(PUBLIC, things={"public_id": "pilot"}, own_of=FOUNDERS),
    "share-pilot": Asks(Can.RUN_PILOTS, POST, {"public_id": "pilot"}, own_of=FOUNDERS),
    "found-community": Asks(Can.RUN_PILOTS, POST, {"public_id": "pilot"}, own_of=FOUNDERS),
    # The site's own.
    "status": Asks(OPERATOR),
    "jobs": Asks(OPERATOR),
    "new-community": Asks(OPERATOR, BOTH),
    "new-community-step": Asks(OPERATOR, BOTH, rest={"step": "homes"}),
    "check-new-community": Asks(OPERATOR, BOTH),
    "repeat-job": Asks(OPERATOR, POST, rest={PK: 1}),
    "manifest": Asks(PUBLIC),
    "service-worker": Asks(PUBLIC),
    "offline": Asks(PUBLIC, rest={"language": "es"}),
    "end-letters": Asks(PUBLIC, BOTH, rest={"token": "none"}),
    "help": Asks(PUBLIC),
    "help-roles": Asks(PUBLIC),
    "help-page": Asks(PUBLIC, rest={"slug": "none"}),
    "styleguide": Asks(PUBLIC),
    "did-document": Asks(PUBLIC, rest={"slug": "none"}),
    "live": Asks(PUBLIC),
    "ready": Asks(PUBLIC),
    "metrics": Asks(PUBLIC),
    "security_txt": Asks(PUBLIC),
    "set_language": Asks(PUBLIC, BOTH),
    "ask-to-join": Asks(PUBLIC, BOTH, rest={"slug": "calle"}),
    "public-figures": Asks(PUBLIC, rest={"slug": "calle"}),
    "public-checkpoint": Asks(PUBLIC, rest={"slug": "calle"}),
    "accept-invitation": Asks(PUBLIC, BOTH, rest={"secret": "none"}),
    "login": Asks(PUBLIC, BOTH),
    "logout": Asks(ACCOUNT, BOTH),
    # For integrators.
    "api-metering-points": Asks(Scope.READINGS_READ),
    "api-readings": Asks(Scope.READINGS_READ, GET, {"public_id": "meter"}),
    "api-completeness": Asks(Scope.READINGS_READ, GET, {"public_id": "meter"}),
    "api-congestion": Asks(Scope.PLANS_READ, GET, {"public_id": "meter"}),
    "api-envelope": Asks(Scope.PLANS_READ, GET, {"public_id": "meter"}),
    "api-keys": Asks(Scope.READINGS_WRITE, BOTH, {"public_id": "meter"}),
    "api-plan": Asks(Scope.PLANS_READ, GET, {"public_id": "meter"}),
    "api-answers": Asks(Scope.STATES_WRITE, POST, {"public_id": "meter"}),
    "api-device-states": Asks(Scope.STATES_WRITE, POST, {"public_id": "meter"}),
    "api-meter-files": Asks(Scope.READINGS_WRITE, POST),
    "api-meter-file": Asks(Scope.READINGS_WRITE, GET, {"public_id": "file"}),
    "api-hand-over": Asks(PUBLIC, POST),
    "api-schema": Asks(PUBLIC),
    "api-docs": Asks(PUBLIC),
}
# Their addresses name what the walkers' street has not got, or a page that is for development: open, and not found.
MAY_BE_MISSING = {"pilot-pdf", "roles", "tried", "yesterday-answer", "try-slot", "anchored-head", "anchor-file", "help-page", "styleguide",
                  "did-document", "end-letters"}  # fmt: skip
# Pages that tell whoever runs the site of every street by its name.
OVER_ALL = {"status"}
# Doors of django-allauth: whoever they serve, they name nothing of anybody but the visitor's own.
OF_ACCOUNTS = ("account_", "mfa_", "usersessions_")


def named(patterns: Any = None, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route of the URL table with its name; routes without one bear their pattern."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from named(pattern.url_patterns, inside)
        else:
            yield f"{space}{pattern.name or pattern.pattern}", pattern


def address(name: str, things: dict[str, Any]) -> str:
    """The address of a route with these objects in it."""
    asks = ROUTES[name]
    filled = {part: things[kind] for part, kind in asks.things.items()}
    return reverse(name, kwargs={**asks.rest, **filled})


def may_enter(need: str, kind: str) -> bool:
    """Whether somebody of a kind (a role, `left`, `operator`, `anonymous`) may come in, by the table of roles."""
    if need == PUBLIC:
        return True
    if kind == "operator":  # who runs the site tries streets out as well, and belongs to none
        return need in {OPERATOR, ACCOUNT, Can.RUN_PILOTS}
    role = "resident" if kind == "neighbour" else kind
    if role not in Member.Role.values:
        return need in {ACCOUNT, FORMER} and kind == "left"
    return need in {MEMBER, FORMER, ACCOUNT} or need in MAY[role]


def reaches(asks: Asks, kind: str, where: str) -> bool:
    """Whether somebody who came in reaches the object: one of this street, of the neighbour, or of the other."""
    if not asks.things:
        return True
    if where == "theirs":
        return False
    if asks.own_of is None or asks.also in MAY.get(kind, frozenset()):
        return True
    return kind == asks.own_of[where == "neighbours"]
