"""Published prices kept, asked for and missing, and what homes with hourly contracts pay."""

import gzip
import tracemalloc
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from unittest.mock import patch
from urllib.parse import parse_qs, urlparse

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings
from django.urls import reverse

from community.models import HourPrice, Member, SupplyContract
from community.price_files import PublishedHour
from community.price_files.esios import MOST_BYTES, Esios, NoPrices
from community.published_prices import PublishedPrices, days_known
from community.services.prices import Kept, fetch_prices, keep_prices
from community.services.tariffs import Offer, add_offer
from community.tariff_book import MissingContract, TariffBook
from community.tariffs import local_day
from community.tasks import pull_prices
from market.models import SettledHome, Settlement, Slot
from market.services.settle import settle_slots
from tests import factories as make
from tests.community.test_price_files import day_file, indicator

pytestmark = pytest.mark.django_db
NOW, HOUR = make.NOON, timedelta(hours=1)


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def marta(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


def hourly_offer(**changes):
    facts = {
        "retailer": "Levante Luz", "name": "PVPC", "valid_from": date(2026, 1, 1), "region": "peninsula",
        "energy_ueur_kwh": (0, 0, 5_000), "surplus_ueur_kwh": 0, "power_ueur_kw_year": (30_000_000, 700_000),
        "cap": "with_tolls", "wallet": {"wallet_ppm": 0},
        "hourly": {"index": "pvpc", "surplus_kind": "published", "negative_surplus": "as_published"},
    }  # fmt: skip
    return Offer(**facts | changes)


def told(start, pvpc, surplus=20_000, region="peninsula"):
    return [PublishedHour(region, "pvpc", start, pvpc), PublishedHour(region, "surplus", start, surplus)]


def hour_of(at):
    return at.replace(minute=0, second=0, microsecond=0)


def test_an_hour_is_kept_once_and_the_last_word_counts(street):
    first = keep_prices(told(hour_of(NOW), 100_000), source="a.json", at=NOW)
    second = keep_prices(told(hour_of(NOW), 110_000), source="b.json", at=NOW)

    assert (first, second) == (Kept(2, 0, 0), Kept(0, 1, 1))
    assert HourPrice.objects.get(series="pvpc").source == "b.json"


def test_a_community_sees_its_own_file_before_the_operators_and_nobody_elses(street):
    other = make.community(slug="otra", name="Otra")
    keep_prices(told(hour_of(NOW), 100_000), source="all", at=NOW)
    keep_prices(told(hour_of(NOW), 130_000), source="own", at=NOW, community=street)

    assert PublishedPrices(street).at("pvpc", NOW) == (130_000, False)
    assert PublishedPrices(other).at("pvpc", NOW + timedelta(minutes=45)) == (100_000, False)


def test_an_hour_that_is_not_known_is_that_of_a_day_before_and_says_so(street):
    keep_prices(told(hour_of(NOW) - timedelta(days=3), 90_000), source="all", at=NOW)

    assert PublishedPrices(street).at("pvpc", NOW) == (90_000, True)
    assert PublishedPrices(street).at("pvpc", NOW + timedelta(days=12)) is None


def test_hours_that_are_missing_are_named_by_day(street):
    start, _end = local_day(NOW.date(), street.zone)
    keep_prices([PublishedHour("peninsula", "pvpc", start + HOUR * i, 1) for i in range(20)], source="a", at=NOW)

    (today,) = days_known(street, "pvpc", [NOW.date()])

    assert (today.hours, today.missing) == (24, tuple(start + HOUR * i for i in range(20, 24)))


def test_an_hourly_contract_pays_the_hours_price_with_the_days_taxes(street, marta):
    tariff = add_offer(by=marta, at=make.NOON, offer=hourly_offer())
    home = make.home(street, "Ana", tariff)
    night = hour_of(NOW.replace(hour=1))
    keep_prices([*told(hour_of(NOW), 100_000, -3_000), *told(night, 50_000)], source="all", at=NOW)
    book = TariffBook(street)

    noon, dark = book.prices(home.pk, NOW), book.prices(home.pk, night)

    assert tariff.versions.count() == 0
    assert (noon.import_ueur_kwh, noon.feed_in_ueur_kwh) == (127_186, -3_816)
    assert dark.import_ueur_kwh == round(55_000 * 1.27186362)
    assert not noon.estimated
    assert book.is_known(home.pk, NOW)
    assert not book.is_known(home.pk, NOW + timedelta(days=1))
    with pytest.raises(MissingContract, match="No pvpc price near"):
        book.prices(home.pk, NOW + timedelta(days=30))


def test_published_surplus_below_zero_counts_as_the_contract_says(street, marta):
    floor = {"index": "", "surplus_kind": "published", "negative_surplus": "floor_zero"}
    prices = {"energy_ueur_kwh": (180_000, 120_000, 90_000), "hourly": floor}
    home = make.home(street, "Ana", add_offer(by=marta, at=make.NOON, offer=hourly_offer(**prices)))
    keep_prices(told(hour_of(NOW), 1, -3_000), source="all", at=NOW)

    found = TariffBook(street).prices(home.pk, NOW)

    assert (found.import_ueur_kwh, found.feed_in_ueur_kwh) == (228_935, 0)


def test_no_slot_is_settled_at_a_price_that_only_stands_in(street, marta):
    fixed, by_hour = make.tariff("Fija"), add_offer(by=marta, at=make.NOON, offer=hourly_offer())
    ana, berta = make.home(street, "Ana", fixed), make.home(street, "Berta", by_hour)
    slot = make.slot(street, NOW - timedelta(hours=5))
    Slot.objects.filter(pk=slot.pk).update(cleared_at=NOW, status=Slot.Status.CLEARED)
    for home in (ana, berta):
        make.read(home, slot.start, 500, 0)
    keep_prices(told(hour_of(slot.start) - timedelta(days=1), 90_000), source="all", at=NOW)

    assert settle_slots(community=street, slot_ids=[slot.pk], at=NOW) == 0
    keep_prices(told(hour_of(slot.start), 100_000), source="all", at=NOW)
    assert settle_slots(community=street, slot_ids=[slot.pk], at=NOW) == 1
    assert SettledHome.objects.get(household=berta).import_ueur_kwh == 133_546, "5 above PVPC in P3"

    # A later word on the hour changes nothing that was settled.
    keep_prices(told(hour_of(slot.start), 200_000), source="all", at=NOW)
    settle_slots(community=street, slot_ids=[slot.pk], at=NOW)
    assert Settlement.objects.count() == 1


# --- asking ------------------------------------------------------------------------------------------------------


class FakeEsios(BaseHTTPRequestHandler):
    asked: list = []
    status = 200
    packed = b""

    def do_GET(self):
        url = urlparse(self.path)
        query = parse_qs(url.query)
        self.asked.append((url.path, query, self.headers.get("x-api-key")))
        if url.path == "/archives/70/download_json":
            body = day_file(date.fromisoformat(query["date"][0]), 24)
        else:
            start = datetime.fromisoformat(query["start_date"][0])
            number = int(url.path.rsplit("/", 1)[1])
            place = 8741 if number == 1001 else 3
            body = indicator(number, [((start + HOUR * i).isoformat(), place, 80 + i) for i in range(24)])
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        if self.packed:
            self.send_header("Content-Encoding", "gzip")
            body = self.packed
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeEsios)
    FakeEsios.asked, FakeEsios.status, FakeEsios.packed = [], 200, b""
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_what_is_missing_is_asked_for_and_what_is_known_is_not(site):
    esios = Esios(site, "a-key", local="127.0.0.1")
    kept = fetch_prices(esios, NOW)
    again = fetch_prices(esios, NOW)

    assert kept.new == 9 * 24 * (1 + 5)
    assert again == Kept(0, 0, 0)
    assert len(FakeEsios.asked) == 9 * 2
    assert {key for _path, _query, key in FakeEsios.asked} == {"a-key"}


def test_without_a_key_the_day_files_of_pvpc_are_read(site):
    with (
        override_settings(ESIOS_URL=site, ESIOS_KEY="", OUTBOUND_LOCAL="127.0.0.1"),
        patch("community.tasks.now", lambda: NOW),
    ):
        pull_prices()

    assert {path for path, _query, _key in FakeEsios.asked} == {"/archives/70/download_json"}
    assert not HourPrice.objects.filter(series="surplus").exists()
    assert HourPrice.objects.filter(region="peninsula").count() == 9 * 24


def test_a_site_that_refuses_is_said_and_nothing_breaks(site, caplog):
    FakeEsios.status = 403
    with pytest.raises(NoPrices, match="403"):
        Esios(site, local="127.0.0.1").prices(NOW.date())
    with (
        override_settings(ESIOS_URL=site, ESIOS_KEY="", OUTBOUND_LOCAL="127.0.0.1"),
        patch("community.tasks.now", lambda: NOW),
    ):
        pull_prices()
    assert "asked for again in an hour" in caplog.text
    with override_settings(ESIOS_URL=""):
        pull_prices()


@pytest.mark.parametrize("url", ["http://api.esios.ree.es/", "http://{}/", "https://{}/"])
def test_the_key_goes_to_nobody_in_clear_and_nobody_in_the_own_network(site, url):
    with pytest.raises(NoPrices, match=r"by https only|network of its own"):
        Esios(url.format(urlparse(site).netloc), "a-key").prices(NOW.date())

    assert FakeEsios.asked == []


def test_prices_that_unpack_to_very_much_are_not_unpacked(site):
    FakeEsios.packed = packed = gzip.compress(bytes(8 * MOST_BYTES))
    tracemalloc.start()

    with pytest.raises(NoPrices, match="more than"):
        Esios(site, local="127.0.0.1").prices(NOW.date())
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(packed) < MOST_BYTES / 100
    assert most < 4 * MOST_BYTES


# --- files -------------------------------------------------------------------------------------------------------


def test_the_operators_command_takes_all_files_or_none(tmp_path, capsys):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(day_file(NOW.date(), 24))
    bad.write_bytes(day_file(NOW.date(), 23))

    with pytest.raises(CommandError, match="bad.json: PVPC"):
        call_command("load_prices", good, bad)
    assert not HourPrice.objects.exists()

    call_command("load_prices", good)
    assert "96 new, 0 changed, 0 as they were" in capsys.readouterr().out


def test_an_administrator_sees_gaps_and_hands_a_file_in(client, street, marta):
    client.force_login(marta.user)
    with patch("config.clock.now", lambda: NOW):
        before = client.get(reverse("published-prices")).content.decode()
        wrong = client.post(reverse("published-prices"), {"file": SimpleUploadedFile("a.json", b"{}")})
        file = SimpleUploadedFile("pvpc.json", day_file(NOW.date(), 24))
        after = client.post(reverse("published-prices"), {"file": file}, follow=True).content.decode()

    assert "No se sabe ningún precio de este mes" in before
    assert wrong.status_code == 422
    assert "No se ha guardado nada" in wrong.content.decode()
    assert HourPrice.objects.filter(community=street, source="pvpc.json").count() == 96
    assert "96 horas son nuevas" in after
    assert "PVPC: no se sabe nada · excedentes: no se sabe nada" in after, "the days before"
    assert ">excedentes: no se sabe nada<" in after, "today, of which PVPC is known"


def test_residents_cannot_hand_prices_in(client, street):
    client.force_login(make.member(street, "Ana").user)
    assert client.post(reverse("published-prices"), {}).status_code == 403


def test_the_regulated_tariff_is_typed_as_a_preset(client, street, marta):
    client.force_login(marta.user)
    typed = {
        "retailer": "Curenergía", "name": "PVPC", "valid_from": "2026-01-01", "region": "peninsula", "index": "pvpc",
        "p1": "0", "p2": "0", "p3": "0", "surplus_kind": "published", "surplus": "", "negative_surplus": "floor_zero",
        "power_p1": "30,817413", "power_p2": "0,725423", "cap": "with_tolls", "wallet_pct": "0", "wallet_fee": "0",
    }  # fmt: skip
    with patch("config.clock.now", lambda: NOW):
        shown = client.get(reverse("new-offer"), {"preset": "pvpc"}).content.decode()
        answer = client.post(reverse("new-offer"), typed)

    assert "30.817413" in shown or "30,817413" in shown
    assert answer.status_code == 302
    home = make.home(street, "Ana", make.tariff("Fija"))
    SupplyContract.objects.create(
        household=home, tariff_id=home.community.tariffs.get().pk, valid_from=date(2026, 2, 1)
    )
    keep_prices(told(hour_of(NOW), 100_000), source="all", at=NOW)
    assert TariffBook(street).prices(home.pk, NOW).import_ueur_kwh == 127_186
