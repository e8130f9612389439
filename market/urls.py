"""Addresses of the market's pages."""

from django.urls import URLPattern, URLResolver, path, register_converter

from market.addresses import SlotStart
from market.views.home import home
from market.views.slot import slot

register_converter(SlotStart, "slot_start")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("slots/<slot_start:start>/", slot, name="slot"),
]
