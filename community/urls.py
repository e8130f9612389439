"""Addresses of the community's pages."""

from django.urls import URLPattern, URLResolver, path

from community.views.announcements import (
    announcement,
    announcements,
    announcements_by_mail,
    dismiss_announcement,
    end_announcement,
    new_announcement,
    resend_announcement,
)
from community.views.cables import check_cables, connect_homes, new_cables
from community.views.help import help_index, help_page, help_roles
from community.views.installed import manifest, offline, service_worker
from community.views.invitations import invite, invite_again, letters, revoke_invitation
from community.views.join import join
from community.views.more import more
from community.views.neighbours import prioritise
from community.views.outside import outside
from community.views.roles import roles
from community.views.styleguide import styleguide

urlpatterns: list[URLPattern | URLResolver] = [
    path("neighbours/homes/<int:pk>/priority/", prioritise, name="prioritise"),
    path("neighbours/invite/", invite, name="invite"),
    path("neighbours/letters/", letters, name="letters"),
    path("neighbours/invitations/<int:pk>/again/", invite_again, name="invite-again"),
    path("neighbours/invitations/<int:pk>/revoke/", revoke_invitation, name="revoke-invitation"),
    path("street/cables/new/", new_cables, name="new-cables"),
    path("street/cables/new/check/", check_cables, name="check-cables"),
    path("street/cables/homes/", connect_homes, name="connect-homes"),
    path("join/<str:secret>/", join, name="accept-invitation"),
    path("street/outside/", outside, name="outside"),
    path("announcements/", announcements, name="announcements"),
    path("announcements/new/", new_announcement, name="new-announcement"),
    path("announcements/mail/", announcements_by_mail, name="announcements-by-mail"),
    path("announcements/<int:pk>/", announcement, name="announcement"),
    path("announcements/<int:pk>/end/", end_announcement, name="end-announcement"),
    path("announcements/<int:pk>/again/", resend_announcement, name="resend-announcement"),
    path("announcements/<int:pk>/dismiss/", dismiss_announcement, name="dismiss-announcement"),
    path("roles/", roles, name="roles"),
    path("help/", help_index, name="help"),
    path("help/roles/", help_roles, name="help-roles"),
    path("help/<slug:slug>/", help_page, name="help-page"),
    path("styleguide/", styleguide, name="styleguide"),
    path("more/", more, name="more"),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("sw.js", service_worker, name="service-worker"),
    path("offline/<slug:language>/", offline, name="offline"),
]
