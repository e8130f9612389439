"""Addresses of the API, its description and its try-it page."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from config.api.docs import TryItView
from market.api.acknowledgements import Acknowledgements
from market.api.congestion import MonthCongestion
from market.api.envelope import OperatingEnvelope
from market.api.plan import Plan
from metering.api.completeness import MonthCompleteness
from metering.api.files import MeterFiles, OneMeterFile
from metering.api.hand_over import HandOver
from metering.api.keys import MeterKeys
from metering.api.views import DeviceStates, MeteringPoints, Readings

urlpatterns = [
    path("metering-points", MeteringPoints.as_view(), name="api-metering-points"),
    path("metering-points/<uuid:public_id>/readings", Readings.as_view(), name="api-readings"),
    path("metering-points/<uuid:public_id>/acknowledgements", Acknowledgements.as_view(), name="api-answers"),
    path("metering-points/<uuid:public_id>/completeness", MonthCompleteness.as_view(), name="api-completeness"),
    path("metering-points/<uuid:public_id>/congestion", MonthCongestion.as_view(), name="api-congestion"),
    path("metering-points/<uuid:public_id>/device-states", DeviceStates.as_view(), name="api-device-states"),
    path("metering-points/<uuid:public_id>/envelope", OperatingEnvelope.as_view(), name="api-envelope"),
    path("metering-points/<uuid:public_id>/keys", MeterKeys.as_view(), name="api-keys"),
    path("metering-points/<uuid:public_id>/plan", Plan.as_view(), name="api-plan"),
    path("hand-over", HandOver.as_view(), name="api-hand-over"),
    path("meter-files", MeterFiles.as_view(), name="api-meter-files"),
    path("meter-files/<uuid:public_id>", OneMeterFile.as_view(), name="api-meter-file"),
    path("schema", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs", TryItView.as_view(), name="api-docs"),
]
