"""Retailers' offers, the homes' contracts, and a check against a real bill: for administrators."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community import figures
from community.access import allowed
from community.models import Community, Household, OfferTerms, Tariff
from community.pages import page
from community.queries import in_street_order
from community.regulated import NotKnown
from community.roles import Can
from community.services.tariffs import TermsComeTooEarly, add_offer, give_contract
from community.tariff_book import MissingContract, TariffBook
from config import clock
from market.forms.tariff import BillForm, ContractForm, OfferForm, preset
from market.settlement.bill import check
from market.wording import tariffs as wording


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tariffs(request: HttpRequest) -> HttpResponse:
    """The offers, and which home has which contract; the form gives a home another one."""
    admin = allowed(request, Can.SET_TARIFFS)
    community, at = admin.community, clock.now()
    today = at.astimezone(community.zone).date()
    form = ContractForm(
        request.POST or None, community=community, tariffs=_usable(community), initial={"valid_from": today}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        give_contract(
            by=admin,
            household_id=given["household"].pk,
            tariff_id=given["tariff"].pk,
            valid_from=given["valid_from"],
            at=at,
        )
        words = _("%(home)s has %(tariff)s from %(day)s on.")
        day = figures.day_and_year(given["valid_from"])
        messages.success(request, words % {"home": given["household"], "tariff": given["tariff"], "day": day})
        return redirect("tariffs")
    book = TariffBook(community)
    homes = Household.objects.filter(community=community).order_by(in_street_order())
    offers = Tariff.objects.filter(contracts__household__community=community).distinct().in_bulk()
    context = {
        "section": "more",
        "form": form,
        "offers": wording.offers(_usable(community).prefetch_related("versions", "terms"), today),
        "homes": [
            (home, _home(home, book, at), offers.get(book.tariff_on(home.pk, today) or 0)) for home in homes
        ],
    }
    return page(request, "market/tariffs.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_offer(request: HttpRequest) -> HttpResponse:
    """Type an offer in; `?preset=` fills in a common one."""
    admin = allowed(request, Can.SET_TARIFFS)
    today = clock.now().astimezone(admin.community.zone).date()
    form = OfferForm(
        request.POST or None, initial=preset(request.GET.get("preset", ""), today, admin.community.region)
    )
    if request.method == "POST" and form.is_valid():
        try:
            tariff = add_offer(by=admin, offer=form.offer(), at=clock.now())
        except TermsComeTooEarly as error:
            words = _("This offer has terms from %(day)s on: new ones begin later.")
            form.add_error("valid_from", words % {"day": figures.day_and_year(error.last)})
        else:
            messages.success(request, _("%(tariff)s is there: give it to homes below.") % {"tariff": tariff})
            return redirect("tariffs")
    return page(
        request, "market/new_offer.html", {"section": "more", "form": form}, status=422 if form.errors else 200
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_bill(request: HttpRequest, pk: int) -> HttpResponse:
    """Work a real bill out and say whether it agrees."""
    admin = allowed(request, Can.SET_TARIFFS)
    tariff = get_object_or_404(_usable(admin.community), pk=pk)
    form = BillForm(request.POST or None)
    found: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        found = _checked(tariff, form)
    context = {"section": "more", "tariff": tariff, "form": form, **found}
    return page(request, "market/check_bill.html", context, status=422 if form.errors else 200)


def _checked(tariff: Tariff, form: BillForm) -> dict[str, Any]:
    given = form.cleaned_data
    terms = OfferTerms.objects.filter(tariff=tariff, valid_from__lte=given["last"]).order_by("-valid_from").first()
    if terms is None:
        form.add_error("last", _("This offer has no terms before that day."))
        return {}
    try:
        ours = form.ours(terms)
    except NotKnown:
        form.add_error("first", _("Azotea knows no tolls and taxes of that day: choose one from 2025 on."))
        return {}
    verdict = check(ours, int(given["total"] * 100))
    return {"verdict": wording.verdict(verdict), "agrees": verdict.agrees, "lines": wording.bill_lines(ours)}


def _usable(community: Community) -> QuerySet[Tariff]:
    """Offers of the community and the operator's."""
    return Tariff.objects.filter(Q(community=None) | Q(community=community)).order_by("retailer", "name")


def _home(home: Household, book: TariffBook, at: Any) -> str:
    """What a home pays and gets now."""
    try:
        prices = book.prices(home.pk, at)
    except MissingContract:
        return _("no contract yet: it cannot trade")
    words = _("%(band)s now: pays %(price)s, gets %(surplus)s")
    given = {
        "band": prices.period,
        "price": figures.price(prices.import_ueur_kwh),
        "surplus": figures.price(prices.feed_in_ueur_kwh),
    }
    return words % given
