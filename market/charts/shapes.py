"""The shapes that make up the day's chart, and the slots it is made from."""

from dataclasses import dataclass
from datetime import datetime

WIDTH = 1_000


@dataclass(frozen=True, slots=True)
class ChartSlot:
    """One slot of the day as the chart needs it; `start` is local, energies are Wh ≥ 0, prices µ€/kWh.

    `sold_wh` of `export_wh` went to neighbours, `bought_wh` of `import_wh` came from them; where `planned`
    marks what has not happened yet, they are what is expected. `address` leads to the slot's own page, which
    `hint` names.
    """

    start: datetime
    feed_in_ueur_kwh: int | None
    retail_ueur_kwh: int | None
    price_ueur_kwh: int | None = None
    sold_wh: int = 0
    bought_wh: int = 0
    export_wh: int = 0
    import_wh: int = 0
    planned: bool = False
    soc_pct: float | None = None
    address: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis: `at` is x per mille or y px, `value` is what stands there."""

    at: float
    value: float
    text_at: float
    anchor: str = ""
    minor: bool = False

    @property
    def at_pct(self) -> str:
        """x as a percentage of the width, for text that must not stretch."""
        return f"{self.at / WIDTH:.2%}"


@dataclass(frozen=True, slots=True)
class Line:
    """A path's `d`, in the plot's units."""

    path: str
    planned: bool
    steps: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle above (`sell`) or below (`buy`) the zero line; `rest` is the retailer's part of it."""

    x: float
    y: float
    width: float
    height: float
    side: str
    rest: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """What is expected of one side: a closed area and the step line on its outer edge."""

    side: str
    area: str
    edge: str


@dataclass(frozen=True, slots=True)
class Hit:
    """The invisible column over a slot that leads to its page."""

    x: float
    width: float
    address: str
    hint: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel's top and bottom in pixels and its horizontal grid."""

    top: float
    bottom: float
    ticks: tuple[Tick, ...]

    @property
    def label_at(self) -> float:
        """Baseline of the panel's own label, above its uppermost tick."""
        return self.top - 14


@dataclass(frozen=True, slots=True)
class DayChart:
    """Everything that `components/day_chart.html` draws. Positions of `now` are per mille, or None."""

    height: float
    price: Panel
    band: tuple[str, ...]
    prices: tuple[Line, ...]
    energy: Panel | None
    zero: float
    bars: tuple[Bar, ...]
    expected: tuple[Outline, ...]
    battery: Panel | None
    soc: tuple[Line, ...]
    soc_area: tuple[str, ...]
    reserve: float | None
    hours: tuple[Tick, ...]
    hits: tuple[Hit, ...]
    now: float | None
    now_anchor: str

    @property
    def now_pct(self) -> str:
        """x of "now" as a percentage of the width."""
        return f"{(self.now or 0) / WIDTH:.2%}"

    @property
    def hours_at(self) -> float:
        """Baseline of the hours under the lowest panel."""
        return self.height - 4

    @property
    def hit_top(self) -> float:
        """Upper end of the "now" line and of the columns that lead to a slot."""
        return 16.0

    @property
    def hit_height(self) -> float:
        """From there to the lower edge of the lowest panel."""
        return self.plot_bottom - self.hit_top

    @property
    def plot_bottom(self) -> float:
        """Lower edge of the lowest panel, px."""
        return (self.battery or self.energy or self.price).bottom
