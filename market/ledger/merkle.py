"""Merkle trees of RFC 6962: roots, proofs that an entry is in a log, and proofs that a log only grew.

A log is read through `Subtree`: the hash of the complete subtree at a level (2^level leaves) and place in it.
Proofs are checked against nothing but hashes; what cannot be a hash or a size proves nothing.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
Subtree = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees as one."""
    return sha256(b"\x01" + left + right).digest()


def root(size: int, subtree: Subtree) -> bytes:
    """The root of a log's first `size` entries."""
    return _range(0, size, subtree) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """What leads from an entry to the root of the first `size`, from the leaf up. Raises ValueError beyond it."""
    if not 0 <= index < size:
        raise ValueError(f"Entry {index} is not among the first {size}.")
    found, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return [_range(*span, subtree) for span in reversed(found)]


def consistency_proof(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """What shows that a log of `second` entries begins with that of `first`. Raises ValueError for other sizes."""
    if not 0 <= first <= second:
        raise ValueError(f"A log of {second} entries does not begin with one of {first}.")
    if first in {0, second}:
        return []
    return _sub_proof(first, 0, second, subtree, known=True)


def _sub_proof(first: int, low: int, high: int, subtree: Subtree, *, known: bool) -> list[bytes]:
    """RFC 6962 §2.1.2; `known` says that the verifier has the hash of the first part."""
    if first == high - low:
        return [] if known else [_range(low, high, subtree)]
    half = _split(high - low)
    if first <= half:
        return [*_sub_proof(first, low, low + half, subtree, known=known), _range(low + half, high, subtree)]
    rest = _sub_proof(first - half, low + half, high, subtree, known=False)
    return [*rest, _range(low, low + half, subtree)]


def proves_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], of: bytes) -> bool:
    """Whether the proof leads from a leaf at `index` to the root `of` a log of `size` (RFC 9162 §2.1.3.2)."""
    if not (0 <= index < size and _are_hashes(leaf, of, *proof)):
        return False
    place, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(one, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, one)
        place, last = place >> 1, last >> 1
    return last == 0 and found == of


def proves_growth(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a log of root `new` and `second` entries begins with that of root `old` and `first` (RFC 9162
    §2.1.4.2). Of the empty log nothing can be proven.
    """
    if 0 < first == second:
        return not proof and old == new
    if not (0 < first < second and _are_hashes(old, new, *proof)):
        return False
    steps = [old, *proof] if first & (first - 1) == 0 else list(proof)
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for one in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, one)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old and after == new


def _range(low: int, high: int, subtree: Subtree) -> bytes:
    """The hash over entries `[low, high)`; `low` is a multiple of the largest power of two in their number."""
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtree(level, low >> level)
    middle = low + _split(count)
    return node_hash(_range(low, middle, subtree), _range(middle, high, subtree))


def _split(count: int) -> int:
    """The largest power of two that is smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _are_hashes(*given: bytes) -> bool:
    return all(len(one) == HASH_BYTES for one in given)
