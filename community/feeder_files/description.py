"""What a feeder's file must say, and what can be wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field


class FeederFault(ValueError):
    """The network cannot be used; `code` is stable, `facts` name the elements."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(f"{code}: {', '.join(facts.values())}")
        self.code, self.facts = code, facts


@dataclass(frozen=True, slots=True)
class Bus:
    """A connection of the feeder."""

    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Cable:
    """A line between two buses, in either direction: ohm, ampere (None: not known)."""

    code: str
    ends: tuple[str, str]
    r_ohm: float
    x_ohm: float
    limit_a: float | None = None
    r0_ohm: float | None = None
    x0_ohm: float | None = None


@dataclass(frozen=True, slots=True)
class Plate:
    """What a transformer's plate says, in VA and in ohm of its low-voltage side."""

    s_va: float | None = None
    r_ohm: float = 0.0
    x_ohm: float = 0.0


@dataclass(frozen=True, slots=True)
class FeederFile:
    """A radial low-voltage network behind one transformer; voltages per unit of `nominal_v` (line to line).

    `slack_pu` is the voltage without load behind the transformer, taps included. `root` is its bus. Raises
    `FeederFault`: `no-buses`, `unknown-bus`, `no-impedance`, `loop`, `island`, `voltage-band`.
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

    def __post_init__(self) -> None:
        known = {bus.code for bus in self.buses}
        if self.root not in known or len(known) != len(self.buses):
            raise FeederFault("no-buses", bus=self.root)
        for cable in self.cables:
            unknown = set(cable.ends) - known
            if unknown:
                raise FeederFault("unknown-bus", line=cable.code, bus=min(unknown))
            if not (cable.r_ohm > 0 and cable.x_ohm >= 0):
                raise FeederFault("no-impedance", line=cable.code)
        if not self.v_min_pu < self.slack_pu < self.v_max_pu:
            raise FeederFault("voltage-band", slack=f"{self.slack_pu:.3f}")
        reached = {self.root, *(child for _cable, _parent, child in outwards(self.root, self.cables))}
        if reached != known:
            raise FeederFault("island", buses=", ".join(sorted(known - reached)))


def outwards(root: str, cables: Sequence[Cable]) -> list[tuple[Cable, str, str]]:
    """Each cable with its ends in the order (nearer the root, farther from it), outwards from the root.

    Raises `FeederFault`: `loop` names the lines of one, `island` the lines that nothing joins to the root.
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
                raise FeederFault("loop", lines=", ".join(_loop(came, cable)))
            came[other] = (cable, bus)
            answer.append((cable, bus, other))
            waiting.append(other)
    if len(answer) < len(cables):
        raise FeederFault("island", lines=", ".join(cable.code for cable in cables if cable.code not in seen))
    return answer


def _loop(came: dict[str, tuple[Cable, str] | None], last: Cable) -> list[str]:
    """The lines of the loop that `last` closes: both ways back to where they meet."""
    ways = []
    for end in last.ends:
        way, step = [], came[end]
        while step is not None:
            way.append(step[0].code)
            step = came[step[1]]
        ways.append(way)
    one, two = ([code for code in ways[i] if code not in ways[1 - i]] for i in range(2))
    return [*one, last.code, *reversed(two)]
