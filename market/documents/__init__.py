"""A month's statement as a file: one document, four ways of writing it, the same numbers to the cent."""

from market.documents.document import Day, DocumentLine, StatementDocument
from market.documents.payments import Payment, as_payment_list
from market.documents.pdf import as_pdf
from market.documents.report import ReportDocument, ReportTable, as_report_pdf
from market.documents.sepa import Batch, NotForBanks, Party, Transaction, as_collections, as_transfers
from market.documents.sheets import as_csv, as_json, as_xlsx

__all__ = [
    "Batch",
    "Day",
    "DocumentLine",
    "NotForBanks",
    "Party",
    "Payment",
    "ReportDocument",
    "ReportTable",
    "StatementDocument",
    "Transaction",
    "as_collections",
    "as_csv",
    "as_json",
    "as_payment_list",
    "as_pdf",
    "as_report_pdf",
    "as_transfers",
    "as_xlsx",
]
