"""An administrator's payments: what is due, runs for the bank, and the files of each."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.access import allowed, freshly_authenticated
from community.models import Community, What
from community.pages import page
from community.roles import Can
from community.services.audit import note_look, record_for
from config import clock
from config.sealing import unseal
from market.documents import (
    Batch,
    Party,
    Payment,
    Transaction,
    as_collections,
    as_payment_list,
    as_transfers,
)
from market.forms.payments import CreditorForm
from market.models import CreditorAccount, PaymentItem, PaymentRun
from market.services.payments import NothingDue, due, keep_creditor, make_run

# Banks want collections some days before, transfers the day before.
FILES = ("all", "collect", "transfer")
COLLECTED_AFTER, TRANSFERRED_AFTER = timedelta(days=5), timedelta(days=1)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def payment_desk(request: HttpRequest) -> HttpResponse:
    """What is due, the runs so far, and the community's own account."""
    admin = allowed(request, Can.PAY)
    community = admin.community
    account = CreditorAccount.objects.filter(community=community).first()
    facts = (
        {"holder": account.holder, "creditor_id": account.creditor_id} if account else {"holder": community.name}
    )
    form = CreditorForm(request.POST or None, initial=facts)
    if request.method == "POST" and form.is_valid():
        freshly_authenticated(request)
        keep_creditor(by=admin, at=clock.now(), **form.cleaned_data)
        messages.success(request, _("The community's account is kept."))
        return redirect("payment-desk")
    found = [one for one in due(community) if one.cents]
    homes = {one.statement.household_id: one.statement.household for one in found}
    note_look(homes.values(), What.PAYMENTS_SEEN, at=clock.now(), by=admin)
    context: dict[str, Any] = {
        "section": "more",
        "form": form,
        "account": account,
        "due": found,
        "to_collect_cents": -sum(one.cents for one in found if one.cents < 0),
        "to_pay_cents": sum(one.cents for one in found if one.cents > 0),
        "runs": _runs(community),
    }
    return page(request, "market/payment_desk.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def new_run(request: HttpRequest) -> HttpResponse:
    """Take what is due into a run."""
    by = allowed(request, Can.PAY)
    freshly_authenticated(request, keep=True)
    try:
        make_run(by=by, at=clock.now())
    except NothingDue:
        messages.warning(request, _("Nothing is due: every statement is in a run already."))
    else:
        messages.success(request, _("The run is made: hand its files to the bank."))
    return redirect("payment-desk")


@login_required
@require_safe
def run_file(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """A file of a run: `collect.xml` (pain.008), `transfer.xml` (pain.001) or `all.csv`."""
    admin = allowed(request, Can.PAY)
    community = admin.community
    freshly_authenticated(request)
    if name not in FILES:
        raise Http404("There is no such file.")
    run = get_object_or_404(PaymentRun, public_id=public_id, community=community)
    items = list(
        run.items.exclude(cents=0)
        .select_related("account", "statement__household__member__user")
        .order_by("statement__household__name", "pk")
    )
    homes = {item.statement.household_id: item.statement.household for item in items}
    record_for(homes.values(), What.PAYMENT_FILE_READ, at=clock.now(), by=admin, about=run, reason=name)
    if name == "all":
        return _download(as_payment_list([_listed(item) for item in items]), "text/csv; charset=utf-8", run, "csv")
    account = CreditorAccount.objects.filter(community=community).first()
    collect = name == "collect"
    moved = [item for item in items if item.account is not None and (item.cents < 0) == collect]
    # A file that lacks one of its payments would be worse than none.
    forgotten = any(not item.account.sealed_iban for item in moved if item.account is not None)
    if account is None or not moved or forgotten:
        raise Http404("There is no such file.")
    batch = Batch(
        Party(account.holder, unseal(account.sealed_iban)),
        f"{'C' if collect else 'T'}{run.public_id.hex}"[:35],
        run.made_at,
        (run.made_at + (COLLECTED_AFTER if collect else TRANSFERRED_AFTER)).date(),
        [_transaction(item, community) for item in moved],
        account.creditor_id,
    )
    content = as_collections(batch) if collect else as_transfers(batch)
    return _download(content, "application/xml", run, "xml", name)


def _runs(community: Community) -> list[PaymentRun]:
    by_bank = Q(items__account__isnull=False)
    counted = PaymentRun.objects.filter(community=community).annotate(
        count=Count("items", filter=~Q(items__cents=0)),
        collected=Count("items", filter=by_bank & Q(items__cents__lt=0)),
        transferred=Count("items", filter=by_bank & Q(items__cents__gt=0)),
        by_hand=Count("items", filter=Q(items__account=None) & ~Q(items__cents=0)),
        sum_cents=Sum("items__cents"),
    )
    return list(counted.order_by("-made_at"))


def _transaction(item: PaymentItem, community: Community) -> Transaction:
    account, statement = item.account, item.statement
    assert account is not None
    text = f"{community.name} {statement.month:%Y-%m}"
    return Transaction(
        Party(account.holder, unseal(account.sealed_iban)),
        abs(item.cents),
        statement.public_id.hex,
        f"{text} v{statement.version}" if statement.version > 1 else text,
        account.mandate_reference,
        account.mandate_signed_on,
    )


def _listed(item: PaymentItem) -> Payment:
    home = item.statement.household
    # What somebody owed or was owed before is nothing to who looks after the home now.
    member = home.member if item.statement.month >= home.own_since else None
    name = "" if member is None else member.user.name
    return Payment(home.name, name, item.statement.version, str(item.statement.public_id), item.cents)


def _download(content: bytes, kind: str, run: PaymentRun, ending: str, what: str = "payments") -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="azotea-{what}-{run.made_at:%Y-%m-%d}.{ending}"'
    return response
