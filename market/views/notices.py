"""Of what a member is told and how; its devices; and ending a kind of letter with one click."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from community.access import member_of
from community.pages import page
from config import clock
from config.tenancy import across_all, within
from config.web_push import BadBrowser, Browser, is_known_service, public_key
from market.models import Notice, PushDevice
from market.queries.notices import NEVER_PUSHED, choices_of, offered
from market.services.notices import (
    NoSuchLetter,
    add_device,
    keep_choices,
    remove_device,
    stop_letters,
    whose_letter,
)
from market.wording.notices import browser_name, notice_rows

SHOWN = 10


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """Every event with its ways, the member's devices, and what was told lately."""
    member = member_of(request)
    if request.method == "POST":
        language = request.POST.get("language", "")
        keep_choices(
            member=member,
            by_email=request.POST.getlist("email"),
            by_push=request.POST.getlist("push"),
            language=language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE,
            at=clock.now(),
        )
        messages.success(request, _("Kept. From now on you are told of these."))
        return redirect("notices")
    chosen = choices_of(member)
    told = Notice.objects.filter(member=member).order_by("-changed_at", "-pk")[:SHOWN]
    context = {
        "section": "more",
        "events": [
            (event, event in chosen.by_email, event in chosen.by_push, event in NEVER_PUSHED)
            for event in offered(member)
        ],
        "chosen_language": chosen.language,
        "devices": PushDevice.objects.filter(member=member).order_by("-added_at", "-pk"),
        "push_key": public_key(settings.PUSH_KEY) if settings.PUSH_KEY else "",
        "told": notice_rows(told),
    }
    return page(request, "market/notices.html", context)


@login_required
@require_POST
def new_device(request: HttpRequest) -> HttpResponse:
    """Let the site speak to this browser."""
    member = member_of(request)
    local = tuple(filter(None, settings.OUTBOUND_LOCAL.split(",")))
    try:
        browser = Browser.read(request.POST.get("subscription", ""))
    except BadBrowser:
        messages.error(request, _("The browser did not say where it is reached. Nothing was kept."))
        return redirect("notices")
    if not settings.PUSH_KEY or not is_known_service(browser.endpoint, settings.PUSH_SERVICES, local):
        messages.error(request, _("This browser's push service is none that this site speaks to."))
        return redirect("notices")
    name = browser_name(request.headers.get("User-Agent", ""))
    # A browser that a neighbour of another community used before is theirs no longer.
    with across_all():
        add_device(member=member, browser=browser, name=name, at=clock.now())
    messages.success(request, _("From now on you are told things here, too."))
    return redirect("notices")


@login_required
@require_POST
def forget_device(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no more to one of the member's browsers."""
    device = get_object_or_404(PushDevice, member=member_of(request), pk=pk)
    remove_device(member=device.member, device_id=pk)
    messages.success(request, _("That browser is told nothing more."))
    return redirect("notices")


# A mail program ends letters without cookies and so without a CSRF token; the signed link names member and kind
# and allows nothing else.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end_letters(request: HttpRequest, token: str) -> HttpResponse:
    """End one kind of letter. Looking at the link changes nothing: programs that check links follow them."""
    try:
        # Only the signed link says whose letters these are.
        with across_all():
            member, event = whose_letter(token)
    except NoSuchLetter:
        return page(request, "market/end_letters.html", {"unknown": True}, status=404)
    with within(member.community_id):
        if request.method == "POST":
            stop_letters(member=member, event=event, at=clock.now())
        language = choices_of(member).language
    with translation.override(language):
        context = {"kind": event.label, "done": request.method == "POST", "member": None}
        return page(request, "market/end_letters.html", context)
