"""Addresses of the community's pages."""

from django.urls import URLPattern, URLResolver, path

from community.views.cables import check_cables, connect_homes, new_cables
from community.views.join import join
from community.views.more import more
from community.views.neighbours import invite, neighbours, prioritise, revoke_invitation

urlpatterns: list[URLPattern | URLResolver] = [
    path("neighbours/", neighbours, name="members"),
    path("neighbours/homes/<int:pk>/priority/", prioritise, name="prioritise"),
    path("neighbours/invite/", invite, name="invite"),
    path("neighbours/invitations/<int:pk>/revoke/", revoke_invitation, name="revoke-invitation"),
    path("street/cables/new/", new_cables, name="new-cables"),
    path("street/cables/new/check/", check_cables, name="check-cables"),
    path("street/cables/homes/", connect_homes, name="connect-homes"),
    path("join/<str:secret>/", join, name="accept-invitation"),
    path("more/", more, name="more"),
]
