"""Addresses of the market's pages."""

from django.urls import URLPattern, URLResolver, path, register_converter

from market.addresses import SlotStart
from market.views.anchors import anchor_costs, anchor_file, anchored_head
from market.views.audit import audit, audit_csv, my_log
from market.views.bank import bank_account
from market.views.cables import cables
from market.views.closing import close, closing, correct, send_statements
from market.views.congestion import congestion, elements_csv, homes_csv
from market.views.energy import energy, energy_csv
from market.views.erasure import confirm_erasure, erase_me, erasures
from market.views.forecasts import forecasts
from market.views.founding import check_new_community, new_community
from market.views.home import home
from market.views.identity import did_document
from market.views.jobs import jobs, repeat_job
from market.views.law import law
from market.views.mandate import mandate, yesterday
from market.views.market import market
from market.views.months import month_csv, months, statement, statement_file
from market.views.my_sharing import agree, gestor, my_sharing
from market.views.neighbours import end_membership, neighbours
from market.views.notices import end_letters, forget_device, new_device, notices
from market.views.operations import live, metrics, ready
from market.views.own_records import own_records
from market.views.payments import new_run, payment_desk, run_file
from market.views.pilots import found_community, new_pilot, pilot, pilot_pdf, share_pilot, studio
from market.views.policies import agents, take_back, train
from market.views.prices import published_prices
from market.views.privacy import privacy
from market.views.proof import checkpoint, consistency, proof, receipt, statement_receipt, tile, verifier
from market.views.public import public_checkpoint, public_figures
from market.views.rules import rules
from market.views.sharing import sharing, sharing_file
from market.views.sharing_advice import one_advice, sharing_advice
from market.views.slot import slot
from market.views.status import status
from market.views.street import street
from market.views.tariffs import check_bill, new_offer, tariffs
from market.views.virtual_battery import virtual_battery
from market.views.what_if import tried, try_slot, yesterday_answer
from market.views.when import when

register_converter(SlotStart, "slot_start")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("energy/", energy, name="energy"),
    path("energy/energy.csv", energy_csv, name="energy-csv"),
    path("health/live", live, name="live"),
    path("health/ready", ready, name="ready"),
    path("metrics", metrics, name="metrics"),
    path("operator/status/", status, name="status"),
    path("operator/new-community/", new_community, name="new-community"),
    path("operator/new-community/check/", check_new_community, name="check-new-community"),
    path("operator/new-community/<slug:step>/", new_community, name="new-community-step"),
    path("operator/jobs/", jobs, name="jobs"),
    path("operator/jobs/<int:pk>/again/", repeat_job, name="repeat-job"),
    path("market/", market, name="market"),
    path("when/", when, name="when"),
    path("slots/<slot_start:start>/", slot, name="slot"),
    path("slots/<slot_start:start>/receipt.zip", receipt, name="receipt"),
    path("slots/<slot_start:start>/what-if/", try_slot, name="try-slot"),
    path("what-if/<int:pk>/", tried, name="tried"),
    path("neighbours/", neighbours, name="members"),
    path("neighbours/members/<int:pk>/end/", end_membership, name="end-membership"),
    path("c/<slug:slug>/", public_figures, name="public-figures"),
    path("c/<slug:slug>/checkpoint", public_checkpoint, name="public-checkpoint"),
    path("proof/", proof, name="proof"),
    path("proof/verify_receipt.py", verifier, name="verifier"),
    path("proof/costs/", anchor_costs, name="anchor-costs"),
    path("proof/anchors/<int:size>/head.txt", anchored_head, name="anchored-head"),
    path("proof/anchors/<int:size>/<slug:kind>", anchor_file, name="anchor-file"),
    path("c/<slug:slug>/did.json", did_document, name="did-document"),
    path("log/checkpoint", checkpoint, name="log-checkpoint"),
    path("log/consistency/<int:first>/<int:second>", consistency, name="log-consistency"),
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
    path("rules/yesterday/", yesterday, name="yesterday"),
    path("rules/yesterday/<int:pk>/", yesterday_answer, name="yesterday-answer"),
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
    path("account/privacy/", privacy, name="privacy"),
    path("account/notices/", notices, name="notices"),
    path("account/notices/devices/", new_device, name="new-device"),
    path("account/notices/devices/<int:pk>/forget/", forget_device, name="forget-device"),
    path("letters/end/<str:token>/", end_letters, name="end-letters"),
    path("account/data/", own_records, name="own-records"),
    path("account/erase/", erase_me, name="erase-me"),
    path("erasures/", erasures, name="erasures"),
    path("erasures/<int:pk>/confirm/", confirm_erasure, name="confirm-erasure"),
    path("account/privacy/log/", my_log, name="my-log"),
    path("audit/", audit, name="audit"),
    path("audit/audit.csv", audit_csv, name="audit-csv"),
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
    path("months/<int:year>-<int:month>/receipt.zip", statement_receipt, name="statement-receipt"),
    path("months/<int:year>-<int:month>/statement.<str:form>", statement_file, name="statement-file"),
    path("months/<int:year>-<int:month>.csv", month_csv, name="month-csv"),
]
