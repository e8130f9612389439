"""What somebody who brings a feeder in should know about it before it is stored: gaps, and what fills them."""

from dataclasses import dataclass

from community.feeder_files.description import FeederFile

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Remark:
    """`code` is stable; `count` of how many, `names` the first of them."""

    code: str
    count: int = 0
    names: tuple[str, ...] = ()


def remarks(described: FeederFile) -> list[Remark]:
    """Everything that is assumed, left out or unusual, the most important first."""
    cables, plate = described.cables, described.transformer
    named = (
        ("no-limit", [cable.code for cable in cables if cable.limit_a is None]),
        ("zero-sequence", [cable.code for cable in cables if cable.r0_ohm is None or cable.x0_ohm is None]),
        ("other-substation", [cable.code for cable in cables if cable.is_transformer]),
        ("left-out", list(described.left_out)),
    )
    found = [Remark("assumed")] if described.source.startswith("assumed") else []
    if not cables:
        found.append(Remark("no-lines"))
    if plate.s_va is None:
        found.append(Remark("no-rating"))
    if not plate.r_ohm and not plate.x_ohm:
        found.append(Remark("no-transformer-impedance"))
    return found + [Remark(code, len(names), tuple(names[:SHOWN])) for code, names in named if names]
