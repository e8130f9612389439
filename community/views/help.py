"""Help inside the site, for everybody, logged in or not."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from community import help as pages
from community.pages import page
from community.wording import roles as wording


@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    """What can be read, by whom it was written for."""
    language = get_language() or pages.FALLBACK
    groups = {
        name: [pages.help_page(slug, language) for slug in slugs]
        for name, slugs in (
            ("members", pages.FOR_MEMBERS),
            ("admins", pages.FOR_ADMINS),
            ("integrators", pages.FOR_INTEGRATORS),
        )
    }
    return page(request, "community/help_index.html", {"section": "more", **groups})


@require_safe
def help_roles(request: HttpRequest) -> HttpResponse:
    """What each role can and cannot do, also for those who have no membership: integrators and operators."""
    context = {"section": "more", "lists": wording.lists(), "never": wording.nobody_may()}
    return page(request, "community/help_roles.html", context)


@require_safe
def help_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One page of the help."""
    try:
        found = pages.help_page(slug, get_language() or pages.FALLBACK)
    except KeyError as error:
        raise Http404("There is no such page of the help.") from error
    return page(request, "community/help.html", {"section": "more", "help": found})
