"""Addresses of the metering pages."""

from django.urls import URLPattern, URLResolver, path

from metering.views.board import board, send_reminder
from metering.views.changes import meter_changes
from metering.views.columns import columns, forget_columns
from metering.views.datadis import consent, datadis_account, revoke_consent
from metering.views.files import commit_file, meter_file, meter_files
from metering.views.gateways import gateways, new_gateway, revoke_gateway

urlpatterns: list[URLPattern | URLResolver] = [
    path("datadis/", datadis_account, name="datadis-account"),
    path("consent/", consent, name="consent"),
    path("consent/<int:pk>/revoke/", revoke_consent, name="revoke-consent"),
    path("completeness/<uuid:public_id>/remind/", send_reminder, name="send-reminder"),
    path("gateways/", gateways, name="gateways"),
    path("gateways/new/", new_gateway, name="new-gateway"),
    path("gateways/<int:pk>/revoke/", revoke_gateway, name="revoke-gateway"),
    path("completeness/", board, name="completeness"),
    path("meter-files/", meter_files, name="meter-files"),
    path("meter-files/columns/", columns, name="meter-columns"),
    path("meter-files/columns/<int:pk>/forget/", forget_columns, name="forget-meter-columns"),
    path("metering-points/<uuid:public_id>/changes/", meter_changes, name="meter-changes"),
    path("meter-files/<uuid:public_id>/", meter_file, name="meter-file"),
    path("meter-files/<uuid:public_id>/commit/", commit_file, name="commit-meter-file"),
]
