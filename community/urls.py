"""Addresses of the community's pages."""

from django.urls import URLPattern, URLResolver, path

from community.views.join import join
from community.views.more import more
from community.views.neighbours import invite, neighbours, prioritise, revoke_invitation

urlpatterns: list[URLPattern | URLResolver] = [
    path("neighbours/", neighbours, name="members"),
    path("neighbours/homes/<int:pk>/priority/", prioritise, name="prioritise"),
    path("neighbours/invite/", invite, name="invite"),
    path("neighbours/invitations/<int:pk>/revoke/", revoke_invitation, name="revoke-invitation"),
    path("join/<str:secret>/", join, name="accept-invitation"),
    path("more/", more, name="more"),
]
