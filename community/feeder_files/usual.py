"""A feeder where nothing is known: what a distributor would usually build, and says so in its source.

Figures: NAYY 4×150 (0.206 and 0.080 ohm/km, 270 A) in streets, NYY 4×50 copper (0.387 and 0.083 ohm/km, 168 A) as
riser of a building, 15 m of NYY 4×16 (1.15 and 0.09 ohm/km, 100 A) to each house; transformers of standard sizes
with 4 % short-circuit voltage and the copper losses of EN 50588-1 (Ak).
"""

from collections.abc import Sequence

from community.feeder_files.description import Bus, Cable, FeederFile, Plate

STREET_CABLE = (0.206, 0.080, 270.0)
RISER = (0.387, 0.083, 168.0)
HOUSE_CABLE = (1.15, 0.09, 100.0)
# Rated kVA and copper losses in W.
TRANSFORMERS = ((100, 1_750), (160, 2_350), (250, 3_250), (400, 4_600), (630, 6_500))
PER_HOME_W = 5_000  # planned with for each home, after diversity
BETWEEN_M, TO_HOUSE_M, PER_FLOOR_M = 25.0, 15.0, 3.5
VOLTS = 400.0
ASSUMED = "assumed: a usual {kind}, until the real cables are known"


def street(homes: Sequence[str], name: str = "street") -> FeederFile:
    """Homes along one cable, each on a short branch of its own; `homes` names their connections in order."""
    buses, cables = [Bus("t0", "transformer")], []
    before = "t0"
    for number, home in enumerate(homes, 1):
        joint = f"j{number}"
        buses += [Bus(joint), Bus(home)]
        cables += [
            _cable(f"street-{number}", before, joint, STREET_CABLE, BETWEEN_M),
            _cable(f"branch-{number}", joint, home, HOUSE_CABLE, TO_HOUSE_M),
        ]
        before = joint
    source = ASSUMED.format(kind="street")
    return FeederFile(name, "t0", tuple(buses), tuple(cables), transformer(len(homes)), VOLTS, 1.0, source=source)


def building(homes: Sequence[str], name: str = "building") -> FeederFile:
    """Homes one above the other on a riser, behind a transformer that they share with others."""
    buses, cables = [Bus("t0", "transformer"), Bus("door", "connection")], []
    cables.append(_cable("supply", "t0", "door", STREET_CABLE, BETWEEN_M))
    before = "door"
    for number, home in enumerate(homes, 1):
        buses.append(Bus(home))
        cables.append(_cable(f"riser-{number}", before, home, RISER, PER_FLOOR_M))
        before = home
    source = ASSUMED.format(kind="building")
    return FeederFile(name, "t0", tuple(buses), tuple(cables), transformer(len(homes)), VOLTS, 1.0, source=source)


def transformer(homes: int) -> Plate:
    """The smallest standard transformer for so many homes, in ohm of its low-voltage side."""
    fitting = (row for row in TRANSFORMERS if row[0] * 1_000 >= homes * PER_HOME_W)
    s_kva, losses_w = next(fitting, TRANSFORMERS[-1])
    s_va = s_kva * 1_000.0
    z_ohm, r_ohm = 0.04 * VOLTS**2 / s_va, losses_w * VOLTS**2 / s_va**2
    return Plate(s_va, r_ohm, (z_ohm**2 - r_ohm**2) ** 0.5)


def _cable(code: str, one: str, other: str, kind: tuple[float, float, float], metres: float) -> Cable:
    r_ohm, x_ohm, limit_a = kind
    return Cable(code, (one, other), r_ohm * metres / 1_000, x_ohm * metres / 1_000, limit_a)
