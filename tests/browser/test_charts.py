"""The charts: drawn from their tables in a real browser, and every figure there without one."""

import math
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from community.models import Device, Member
from community.templatetags.charts import library
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from market.services.settle import settle_due
from market.services.slots import open_slots
from metering.models import Reading
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make
from tests.browser.conftest import DESK, PHONE, happens, log_in
from tests.snapshots import once

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
FIRST = datetime(2026, 11, 22, 23, tzinfo=UTC)  # Monday's midnight in Madrid
SLOTS = 58
NOW = FIRST + make.QUARTER * (SLOTS + 3)
SILENT = (20, 21, 22)  # quarters of an hour of which Marta's meter tells nothing
# How many pixels of each picture are painted, and in how many colours.
PAINTED = """() => [...document.querySelectorAll("figure[data-chart] canvas")].map((canvas) => {
  const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  return [pixels.filter((one) => one).length, new Set(pixels).size];
})"""
BARS = ".canvas[role=slider]"
# Where the picture of the flows writes, and what it draws its streams in: [x, y, width, height].
WRITTEN = """() => {
  const host = document.querySelector("figure[data-chart=flow] .canvas");
  const shown = echarts.getInstanceByDom(host).getZr().storage.getDisplayList(true);
  const box = (one) => {
    const rect = one.getBoundingRect().clone();
    if (one.transform) rect.applyTransform(one.transform);
    return [rect.x, rect.y, rect.width, rect.height];
  };
  return {
    width: host.clientWidth, height: host.clientHeight,
    words: shown.filter((one) => one.type === "tspan" && one.style.text).map(box),
    streams: shown.filter((one) => one.shape && one.shape.extent !== undefined).map(box),
  };
}"""


@pytest.fixture(scope="session")
def echarts():
    """The library, fetched as `make` does if it is not there yet."""
    subprocess.run(["sh", "config/charts.sh", ".venv/bin"], cwd=ROOT, check=True, timeout=120)
    library.cache_clear()
    assert library(), "The charts' library could not be fetched."


@pytest.fixture
def sunny_day(echarts):
    """The street of that day, in its afternoon."""
    with patch("config.clock.now", lambda: NOW):
        yield once(lived)


def lived():
    """Marta has panels, a meter of theirs and a battery; Ana has neither. Three readings of Marta's are missing."""
    street = make.community(legal_mode="private_settlement")
    offer = make.tariff()
    marta = make.home(street, "Azahar 1", offer, make.member(street, "Marta", Member.Role.ADMIN))
    ana = make.home(street, "Azahar 3", offer, make.member(street, "Ana"))
    Device.objects.create(household=marta, kind="pv", name="Placas", peak_w=5_000)
    metered(marta, ana, [FIRST + make.QUARTER * number for number in range(-7 * 96, 0)])
    open_slots(community=street, first=FIRST, until=NOW)
    for number, slot in enumerate(street.slots.order_by("start")[:SLOTS]):
        if number % 8 == 0:
            renew_forecasts(community=street, at=slot.gate_closure - timedelta(minutes=6))
        place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=5))
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
        metered(marta, ana, [slot.start], silent=number in SILENT)
    settle_due(community=street, at=NOW)
    return street


def sun_wh(start):
    """What the panels make in a quarter of an hour: from eight to five, most at noon."""
    quarter = (start - FIRST) // make.QUARTER % 96
    return round(1_100 * math.sin((quarter - 32) / 36 * math.pi)) if 32 < quarter < 68 else 0


def needs_wh(start, least):
    """What a home uses in a quarter of an hour: more in the morning."""
    quarter = (start - FIRST) // make.QUARTER % 96
    return least + 60 * (quarter % 5) + (400 if 28 <= quarter < 34 else 0)


def metered(marta, ana, starts, *, silent=False):
    """Some quarters of an hour of both homes; a silent meter of Marta's leaves that of her panels."""
    for home, least in ((marta, 90), (ana, 250)):
        made = {start: sun_wh(start) if home == marta else 0 for start in starts}
        net = {start: needs_wh(start, least) - made[start] for start in starts}
        rows = [ReadingRow("generation", start, made[start]) for start in starts if home == marta]
        if not (silent and home == marta):
            rows += [ReadingRow("import", start, max(net[start], 0)) for start in starts]
            rows += [ReadingRow("export", start, max(-net[start], 0)) for start in starts]
        store_readings(
            metering_point=make.meter(home), rows=rows, source="api", content_sha256="0" * 64,
            at=starts[-1] + make.QUARTER + timedelta(minutes=1),
        )  # fmt: skip


def drawn(page):
    """Both pictures of the page, once they are there."""
    page.wait_for_selector(f"{BARS} canvas")

    def painted():
        pictures = page.evaluate(PAINTED)
        assert len(pictures) <= 2
        return (
            len(pictures) == 2
            and all(pixels > 5_000 and colours > 20 for pixels, colours in pictures)
            and pictures
        )

    return happens(page, painted)


@pytest.mark.parametrize(
    ("viewport", "locale", "scheme"), [(PHONE, "es-ES", "light"), (DESK, "en-GB", "dark")], ids=["phone", "desk"]
)
def test_charts_are_drawn_walked_through_and_follow_the_theme(open_page, sunny_day, viewport, locale, scheme):
    page = open_page(locale, viewport)
    page.emulate_media(color_scheme=scheme)
    log_in(page, "marta@example.org", make.PASSWORD)
    answer = page.goto("/energy/")

    assert "require-trusted-types-for 'script'" in answer.headers["content-security-policy"]
    before = drawn(page)
    page.focus(BARS)
    page.keyboard.press("ArrowLeft")
    last = page.get_attribute(BARS, "aria-valuetext")
    page.keyboard.press("Home")
    first = page.inner_text(".readout")
    page.keyboard.press("Escape")
    after = page.inner_text(".readout")
    page.emulate_media(color_scheme="dark" if scheme == "light" else "light")

    assert last.startswith("14:15")
    assert ("0,21 kWh" if locale == "es-ES" else "0.21 kWh") in last.replace("\xa0", " ")
    assert first.startswith("00:00")
    assert after == page.get_attribute("figure[data-hint]", "data-hint")
    assert page.url.endswith("/energy/")  # the arrows walked through the picture, not through the days
    happens(page, lambda: drawn(page) != before)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0


def test_the_pictures_of_the_server_are_walked_through_too(open_page, sunny_day):
    page = open_page("es-ES")
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto("/")
    walker = "figure[data-walk] .walker"

    page.focus(walker)
    page.keyboard.press("ArrowLeft")
    now = page.get_attribute(walker, "aria-valuetext")
    page.keyboard.press("Home")
    midnight = page.inner_text("figure[data-walk] .readout")
    bar, plot = (page.locator(f"figure[data-walk] {part}").bounding_box() for part in (".walker > div", ".plot"))
    page.keyboard.press("Escape")

    assert now.startswith("15:00")
    assert midnight.startswith("00:00")
    assert bar["x"] == pytest.approx(plot["x"], abs=1)
    assert bar["width"] == pytest.approx(plot["width"] / 96, abs=1)
    assert page.locator("figure[data-walk] .readout a").count() == 0
    assert page.url.endswith("/")


@pytest.mark.parametrize("path", ["/", "/energy/", "/market/"])
def test_whoever_touches_the_screen_is_not_told_of_a_keyboard(open_page, sunny_day, path):
    page = open_page("es-ES", PHONE, touch=True)
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto(path)

    happens(page, lambda: "Toca" in page.locator(".readout").first.inner_text())
    assert "teclado" not in page.inner_text("main")


def test_a_slot_to_come_is_read_out_as_expected(open_page, sunny_day):
    page = open_page("en-GB", DESK)
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto("/")
    walker = "figure[data-walk] .walker"

    page.focus(walker)
    page.keyboard.press("End")

    said = page.get_attribute(walker, "aria-valuetext")
    assert said.startswith("23:45")
    assert "expected" in said
    assert "Street's price" in said


def test_another_view_comes_without_loading_the_page_and_is_drawn_too(open_page, sunny_day):
    page = open_page(viewport=DESK)
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto("/energy/")
    drawn(page)
    page.evaluate("window.stayed = true")

    page.click(".datebar .views a:nth-child(4)")
    page.wait_for_selector("#energy tbody th >> text=November", state="attached")

    drawn(page)
    assert page.evaluate("window.stayed")
    assert page.url.endswith("/energy/?v=year")
    assert page.title()


def meet(one, other):
    """Whether two boxes [x, y, width, height] overlap."""
    return all(one[at] < other[at] + other[at + 2] and other[at] < one[at] + one[at + 2] for at in (0, 1))


@pytest.mark.parametrize("measured", [True, False], ids=["measured roof", "unmeasured roof"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_names_of_flows_lie_on_no_stream_and_on_no_other_name(open_page, sunny_day, viewport, measured):
    if not measured:
        Reading.objects.filter(channel="generation").delete()
    page = open_page("ca-ES", viewport=viewport)
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto("/energy/")
    page.locator("figure[data-chart=flow] canvas").wait_for()

    found = page.evaluate(WRITTEN)

    words, streams = found["words"], found["streams"]
    assert len(words) >= 10
    assert len(streams) >= 3
    assert not [(word, stream) for word in words for stream in streams if meet(word, stream)]
    assert not [(word, other) for at, word in enumerate(words) for other in words[:at] if meet(word, other)]
    for x, y, width, height in words:
        assert 0 <= x <= x + width <= found["width"]
        assert 0 <= y <= y + height <= found["height"]


def test_forced_colours_leave_the_legend_its_colours(open_page, sunny_day):
    page = open_page("es-ES", viewport=DESK)
    page.emulate_media(forced_colors="active")
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto("/")

    colours = page.evaluate("""() => ["sell", "buy"].map((tone) =>
      getComputedStyle(document.querySelector(`.legend .swatch.${tone}`)).backgroundColor)""")

    assert colours == ["rgb(217, 121, 26)", "rgb(47, 111, 179)"]


@pytest.mark.parametrize("scripts", [False, True], ids=["no scripts", "no library"])
def test_without_scripts_or_library_every_figure_is_there_to_read(open_page, sunny_day, monkeypatch, scripts):
    monkeypatch.setattr("community.templatetags.charts.library", str)
    page = open_page("es-ES", script=scripts)
    log_in(page, "marta@example.org", make.PASSWORD)

    page.goto("/energy/")

    assert page.locator("canvas").count() == 0
    assert page.locator("figure[data-chart=bars] tbody tr:visible").count() == SLOTS + 3
    assert page.locator("figure[data-chart=flow] tbody tr:visible").count() >= 4
    assert page.locator("script[src*=echarts]").count() == 0
