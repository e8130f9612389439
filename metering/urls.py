"""Addresses of the metering pages."""

from django.urls import URLPattern, URLResolver, path

from metering.views.board import board, send_reminder
from metering.views.changes import meter_changes
from metering.views.columns import columns, forget_columns
from metering.views.datadis import consent, datadis_account, revoke_consent
from metering.views.equipment import (
    edit_equipment,
    equipment,
    my_equipment,
    new_equipment,
    remove_equipment,
)
from metering.views.files import commit_file, meter_file, meter_files
from metering.views.gateways import end_meter_key, gateways, new_gateway, revoke_gateway
from metering.views.joining import ask_to_join, join_request, join_requests
from metering.views.roster import check_roster, import_roster, roster_template

urlpatterns: list[URLPattern | URLResolver] = [
    path("neighbours/import/", import_roster, name="import-roster"),
    path("neighbours/import/check/", check_roster, name="check-roster"),
    path("neighbours/import/template.csv", roster_template, name="roster-template"),
    path("neighbours/requests/", join_requests, name="join-requests"),
    path("neighbours/requests/<int:pk>/", join_request, name="join-request"),
    path("c/<slug:slug>/join/", ask_to_join, name="ask-to-join"),
    path("datadis/", datadis_account, name="datadis-account"),
    path("consent/", consent, name="consent"),
    path("consent/<int:pk>/revoke/", revoke_consent, name="revoke-consent"),
    path("completeness/<uuid:public_id>/remind/", send_reminder, name="send-reminder"),
    path("equipment/", equipment, name="equipment"),
    path("account/equipment/", my_equipment, name="my-equipment"),
    path("account/equipment/new/", new_equipment, name="new-equipment"),
    path("account/equipment/<int:pk>/", edit_equipment, name="edit-equipment"),
    path("account/equipment/<int:pk>/remove/", remove_equipment, name="remove-equipment"),
    path("gateways/", gateways, name="gateways"),
    path("gateways/new/", new_gateway, name="new-gateway"),
    path("gateways/keys/<int:pk>/end/", end_meter_key, name="end-meter-key"),
    path("gateways/<int:pk>/revoke/", revoke_gateway, name="revoke-gateway"),
    path("completeness/", board, name="completeness"),
    path("meter-files/", meter_files, name="meter-files"),
    path("meter-files/columns/", columns, name="meter-columns"),
    path("meter-files/columns/<int:pk>/forget/", forget_columns, name="forget-meter-columns"),
    path("metering-points/<uuid:public_id>/changes/", meter_changes, name="meter-changes"),
    path("meter-files/<uuid:public_id>/", meter_file, name="meter-file"),
    path("meter-files/<uuid:public_id>/commit/", commit_file, name="commit-meter-file"),
]
