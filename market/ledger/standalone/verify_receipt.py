"""Check a receipt of Azotea's ledger, offline: python3 verify_receipt.py FOLDER [the log's key, noted before]

It says whether figures, head and orders hold. Note each month's key and head: a rewritten log contradicts them.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys
from datetime import datetime
from typing import Any

Point = tuple[int, int, int, int]
P, ORDER, FILES = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, ("opening", "mandate", "signature")
D, PERIODS = -121665 * pow(121666, P - 2, P) % P, {"P1", "P2", "P3"}
spelled = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
Wrong = ValueError  # something of the proof does not hold


def b64(text: str) -> bytes:
    """Bytes of base64 in its one right spelling."""
    if base64.b64encode(data := base64.b64decode(text)).decode() != text:
        raise Wrong("base64 with idle bits: " + text[:40])
    return data


def add(a: Point, b: Point) -> Point:
    """Two points of the curve (extended coordinates, RFC 8032 section 5.1.4)."""
    u, v = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    w, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (v - u) * (z - w) % P, (z + w) * (v + u) % P, (z - w) * (z + w) % P, (v - u) * (v + u) % P


def times(number: int, point: Point) -> Point:
    """A point added to itself so many times."""
    found = nothing = (0, 1, 1, 0)
    for bit in f"{number:b}":
        found = add(add(found, found), point if bit == "1" else nothing)
    return found


def point_of(data: bytes) -> Point:
    """The point that 32 bytes name."""
    sign, y = divmod(int.from_bytes(data, "little"), 1 << 255)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - square) % P else x
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and sign):
        raise Wrong("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is right."""
    scalar, own, r = int.from_bytes(signature[32:], "little"), point_of(key), point_of(signature[:32])
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    a, b = times(scalar, BASE), add(r, times(k, own))
    return len(signature) == 64 and scalar < ORDER and not any((a[i] * b[2] - b[i] * a[2]) % P for i in (0, 1))


def rows_of(note: str, vkey: str, first: str = "") -> list[str]:
    """The lines of a note that the key signed; the first is `first`, or the key's name."""
    name, number, key = vkey.split("+", 2)
    ident = hashlib.sha256(name.encode() + b"\n" + (data := b64(key))).digest()[:4]
    if data[0] != 1 or ident.hex() != number:
        raise Wrong("this is no key of a log: " + vkey)
    text, gap, lines = note.rpartition("\n\n")
    rows = [*text.split("\n"), ""]
    if not gap or len(rows) < 4 or rows[0] != (first or name):
        raise Wrong("the head is not of " + name)
    for line in lines.removesuffix("\n").split("\n"):
        dash, own, signature = line.split(" ")
        raw = b64(signature)
        if dash == "\u2014" and own == name and raw[:4] == ident:
            if not signed(data[1:], (text + "\n").encode(), raw[4:]):
                raise Wrong("the head's signature is wrong")
            return rows
    raise Wrong("the log did not sign this head")


def followed(vkey: str, changes: list[str]) -> str:
    """The key that replaced a noted one, by changes that the old and the new key both signed."""
    for old, new, note in [(*one.split("\n")[1:3], one) for one in changes]:
        if old == vkey and new.split("+")[0] == old.split("+")[0]:
            vkey = new if all(rows_of(note, key, "azotea/key-change/1") for key in (old, new)) else vkey
    return vkey


def root_of(place: int, last: int, found: bytes, hashes: list[bytes]) -> bytes:
    """The root that a proof leads to from a leaf's place and the last one's (RFC 9162 section 2.1.3.2)."""
    for one in hashes:
        if last == 0 or len(one) != 32:
            raise Wrong("the proof is too long")
        right = place & 1 or place == last
        found = hashlib.sha256(b"\1" + (one + found if right else found + one)).digest()
        while right and not place & 1 and place:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return found


def check(proof: str, entry: bytes, opening: dict[str, Any], salt: bytes, vkey: str) -> tuple[int, bytes]:
    """Raise Wrong unless all of a receipt holds; the head's size and root."""
    top, gap, note = proof.partition("\n\n")
    kind, *lines = (line for line in top.split("\n") if not line.startswith("extra "))
    if kind != "c2sp.org/tlog-proof@v1" or not gap or not lines or not lines[0].startswith("index "):
        raise Wrong("this is no receipt")
    rows, index = rows_of(note, vkey), int(lines[0][6:])
    size, root = int(rows[1]), b64(rows[2])
    leaf, odd = hashlib.sha256(b"\0" + entry).digest(), [lines[0][6:], rows[1]] != [str(index), str(size)]
    if odd or not 0 <= index < size or root_of(index, size - 1, leaf, [b64(line) for line in lines[1:]]) != root:
        raise Wrong("the entry is not in the log at this place")
    own = {"cm": hmac.digest(salt, spelled(opening).encode(), "sha256").hex(), "slot": opening["slot"], "v": 1}
    if spelled(own | {"t": opening.get("t", "posting")}).encode() != entry:
        raise Wrong("these figures are not the ones that were committed to")
    return size, root


def touching(mandate: Any, clock: Any, slot: str) -> list[Any]:
    """A mandate's rules that hold in a slot, by the local time and the tariff period that its entry states."""
    local = datetime.fromisoformat(clock["local"])
    if local != datetime.fromisoformat(slot.replace("Z", "+00:00")):
        raise Wrong("the local time is not that of the slot")
    begins, found = local.hour * 60 + local.minute, []
    for rule in mandate["hours"]:
        first, last = rule["from_minute"], rule["to_minute"]
        on, before = (rule["days"] in ("every", "rest" if rests else "working") for rests in clock["rest"])
        late, early = begins + clock["minutes"] > first, begins < last
        own = on and late and early if first < last else (on and late) or (before and early)
        found += [rule] if (rule["period"] == clock["period"] if rule["period"] else own) else []
    return found


def allowed(opening: dict[str, Any], mandate: Any, signature: Any) -> list[Any]:
    """Orders that no mandate allowed. Raise Wrong where the entry cites another mandate, or another signature."""
    orders, clock = opening["orders"], opening.get("clock")
    nothing, *own = (hashlib.sha256(spelled(one).encode()).hexdigest() for one in (None, mandate, signature))
    if any(s not in ("buy", "sell") or (type(e), type(p)) != (int, int) for s, e, p in orders):
        raise Wrong("an order is not written as it should be")
    if own != [opening["mandate"] or nothing, opening.get("signed", nothing)]:
        raise Wrong("this is not the mandate that the entry cites, or not the signature under it")
    if signature is not None:
        client = json.loads(b64(signature["client_data"]))
        asked = base64.urlsafe_b64encode(bytes.fromhex(opening["mandate"])).decode().rstrip("=")
        if (client["type"], client["challenge"], client["origin"].isprintable()) != ("webauthn.get", asked, True):
            raise Wrong("another mandate was signed")
        show("Mandate: signed at", client["origin"], "by a passkey; verify_receipt.html checks the signature")
    rules = touching(mandate, clock, opening["slot"]) if mandate and clock else []
    over = mandate is None or mandate["paused"] or (mandate["valid_until"] or "9")[:16] <= opening["slot"][:16]
    if over or not all(one["may_trade"] for one in rules):
        return list(orders)
    least = max(one["min_sell_ueur_kwh"] or 0 for one in [mandate, *rules])
    most = min(one["max_buy_ueur_kwh"] for one in [mandate, *rules] if one["max_buy_ueur_kwh"] is not None)
    within, at = {"sell": range(least, 2**63), "buy": range(most + 1)}, {clock["period"]} if clock else PERIODS
    return [[s, e, p] for s, e, p in orders if not (e > 0 and p in within[s] and at & {*mandate[s + "_periods"]})]


def show(*words: Any) -> None:
    """Say it on one line: what a receipt holds cannot write a verdict of its own below it, or over it."""
    print(*("".join(one if one.isprintable() else "?" for one in str(word)) for word in words))


def main(folder: str, vkey: str | None = None) -> int:
    """Check the receipt in a folder and say what was found."""
    given = {one.name: one.read_bytes() for one in pathlib.Path(folder).glob("*.*") if one.is_file()}
    try:
        entry, texts = given["entry.json"], [given.get(f"{one}.json", b"null").decode() for one in FILES]
        said, mandate, signature = values = [json.loads(one) for one in texts]
        opening, salt = said["opening"], bytes.fromhex(said["salt"])
        shown, meant = ("".join("".join(each).split()) for each in (texts, map(json.dumps, values)))
        if shown != meant or salt.hex() != said["salt"]:
            raise Wrong("a file says something twice, or not as the log's site spells it")
        key = followed(vkey or said["log_key"], said.get("key_changes", []))
        size, root = check(given["receipt.tlog-proof"].decode(), entry, opening, salt, key)
        breaches = allowed(opening, mandate, signature)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        show("WRONG:", error)
        return 1
    show("RIGHT:", opening.get("t", "slot"), opening["slot"], "stands in the log as stated.")
    show("Head: size", size, "root", base64.b64encode(root).decode())
    show("Key:", key, "follows the one given" if vkey else "as the receipt says: is it the one that you noted?")
    for one in opening["orders"]:
        show("BREACH: no mandate allowed this:" if one in breaches else "   ordered:", *one[:2], "Wh at", one[2])
    for name in filter(lambda one: one.endswith(("_wh", "_neur", "_cents", "clock")), sorted(opening)):
        show("  ", name, opening[name])
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
