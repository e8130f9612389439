"""Logs as tiles of 256 hashes, and entries in bundles of 256 (C2SP tlog-tiles): paths, contents, and reading them.

A tile at level L holds the hashes of complete subtrees of 256^L leaves. A full tile never changes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

from market.ledger.merkle import HASH_BYTES

WIDTH, LEVELS = 256, 8
MOST_ENTRY_BYTES = 65_535
ReadTile = Callable[[int, int], bytes]


def tile_path(index: int) -> str:
    """An index as the path names it, in groups of three.

    >>> tile_path(1_234_067)
    'x001/x234/067'
    """
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))


def tile_index(path: str) -> int:
    """The index that a path names. Raises ValueError for a path that names none."""
    groups = path.split("/")
    digits = [*(group.removeprefix("x") for group in groups[:-1]), groups[-1]]
    if not all(one.isdecimal() and one.isascii() and len(one) == 3 for one in digits):
        raise ValueError(f"{path} names no tile.")
    index = int("".join(digits))
    if tile_path(index) != path:
        raise ValueError(f"{path} names no tile.")
    return index


def widths(size: int) -> Iterator[tuple[int, int, int]]:
    """Level, number of full tiles and width of the partial one (0: none) of a log of so many entries."""
    level, hashes = 0, size
    while hashes:
        yield level, hashes // WIDTH, hashes % WIDTH
        level, hashes = level + 1, hashes // WIDTH


def tiles_of_proof(index: int, size: int) -> set[tuple[int, int]]:
    """The tiles (level, index) from which an entry's inclusion in the first `size` is proven."""
    wanted, level = set(), 0
    while hashes := size >> (LEVELS * level):
        wanted |= {(level, (index >> (LEVELS * level)) // WIDTH), (level, (hashes - 1) // WIDTH)}
        level += 1
    return wanted


class TileReader:
    """Subtrees of a log read from its tiles, each once; `read` gives what a tile (level, index) holds so far.

    `known` are tiles that were read already.
    """

    def __init__(self, read: ReadTile, known: Mapping[tuple[int, int], bytes] | None = None) -> None:
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = dict(known or {})

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree at a level of the tree. Raises ValueError where tiles lack it."""
        tile_level, inner = divmod(level, LEVELS)
        first = index << inner
        place = tile_level, first // WIDTH
        if place not in self._tiles:
            self._tiles[place] = self._read(*place)
        begin = first % WIDTH * HASH_BYTES
        data = self._tiles[place][begin : begin + (HASH_BYTES << inner)]
        if len(data) != HASH_BYTES << inner:
            raise ValueError(f"Tile {place} is too short for the subtree at level {level}, place {index}.")
        return folded(data)


def folded(hashes: bytes) -> bytes:
    """The hash over a power of two of subtrees, whose hashes stand one after the other."""
    while len(hashes) > HASH_BYTES:
        pairs = (hashes[i : i + 2 * HASH_BYTES] for i in range(0, len(hashes), 2 * HASH_BYTES))
        hashes = b"".join([sha256(b"\x01" + pair).digest() for pair in pairs])
    return hashes


def appended(leaves: Sequence[bytes], size: int, read: ReadTile) -> dict[tuple[int, int], bytes]:
    """Tiles that change when leaf hashes are added to a log of `size`, with all that they hold then."""
    changed: dict[tuple[int, int], bytes] = {}
    fresh, first, level = list(leaves), size, 0
    while fresh:
        above: list[bytes] = []
        index, begin = divmod(first, WIDTH)
        data = read(level, index)[: begin * HASH_BYTES] if begin else b""
        for one in fresh:
            data += one
            if len(data) == WIDTH * HASH_BYTES:
                changed[level, index] = data
                above.append(folded(data))
                data, index = b"", index + 1
        if data:
            changed[level, index] = data
        fresh, first, level = above, first // WIDTH, level + 1
    return changed


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries one after the other, each led by its length in two bytes. Raises ValueError for a longer one."""
    if any(len(entry) > MOST_ENTRY_BYTES for entry in entries):
        raise ValueError(f"An entry has {MOST_ENTRY_BYTES} bytes at most.")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundled(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError for one that breaks off."""
    entries, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entry = data[at + 2 : at + 2 + length]
        if len(data) < at + 2 or len(entry) != length:
            raise ValueError("The bundle breaks off.")
        entries.append(entry)
        at += 2 + length
    return entries
