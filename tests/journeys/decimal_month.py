"""A month settled once more, from raw readings, trades, contracts and mandates, in decimal euros and kWh.

Nothing of Azotea is imported: the tables are read with SQL, and the rules are written down a second time as
docs/market.md states them. What it finds must be the statements, to the cent. Only what the demo's street uses is
covered: one price a slot, a grid fee without distance, no pool, no hours of the owners' own; anything else is refused.
"""

import sys
from collections import defaultdict
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

import psycopg

ZERO, CENT = Decimal(0), Decimal("0.01")
HOLIDAYS = {(1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)}
KWH, EURO = Decimal(1_000), Decimal(1_000_000)

SLOTS = """
SELECT id, start, "end" - start, gate_closure, price_ueur_kwh, grid_fee_ueur_kwh, pool_pct FROM market_slot
WHERE community_id = %(community)s AND cleared_at IS NOT NULL
    AND date_trunc('month', start AT TIME ZONE %(zone)s) = %(month)s ORDER BY start
"""
HOMES = """
SELECT DISTINCT h.id FROM community_household h JOIN metering_meteringpoint p ON p.household_id = h.id
WHERE h.community_id = %(community)s ORDER BY h.id
"""
READINGS = """
SELECT DISTINCT ON (r.metering_point_id, r.channel, r.start) p.household_id, r.channel, r.start, r.energy_wh
FROM metering_reading r JOIN metering_meteringpoint p ON p.id = r.metering_point_id
    JOIN community_household h ON h.id = p.household_id
WHERE h.community_id = %(community)s AND r.resolution_minutes = 15 AND r.channel IN ('import', 'export')
ORDER BY r.metering_point_id, r.channel, r.start, r.version DESC
"""
TRADES = """
SELECT t.slot_id, t.household_id, t.side, t.energy_wh, t.price_ueur_kwh, t.distance_ueur_kwh
FROM market_trade t JOIN market_slot s ON s.id = t.slot_id WHERE s.community_id = %(community)s
"""
PRICES = """
SELECT c.household_id, c.valid_from, v.valid_from, v.import_p1_ueur_kwh, v.import_p2_ueur_kwh,
    v.import_p3_ueur_kwh, v.feed_in_ueur_kwh
FROM community_supplycontract c JOIN community_tariffversion v ON v.tariff_id = c.tariff_id
    JOIN community_household h ON h.id = c.household_id
WHERE h.community_id = %(community)s ORDER BY c.valid_from, v.valid_from
"""
MANDATES = """
SELECT m.household_id, m.valid_from, m.min_sell_ueur_kwh, m.max_buy_ueur_kwh, m.sell_periods, m.buy_periods,
    m.paused, m.valid_until, EXISTS (SELECT FROM market_mandatehours x WHERE x.mandate_id = m.id)
FROM market_mandate m JOIN community_household h ON h.id = m.household_id
WHERE h.community_id = %(community)s ORDER BY m.valid_from
"""


def split(total, shares):
    """Whole parts of a whole total in proportion to shares, leftovers to the largest remainders, the earlier first."""
    whole = sum(shares)
    if not total or not whole:
        return [0] * len(shares)
    exact = [Decimal(total) * share / whole for share in shares]
    parts = [int(one.to_integral_value(ROUND_FLOOR)) for one in exact]
    # By the integers themselves: decimals of 28 digits would see ties where there are none.
    order = sorted(range(len(shares)), key=lambda i: -(total * shares[i] % whole))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def band_of(start, zone):
    local = start.astimezone(zone)
    if local.weekday() > 4 or (local.month, local.day) in HOLIDAYS or local.hour < 8:
        return "P3"
    return "P1" if 10 <= local.hour < 14 or 18 <= local.hour < 22 else "P2"


class Month:
    """The month's tables and, by household, what they come to."""

    def __init__(self, cursor, community, zone, month):
        self.zone = ZoneInfo(zone)
        given = {"community": community, "zone": zone, "month": month}

        def rows(statement):
            cursor.execute(statement, given)
            return cursor.fetchall()

        self.slots = rows(SLOTS)
        self.homes = [home for (home,) in rows(HOMES)]
        self.readings = {(home, channel, start): wh for home, channel, start, wh in rows(READINGS)}
        self.trades = defaultdict(list)
        for slot, *trade in rows(TRADES):
            self.trades[slot].append(trade)
        self.contracts = rows(PRICES)
        self.mandates = rows(MANDATES)
        self.sums = {home: defaultdict(lambda: ZERO) for home in self.homes}
        self.fee = self.rent = ZERO
        for slot in self.slots:
            self._settle(*slot)

    def _price(self, home, start):
        """Import and feed-in price of a home, €/kWh."""
        day = start.astimezone(self.zone).date()
        own = [row for row in self.contracts if row[0] == home and row[1] <= day and row[2] <= day]
        latest = max(own, key=lambda row: (row[1], row[2]))
        place = {"P1": 3, "P2": 4, "P3": 5}[band_of(start, self.zone)]
        return Decimal(latest[place]) / EURO, Decimal(latest[6]) / EURO

    def _terms(self, home, start, length, gate):
        """Whether its agent may buy and sell in the slot, and at which prices, €/kWh."""
        own = [row for row in self.mandates if row[0] == home and row[1] <= gate]
        if not own:
            return False, False, ZERO, ZERO
        _, _, least, most, sells, buys, paused, until, hours = own[-1]
        assert not hours, "hours of an owner's own are not covered here"
        trades = not paused and (until is None or start + length <= until)
        band = band_of(start, self.zone)
        return trades and band in buys, trades and band in sells, Decimal(least) / EURO, Decimal(most) / EURO

    def _settle(self, pk, start, length, gate, price, fee, pool):
        assert not pool, "a pool is not covered here"
        price = None if price is None else Decimal(price) / EURO
        fee = Decimal(fee) / EURO
        taken = {home: self.readings.get((home, "import", start), 0) for home in self.homes}
        given = {home: self.readings.get((home, "export", start), 0) for home in self.homes}
        prices = {home: self._price(home, start) for home in self.homes}
        bought, sold, paid, earned = self._delivered(pk, price, fee, taken, given, prices)
        lack = sum(earned) + fee * sum(sold) / KWH - sum(paid)
        short = [ZERO] * len(self.homes)
        if lack > 0:
            gains = [
                (bought[i] * prices[home][0] - sold[i] * prices[home][1]) / KWH - paid[i] + earned[i]
                for i, home in enumerate(self.homes)
            ]
            assert sum(gains) >= lack, "a slot that falls back to the retailers is not covered here"
            nano = Decimal(10**9)
            short = [part / nano for part in split(int(lack * nano), [int(gain * nano) for gain in gains])]
        else:
            self.rent -= lack
        self._true_up((start, length, gate), price, fee, taken, given, prices, bought, sold, paid, earned)
        self.fee += fee * sum(sold) / KWH
        for i, home in enumerate(self.homes):
            own, (charged, fed_in) = self.sums[home], prices[home]
            rest_in, rest_out = taken[home] - bought[i], given[home] - sold[i]
            own["bought_wh"] += bought[i]
            own["sold_wh"] += sold[i]
            own["bought"] -= paid[i]
            own["sold"] += earned[i]
            own["shortfall"] -= short[i]
            own["retailer_import"] -= rest_in * charged / KWH
            own["retailer_export"] += rest_out * fed_in / KWH
            alone = (taken[home] * charged - given[home] * fed_in) / KWH
            now = (rest_in * charged - rest_out * fed_in) / KWH + paid[i] - earned[i] + short[i]
            assert now <= alone, (home, start)
            own["saving"] += alone - now

    def _delivered(self, pk, price, fee, taken, given, prices):
        """What was traded as far as the meters saw it: Wh and euros by home."""
        wishes = {home: {"buy": [0, ZERO], "sell": [0, ZERO]} for home in self.homes}
        for home, side, wh, own_price, distance in self.trades[pk] if price is not None else []:
            assert not distance, "fees by distance are not covered here"
            own = wishes[home][side]
            own[0] += wh
            own[1] += wh * (Decimal(own_price) / EURO - (fee if side == "sell" else 0)) / KWH
        for home in self.homes:
            charged, fed_in = prices[home]
            if wishes[home]["buy"][1] > wishes[home]["buy"][0] * charged / KWH:
                wishes[home]["buy"] = [0, ZERO]
            if wishes[home]["sell"][1] < wishes[home]["sell"][0] * fed_in / KWH:
                wishes[home]["sell"] = [0, ZERO]
        bought = [min(wishes[home]["buy"][0], taken[home]) for home in self.homes]
        sold = [min(wishes[home]["sell"][0], given[home]) for home in self.homes]
        both = min(sum(bought), sum(sold))
        bought, sold = split(both, bought), split(both, sold)
        paid = [self._part(wishes[home]["buy"], bought[i]) for i, home in enumerate(self.homes)]
        earned = [self._part(wishes[home]["sell"], sold[i]) for i, home in enumerate(self.homes)]
        return bought, sold, paid, earned

    @staticmethod
    def _part(wish, delivered):
        """Of a side delivered in part the same part of its money, rounded down to the n€."""
        if not wish[0]:
            return ZERO
        return (wish[1] * 10**9 * delivered / wish[0]).to_integral_value(ROUND_FLOOR) / 10**9

    def _true_up(self, slot, price, fee, taken, given, prices, bought, sold, paid, earned):
        """Metered energy beyond the trades, shared at the slot's price among those whom it does not harm."""
        if price is None:
            return
        more_in, more_out = [], []
        for i, home in enumerate(self.homes):
            may_buy, may_sell, least, most = self._terms(home, *slot)
            charged, fed_in = prices[home]
            more_in.append(taken[home] - bought[i] if may_buy and price <= min(charged, most) else 0)
            more_out.append(given[home] - sold[i] if may_sell and price - fee >= max(fed_in, least) else 0)
        both = min(sum(more_in), sum(more_out))
        for i, (extra_in, extra_out) in enumerate(zip(split(both, more_in), split(both, more_out), strict=True)):
            bought[i] += extra_in
            sold[i] += extra_out
            paid[i] += extra_in * price / KWH
            earned[i] += extra_out * (price - fee) / KWH

    def cents(self):
        """Posted lines in cents, by household and kind, rounded as one pool with what the community keeps."""
        places = [
            (home, kind)
            for home in self.homes
            for kind in ("bought", "sold", "shortfall")
            if kind != "shortfall" or self.sums[home][kind]
        ]
        amounts = [self.sums[home][kind] for home, kind in places] + [self.fee, self.rent]
        floors = [(amount / CENT).to_integral_value(ROUND_FLOOR) for amount in amounts]
        rests = [amount / CENT - floor for amount, floor in zip(amounts, floors, strict=True)]
        order = sorted(range(len(amounts)), key=lambda i: -rests[i])
        assert sum(amounts) == 0
        for i in order[: -int(sum(floors))]:
            floors[i] += 1
        return {place: int(floors[i]) for i, place in enumerate(places)}


ISSUED = """
SELECT h.name, l.kind, l.amount_neur, l.amount_cents, l.posted, h.id FROM market_statementline l
JOIN market_statement s ON s.id = l.statement_id JOIN community_household h ON h.id = s.household_id
WHERE h.community_id = %(community)s AND s.month = %(month)s AND s.version = (
    SELECT max(version) FROM market_statement t WHERE t.household_id = s.household_id AND t.month = s.month)
"""


def main(url, month):
    """Hold a site's closed month against this settlement: `python -m tests.journeys.decimal_month URL 2026-10-01`."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, timezone FROM community_community ORDER BY id LIMIT 1")
        community, zone = cursor.fetchone()
        found = Month(cursor, community, zone, date.fromisoformat(month))
        cents = found.cents()
        cursor.execute(ISSUED, {"community": community, "month": month})
        rows = [row for row in cursor.fetchall() if row[1] in found.sums[row[5]]]
        off = [row for row in rows if found.sums[row[5]][row[1]] * 10**9 != row[2]]
        off += [row for row in rows if row[4] and cents[row[5], row[1]] != row[3]]
        for name, kind, neur, *_rest in off:
            print(f"{name}, {kind}: {neur} n€ issued, {found.sums[_rest[-1]][kind] * 10**9} n€ here")
        print(f"{len(found.slots)} slots, {len(rows)} lines, {len(off)} differ")
        return bool(off) or not rows


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
