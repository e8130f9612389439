"""The month's chart of a statement: bars of what was sold (up) and bought (down), day by day."""

from collections.abc import Sequence

from market.documents.document import Day

WIDTH, TOP, HEIGHT, GAP = 1_000, 32, 200, 0.25
SOLD, BOUGHT, AXIS = "#d9791a", "#2f6fb3", "#8a8478"
TEXT = 'font-family="Libertinus Serif" font-size="20" fill="#56616b"'


def month_svg(days: Sequence[Day], bought: str, sold: str) -> str:
    """A picture 1,000 wide; `bought` and `sold` are what its halves are called. Both have the same scale."""
    up_wh = max((one.sold_wh for one in days), default=0)
    down_wh = max((one.bought_wh for one in days), default=0)
    scale = HEIGHT / max(up_wh + down_wh, 1)
    axis, slot = TOP + up_wh * scale, WIDTH / max(len(days), 1)
    bars = []
    for i, one in enumerate(days):
        x, width = slot * (i + GAP / 2), slot * (1 - GAP)
        up, down = one.sold_wh * scale, one.bought_wh * scale
        bars += [_bar(x, axis - up, width, up, SOLD), _bar(x, axis, width, down, BOUGHT)]
        if one.day.day == 1 or one.day.day % 5 == 0:
            place = f'x="{x + width / 2:.1f}" y="{TOP + HEIGHT + 26}" text-anchor="middle"'
            bars.append(f"<text {place} {TEXT}>{one.day.day}</text>")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {TOP + HEIGHT + 34}">'
        f'<text x="0" y="20" {TEXT}>{_plain(sold)} ↑</text>'
        f'<text x="{WIDTH}" y="20" text-anchor="end" {TEXT}>{_plain(bought)} ↓</text>'
        f"{''.join(bars)}"
        f'<line x1="0" y1="{axis:.1f}" x2="{WIDTH}" y2="{axis:.1f}" stroke="{AXIS}" stroke-width="2"/></svg>'
    )


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _plain(text: str) -> str:
    """Words for a picture, without what XML takes for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
