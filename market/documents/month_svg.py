"""The month's chart of a statement: bars of what was sold (up) and bought (down), day by day."""

from collections.abc import Sequence

from market.documents.document import Day

WIDTH, HALF, GAP = 1_000, 120, 0.25
AXIS_Y = HALF + 30
SOLD, BOUGHT, AXIS = "#d9791a", "#2f6fb3", "#8a8478"
TEXT = 'font-family="Libertinus Serif" font-size="20" fill="#56616b"'


def month_svg(days: Sequence[Day], bought: str, sold: str) -> str:
    """A picture 1,000 wide; `bought` and `sold` are what its halves are called."""
    most = max((max(one.bought_wh, one.sold_wh) for one in days), default=0) or 1
    slot = WIDTH / max(len(days), 1)
    bars = []
    for i, one in enumerate(days):
        x, width = slot * (i + GAP / 2), slot * (1 - GAP)
        up, down = HALF * one.sold_wh / most, HALF * one.bought_wh / most
        bars += [_bar(x, AXIS_Y - up, width, up, SOLD), _bar(x, AXIS_Y, width, down, BOUGHT)]
        if one.day.day == 1 or one.day.day % 5 == 0:
            place = f'x="{x + width / 2:.1f}" y="{2 * HALF + 56}" text-anchor="middle"'
            bars.append(f"<text {place} {TEXT}>{one.day.day}</text>")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {2 * HALF + 64}">'
        f'<text x="0" y="20" {TEXT}>{_plain(sold)} ↑ ({most / 1_000:.1f} kWh)</text>'
        f'<text x="{WIDTH}" y="20" text-anchor="end" {TEXT}>{_plain(bought)} ↓</text>'
        f"{''.join(bars)}"
        f'<line x1="0" y1="{AXIS_Y}" x2="{WIDTH}" y2="{AXIS_Y}" stroke="{AXIS}" stroke-width="2"/></svg>'
    )


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _plain(text: str) -> str:
    """Words for a picture, without what XML takes for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
