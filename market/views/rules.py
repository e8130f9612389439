"""The rules of the street: every member reads them, administrators set them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community import figures
from community.access import allowed, empowered, member_of
from community.models import Member
from community.pages import page
from community.roles import Can
from config import clock
from market.forms.rules import RulesForm, written_rules
from market.queries.due import next_to_open
from market.services.rules import set_rules
from market.wording import rules as wording

EXPLAINED = ("price_rule", "fairness_rule", "rent_rule", "pool_rule")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    """Show the rules in force; a valid form of an administrator replaces them for the slots to come."""
    member = allowed(request, Can.SET_RULES) if request.method == "POST" else member_of(request)
    if not empowered(member, Can.SET_RULES):
        context = {
            "section": "more",
            "community": member.community,
            "chapters": wording.chapters(member.community),
        }
        return page(request, "market/rules.html", context)
    form = RulesForm(request.POST or None, initial=written_rules(member.community))
    begins = _begins(member)
    if request.method == "POST" and form.is_valid():
        set_rules(by=member, rules=form.rules(), at=clock.now())
        messages.success(request, _("Saved. These rules count from %(slot)s on.") % {"slot": begins})
        return redirect("street-rules")
    explained = {name: {"field": form[name], "choices": wording.choices(form[name])} for name in EXPLAINED}
    context = {
        "section": "more", "community": member.community, "form": form, "explained": explained, "begins": begins,
    }  # fmt: skip
    return page(request, "market/rules.html", context, status=422 if form.errors else 200)


def _begins(member: Member) -> str:
    """Local day and time of the first slot that is not open yet: the first that new rules are frozen into."""
    start = next_to_open(member.community, clock.now())
    return f"{figures.day(timezone.localtime(start).date())}, {figures.clock(start)}"
