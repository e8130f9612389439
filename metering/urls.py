"""Addresses of the metering pages."""

from django.urls import URLPattern, URLResolver, path

from metering.views.board import board
from metering.views.files import commit_file, meter_file, meter_files

urlpatterns: list[URLPattern | URLResolver] = [
    path("completeness/", board, name="completeness"),
    path("meter-files/", meter_files, name="meter-files"),
    path("meter-files/<uuid:public_id>/", meter_file, name="meter-file"),
    path("meter-files/<uuid:public_id>/commit/", commit_file, name="commit-meter-file"),
]
