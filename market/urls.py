"""Addresses of the market's pages."""

from django.urls import URLPattern, URLResolver, path, register_converter

from market.addresses import SlotStart
from market.views.bank import bank_account
from market.views.cables import cables
from market.views.closing import close, closing, correct, send_statements
from market.views.congestion import congestion, elements_csv, homes_csv
from market.views.forecasts import forecasts
from market.views.home import home
from market.views.law import law
from market.views.mandate import mandate
from market.views.months import month_csv, months, statement, statement_file
from market.views.my_sharing import agree, gestor, my_sharing
from market.views.payments import new_run, payment_desk, run_file
from market.views.pilots import found_community, new_pilot, pilot, pilot_pdf, share_pilot, studio
from market.views.policies import agents, take_back, train
from market.views.prices import published_prices
from market.views.proof import checkpoint, proof, receipt, tile, verifier
from market.views.rules import rules
from market.views.sharing import sharing, sharing_file
from market.views.sharing_advice import one_advice, sharing_advice
from market.views.slot import slot
from market.views.street import street
from market.views.tariffs import check_bill, new_offer, tariffs
from market.views.virtual_battery import virtual_battery

register_converter(SlotStart, "slot_start")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("slots/<slot_start:start>/", slot, name="slot"),
    path("slots/<slot_start:start>/receipt.zip", receipt, name="receipt"),
    path("proof/", proof, name="proof"),
    path("proof/verify_receipt.py", verifier, name="verifier"),
    path("log/checkpoint", checkpoint, name="log-checkpoint"),
    path("log/tile/<path:path>", tile, name="log-tile"),
    path("street/", street, name="community-day"),
    path("street/cables/", cables, name="cables"),
    path("street/congestion/", congestion, name="congestion"),
    path("street/congestion/<int:year>-<int:month>/", congestion, name="congestion-month"),
    path("street/congestion/<int:year>-<int:month>/limits.csv", elements_csv, name="congestion-limits-csv"),
    path("street/congestion/<int:year>-<int:month>/homes.csv", homes_csv, name="congestion-homes-csv"),
    path("street/forecasts/", forecasts, name="forecasts"),
    path("street/rules/", rules, name="street-rules"),
    path("street/law/", law, name="law"),
    path("rules/", mandate, name="mandate"),
    path("agents/", agents, name="agents"),
    path("agents/train/", train, name="train-agents"),
    path("agents/policies/<int:policy_id>/take-back/", take_back, name="take-policy-back"),
    path("closing/", closing, name="closing"),
    path("closing/<int:year>-<int:month>/close/", close, name="close-month"),
    path("closing/<int:year>-<int:month>/correct/", correct, name="correct-month"),
    path("closing/<int:year>-<int:month>/send/", send_statements, name="send-statements"),
    path("payments/", payment_desk, name="payment-desk"),
    path("payments/new/", new_run, name="new-payment-run"),
    path("payments/<uuid:public_id>/<slug:name>.xml", run_file, name="payment-file"),
    path("payments/<uuid:public_id>/all.csv", run_file, {"name": "all"}, name="payment-list"),
    path("account/bank/", bank_account, name="bank-account"),
    path("pilots/", studio, name="studio"),
    path("pilots/new/", new_pilot, name="new-pilot"),
    path("pilots/<uuid:public_id>/", pilot, name="pilot"),
    path("pilots/<uuid:public_id>/report.pdf", pilot_pdf, name="pilot-pdf"),
    path("pilots/<uuid:public_id>/share/", share_pilot, name="share-pilot"),
    path("pilots/<uuid:public_id>/found/", found_community, name="found-community"),
    path("sharing/", sharing, name="sharing"),
    path("sharing/<int:pk>/<slug:ends>.txt", sharing_file, name="sharing-file"),
    path("sharing/advice/", sharing_advice, name="sharing-advice"),
    path("sharing/advice/<int:pk>/", one_advice, name="one-advice"),
    path("sharing/mine/", my_sharing, name="my-sharing"),
    path("sharing/mine/<int:pk>/agree/", agree, name="agree-sharing"),
    path("sharing/mine/gestor/", gestor, name="gestor"),
    path("tariffs/", tariffs, name="tariffs"),
    path("tariffs/prices/", published_prices, name="published-prices"),
    path("tariffs/new/", new_offer, name="new-offer"),
    path("tariffs/<int:pk>/check/", check_bill, name="check-bill"),
    path("virtual-battery/", virtual_battery, name="virtual-battery"),
    path("months/", months, name="months"),
    path("months/<int:year>-<int:month>/", statement, name="statement"),
    path("months/<int:year>-<int:month>/statement.<str:form>", statement_file, name="statement-file"),
    path("months/<int:year>-<int:month>.csv", month_csv, name="month-csv"),
]
