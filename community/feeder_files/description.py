"""What a feeder's file must say, and what can be wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

MOST_CODE = 32  # letters of a code, as many as the database keeps
MOST_TOLD = 300
MOST_BUSES = 50_000


class FeederFault(ValueError):
    """The network cannot be used; `code` is stable, `facts` name the elements."""

    def __init__(self, code: str, /, **facts: str) -> None:
        told = {name: _shortened(value) for name, value in facts.items()}
        super().__init__(f"{code}: {', '.join(told.values())}")
        self.code, self.facts = code, told


def _shortened(value: str) -> str:
    """So much of what stands in a file as a sentence can hold, without letters that nobody sees."""
    told = value if len(value) <= MOST_TOLD else f"{value[:MOST_TOLD]}…"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in told)


@dataclass(frozen=True, slots=True)
class Bus:
    """A connection of the feeder."""

    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Cable:
    """A line between two buses, in either direction: ohm, ampere (None: not known).

    `is_transformer`: it leads through another transformer to another substation's busbar.
    """

    code: str
    ends: tuple[str, str]
    r_ohm: float
    x_ohm: float
    limit_a: float | None = None
    r0_ohm: float | None = None
    x0_ohm: float | None = None
    is_transformer: bool = False


@dataclass(frozen=True, slots=True)
class Plate:
    """What a transformer's plate says, in VA and in ohm of its low-voltage side."""

    s_va: float | None = None
    r_ohm: float = 0.0
    x_ohm: float = 0.0


@dataclass(frozen=True, slots=True)
class FeederFile:
    """A radial low-voltage network behind one transformer; voltages per unit of `nominal_v` (line to line).

    `slack_pu` is the voltage without load behind the transformer, taps included. `root` is its bus, `left_out`
    names what the file holds and the feeder does not. Raises `FeederFault`: `unknown-root`, `bus-twice`,
    `line-twice`, `code-too-long`, `bad-letters`, `too-many`, `unknown-bus`, `no-impedance`, `bad-figure`,
    `voltage-band`, `loop`, `island`.
    """

    name: str
    root: str
    buses: tuple[Bus, ...]
    cables: tuple[Cable, ...]
    transformer: Plate = field(default_factory=Plate)
    nominal_v: float = 400.0
    slack_pu: float = 1.0
    v_min_pu: float = 0.9
    v_max_pu: float = 1.1
    source: str = ""
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if max(len(self.buses), len(self.cables)) > MOST_BUSES:
            raise FeederFault("too-many", most=str(MOST_BUSES))
        for kind, text in (("file", self.name), *(("bus", bus.name) for bus in self.buses)):
            _check_letters(kind, text)
        known = _once([bus.code for bus in self.buses], "bus-twice", "bus")
        if self.root not in known:
            raise FeederFault("unknown-root", bus=self.root)
        _once([cable.code for cable in self.cables], "line-twice", "line")
        for cable in self.cables:
            _check_cable(cable, known)
        _check_figures(self)
        reached = {self.root, *(child for _cable, _parent, child in outwards(self.root, self.cables))}
        if reached != known:
            raise FeederFault("island", buses=", ".join(sorted(known - reached)))


def _once(codes: Sequence[str], fault: str, kind: str) -> set[str]:
    """The codes as a set, each short enough and there once."""
    known: set[str] = set()
    for code in codes:
        if code in known:
            raise FeederFault(fault, **{kind: code})
        if not 0 < len(code) <= MOST_CODE:
            raise FeederFault("code-too-long", kind=kind, code=code)
        _check_letters(kind, code)
        known.add(code)
    return known


def _check_letters(kind: str, text: str) -> None:
    """No letters that nobody sees, such as NUL: the database and pages know none."""
    if not text.isprintable():
        raise FeederFault("bad-letters", kind=kind, code=ascii(text[:40])[1:-1])


def _check_cable(cable: Cable, known: set[str]) -> None:
    unknown = set(cable.ends) - known
    if unknown:
        raise FeederFault("unknown-bus", line=cable.code, bus=min(unknown))
    if not (cable.r_ohm > 0 and cable.x_ohm >= 0 and isfinite(cable.r_ohm + cable.x_ohm)):
        raise FeederFault("no-impedance", line=cable.code, field="r_ohm" if cable.x_ohm >= 0 else "x_ohm")
    if cable.limit_a is not None and not cable.limit_a > 0:
        raise FeederFault("bad-figure", kind="line", code=cable.code, field="limit_a", value=str(cable.limit_a))
    for name, figure in (("r0_ohm", cable.r0_ohm), ("x0_ohm", cable.x0_ohm)):
        if figure is not None and not figure >= 0:
            raise FeederFault("bad-figure", kind="line", code=cable.code, field=name, value=str(figure))


def _check_figures(described: FeederFile) -> None:
    plate = described.transformer
    figures = (
        ("s_kva", plate.s_va, plate.s_va is None or plate.s_va > 0),
        ("r_ohm_lv", plate.r_ohm, plate.r_ohm >= 0),
        ("x_ohm_lv", plate.x_ohm, plate.x_ohm >= 0),
        ("vn_v", described.nominal_v, 0 < described.nominal_v <= 1_000),
    )
    for name, value, plausible in figures:
        if not (plausible and isfinite(value or 0.0)):
            raise FeederFault("bad-figure", kind="transformer", code="", field=name, value=str(value))
    if not described.v_min_pu < described.slack_pu < described.v_max_pu:
        low, high = f"{described.v_min_pu:.3f}", f"{described.v_max_pu:.3f}"
        raise FeederFault("voltage-band", slack=f"{described.slack_pu:.3f}", low=low, high=high)


def outwards(root: str, cables: Sequence[Cable]) -> list[tuple[Cable, str, str]]:
    """Each cable with its ends in the order (nearer the root, farther from it), outwards from the root.

    Raises `FeederFault`: `loop` names the lines and buses of one, `island` the lines that nothing joins to the
    root.
    """
    at: dict[str, list[Cable]] = {}
    for cable in cables:
        for end in cable.ends:
            at.setdefault(end, []).append(cable)
    came: dict[str, tuple[Cable, str] | None] = {root: None}
    answer: list[tuple[Cable, str, str]] = []
    seen: set[str] = set()
    waiting = [root]
    for bus in waiting:
        for cable in at.get(bus, []):
            if cable.code in seen:
                continue
            seen.add(cable.code)
            other = cable.ends[1] if cable.ends[0] == bus else cable.ends[0]
            if other in came:
                lines, buses = _loop(came, cable)
                raise FeederFault("loop", lines=", ".join(lines), buses=", ".join(buses))
            came[other] = (cable, bus)
            answer.append((cable, bus, other))
            waiting.append(other)
    if len(answer) < len(cables):
        raise FeederFault("island", lines=", ".join(cable.code for cable in cables if cable.code not in seen))
    return answer


def _loop(came: dict[str, tuple[Cable, str] | None], last: Cable) -> tuple[list[str], list[str]]:
    """The lines and the buses of the loop that `last` closes: both ways back to where they meet."""
    lines, buses = [], []
    for end in last.ends:
        way, passed, bus = [], [end], end
        while (step := came[bus]) is not None:
            bus = step[1]
            way.append(step[0].code)
            passed.append(bus)
        lines.append(way)
        buses.append(passed)
    one, two = ([code for code in lines[i] if code not in lines[1 - i]] for i in range(2))
    near, far = ([bus for bus in buses[i] if bus not in buses[1 - i]] for i in range(2))
    meeting = next(bus for bus in buses[0] if bus in buses[1])
    around = [*near, meeting, *reversed(far)]
    return [*one, last.code, *reversed(two)], list(dict.fromkeys(around))
