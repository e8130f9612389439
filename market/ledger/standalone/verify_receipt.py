#!/usr/bin/env python3
"""Check a receipt of Azotea's ledger: offline, with nothing but Python 3.9 or newer.

    python3 verify_receipt.py FOLDER            the folder of an unpacked receipt
    python3 verify_receipt.py FOLDER VKEY       ... and the log's key as you noted it before

It says whether your figures are those that the community's log committed to, and whether the log's signed head
holds them. Note the key and the head of each month: a log that was rewritten contradicts them.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

Point = tuple[int, int, int, int]
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493


class Wrong(Exception):
    """Something of the proof does not hold."""


def b64(text: str) -> bytes:
    """Bytes of base64 in its one right spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong("not base64: " + text[:40]) from error
    if base64.b64encode(data).decode() != text:
        raise Wrong("base64 with idle bits: " + text[:40])
    return data


def add(a: Point, b: Point) -> Point:
    """Two points of the curve (extended coordinates, RFC 8032 section 5.1.4)."""
    u = (a[1] - a[0]) * (b[1] - b[0]) % P
    v = (a[1] + a[0]) * (b[1] + b[0]) % P
    w, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = v - u, z - w, z + w, v + u
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    """A point added to itself so many times."""
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def point_of(data: bytes) -> Point:
    """The point that 32 bytes name."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if len(data) != 32 or y >= P:
        raise Wrong("no point of the curve")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        raise Wrong("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is right."""
    if len(signature) != 64:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= ORDER:
        return False
    try:
        own, r = point_of(key), point_of(signature[:32])
    except Wrong:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(scalar, BASE), add(r, times(k, own))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


def head_of(note: str, vkey: str) -> tuple[int, bytes]:
    """Size and root of a head that the key signed."""
    name, number, key = vkey.split("+", 2)
    data = b64(key)
    ident = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if data[0] != 1 or ident.hex() != number:
        raise Wrong("this is no key of a log: " + vkey)
    text, gap, lines = note.rpartition("\n\n")
    text += "\n"
    rows = text.split("\n")
    if not gap or len(rows) < 4 or rows[0] != name:
        raise Wrong("the head is not of " + name)
    for line in lines.splitlines():
        dash, own, signature = line.split(" ")
        raw = b64(signature)
        if dash == "\u2014" and own == name and raw[:4] == ident:
            if not signed(data[1:], text.encode(), raw[4:]):
                raise Wrong("the head's signature is wrong")
            return int(rows[1]), b64(rows[2])
    raise Wrong("the log did not sign this head")


def root_of(index: int, size: int, leaf: bytes, hashes: Sequence[bytes]) -> bytes:
    """The root that a proof leads to (RFC 9162 section 2.1.3.2)."""
    place, last, found = index, size - 1, leaf
    for one in hashes:
        if last == 0 or len(one) != 32:
            raise Wrong("the proof is too long")
        if place & 1 or place == last:
            found = hashlib.sha256(b"\1" + one + found).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + one).digest()
        place, last = place >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return found


def check(proof: str, entry: bytes, opening: dict[str, Any], salt: bytes, vkey: str) -> tuple[int, bytes]:
    """Raise Wrong unless all of a receipt holds; the head's size and root."""
    top, gap, note = proof.partition("\n\n")
    lines = top.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or not gap:
        raise Wrong("this is no receipt")
    lines = [line for line in lines[1:] if not line.startswith("extra ")]
    if not lines or not lines[0].startswith("index "):
        raise Wrong("the receipt names no entry")
    size, root = head_of(note, vkey)
    leaf = hashlib.sha256(b"\0" + entry).digest()
    index = int(lines[0][6:])
    if not 0 <= index < size or root_of(index, size, leaf, [b64(line) for line in lines[1:]]) != root:
        raise Wrong("the entry is not in the log at this place")
    spelled = json.dumps(opening, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if hmac.new(salt, spelled, "sha256").hexdigest() != json.loads(entry)["cm"]:
        raise Wrong("these figures are not the ones that were committed to")
    if opening["slot"] != json.loads(entry)["slot"]:
        raise Wrong("the entry is of another slot")
    return size, root


def main(folder: str, vkey: str | None = None) -> int:
    """Check the receipt in a folder and say what was found."""
    here = pathlib.Path(folder)
    said = json.loads((here / "opening.json").read_text(encoding="utf-8"))
    try:
        size, root = check(
            (here / "receipt.tlog-proof").read_text(encoding="utf-8"), (here / "entry.json").read_bytes(),
            said["opening"], bytes.fromhex(said["salt"]), vkey or said["log_key"],
        )  # fmt: skip
    except (Wrong, ValueError, KeyError, IndexError) as error:
        print("WRONG:", error)
        return 1
    print("RIGHT: slot", said["opening"]["slot"], "stands in the log as stated.")
    print("Head: size", size, "root", base64.b64encode(root).decode())
    mandate = json.loads((here / "mandate.json").read_text(encoding="utf-8"))
    if mandate is not None:
        spelled = json.dumps(mandate, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        if hashlib.sha256(spelled).hexdigest() != said["opening"]["mandate"]:
            print("WRONG: this is not the mandate that the entry cites")
            return 1
        print("Mandate: sell from", mandate["min_sell_ueur_kwh"], "buy up to", mandate["max_buy_ueur_kwh"])
    for side, energy, limit in said["opening"]["orders"]:
        print("   ordered:", side, energy, "Wh at", limit)
        sells = side == "sell"
        if (
            mandate is None
            or limit < mandate["min_sell_ueur_kwh"] * sells
            or (not sells and limit > mandate["max_buy_ueur_kwh"])
        ):
            print("BREACH: no mandate allowed this order")
            return 1
    for name in ("import_wh", "export_wh", "bought_wh", "sold_wh", "paid_neur", "earned_neur"):
        print("  ", name, said["opening"][name])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
