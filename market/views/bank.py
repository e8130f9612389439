"""A home's bank account and its mandate, as its resident types them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.access import freshly_authenticated, household_of, member_of
from community.pages import page
from config import clock
from market.forms.payments import AccountForm
from market.models import BankAccount
from market.services.payments import keep_account


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bank_account(request: HttpRequest) -> HttpResponse:
    """The account that holds, and a form for another one."""
    household, at = household_of(request), clock.now()
    freshly_authenticated(request)
    held = BankAccount.objects.filter(household=household, replaced_at=None).first()
    form = AccountForm(
        request.POST or None, initial={"holder": held.holder if held else member_of(request).user.name}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        today = at.astimezone(household.community.zone).date()
        keep_account(
            household=household,
            holder=given["holder"],
            iban=given["iban"],
            signed_on=today if given["mandate"] else None,
            by=member_of(request),
            at=at,
        )
        messages.success(request, _("The account is kept; only its last four figures are shown."))
        return redirect("bank-account")
    context = {"section": "more", "household": household, "held": held, "form": form}
    return page(request, "market/bank_account.html", context, status=422 if form.errors else 200)
