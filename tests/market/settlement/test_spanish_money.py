"""Bills, compensation, virtual battery and private payments: the worked cases, and what must hold of any of them."""

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.regulated import NotKnown, Taxes, changes_between, levies_on, taxes_on, tolls_on
from market.settlement.bill import Contract, Part, Use, at_regulated_power, bill, cents, check
from market.settlement.billing_period import Hour, parts_by_days, parts_by_hours
from market.settlement.compensation import compensate, surplus_price
from market.settlement.statement import balance_cents
from market.settlement.trade_gain import trade_gain
from market.settlement.virtual_battery import Lot, Wallet, WalletTerms, live_month, shared_out

HERE = Path(__file__).parent
CASES = {case["id"]: case for case in json.loads((HERE / "settlement_cases.json").read_text())}
TARIFF = json.loads((HERE / "tariff_2_0TD.json").read_text())
NORMAL, REDUCED = date(2026, 2, 10), date(2026, 4, 15)
PRICES = (180_000, 120_000, 90_000)
INVENTED = (11_000_000, 1_000_000)


def to_cents(euros):
    return round(Fraction(euros) * 100)


def contract(**changes):
    plain = Contract(PRICES, (0, 0), (4_600, 4_600), **changes)
    return at_regulated_power(plain, tolls_on(NORMAL))


def part(day, use, year_days=365):
    levies = levies_on(date(2026, 1, 1))
    return Part(use, tolls_on(day), taxes_on(day), levies, year_days)


# --- bills -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "day", "surplus_neur"),
    [
        ("normal (IEE 5.11269632 %, IVA 21 %)", NORMAL, 0),
        ("reduced 22-Mar..31-May 2026 (IEE 0.5 %, IVA 10 %)", REDUCED, 0),
        ("normal, 300 kWh surplus at 0.04", NORMAL, 300_000 * 40_000),
        ("normal, 900 kWh surplus at 0.04 (capped)", NORMAL, 900_000 * 40_000),
    ],
)
def test_the_worked_bills_are_exact_line_by_line(name, day, surplus_neur):
    expected = CASES["bill_2_0TD_2026"]["expected"][name]

    found = bill(contract(), [part(day, Use((70_000, 65_000, 115_000), 30, surplus_neur))])

    ours = {
        "power_P1": found["power_p1"], "power_P2": found["power_p2"], "energy_P1": found["energy_p1"],
        "energy_P2": found["energy_p2"], "energy_P3": found["energy_p3"], "compensation": found["compensation"],
        "bono_social": found["social_bonus"], "iee": found["electricity_tax"], "meter": found["meter"],
        "iva": found["vat"], "total": found.total_cents, "not_compensated": found.left_cents,
    }  # fmt: skip
    assert ours == {line: to_cents(euros) for line, euros in expected.items()}


def test_regulated_values_are_those_of_the_orders():
    for year in TARIFF["years"]:
        tolls = tolls_on(date.fromisoformat(year["valid_from"]))
        assert tolls.energy_ueur_kwh == tuple(round(Fraction(one) * 10**6) for one in year["energy_total"])
        assert tolls.power_ueur_kw_year == tuple(round(Fraction(one) * 10**6) for one in year["power_total"])
    for tax in TARIFF["taxes"]:
        taxes = taxes_on(date.fromisoformat(tax["valid_from"]))
        assert (taxes.vat, taxes.electricity_tax) == (Fraction(tax["iva"]), Fraction(tax["iee"]))
    assert levies_on(date(2026, 6, 25)).social_bonus_ueur_year == 6_979_247
    assert levies_on(date(2026, 6, 26)).social_bonus_ueur_year == 9_011_295


def test_a_day_without_values_and_a_region_that_does_not_exist_are_named():
    with pytest.raises(NotKnown, match=r"tolls_2_0td.csv knows nothing of 2020-05-01"):
        tolls_on(date(2020, 5, 1))
    with pytest.raises(ValueError, match="Unknown region valencia"):
        taxes_on(NORMAL, "valencia")
    assert taxes_on(NORMAL, "canary").vat == Fraction(3, 100)


def test_a_period_in_which_taxes_change_is_billed_in_parts_and_compensated_as_a_whole():
    assert changes_between(date(2026, 3, 1), date(2026, 4, 1)) == [date(2026, 3, 22)]
    first, second = (
        Use((40_000, 30_000, 50_000), 21, 7_000_000_000),
        Use((20_000, 20_000, 30_000), 10, 5_000_000_000),
    )

    found = bill(contract(), [part(date(2026, 3, 1), first), part(date(2026, 3, 22), second)])

    assert found["compensation"] == -1_200
    assert [cents for name, cents in found.lines if name == "vat"][1] < 100, "at 10 %"
    assert sum(name == "electricity_tax" for name, _cents in found.lines) == 2


def test_what_is_charged_by_the_month_is_one_month_however_the_period_is_cut():
    uses = Use((40_000, 30_000, 50_000), 21), Use((20_000, 20_000, 30_000), 10)
    fee = contract(fee_ueur_month=1_990_000)

    cut = bill(fee, [part(date(2026, 3, 1), uses[0]), part(date(2026, 3, 22), uses[1])])
    longer = bill(fee, [part(NORMAL, Use((0, 0, 0), 60))])

    assert (cut["meter"], cut["wallet_fee"]) == (81, 199)
    assert (longer["meter"], longer["wallet_fee"]) == (cents(Fraction(81 * 12 * 60, 365) * 10**7), 393)


def test_reduced_vat_is_for_small_supplies_and_firms_pay_less_of_the_least_tax():
    use = Use((70_000, 65_000, 115_000), 30)
    plain = contract()
    large = Contract(PRICES, plain.power_ueur_kw_year, (10_001, 4_600))
    assert taxes_on(REDUCED).vat_of(10_000) == Fraction(10, 100)
    assert taxes_on(REDUCED).vat_of(10_001) == Fraction(21, 100)
    assert bill(large, [part(REDUCED, use)])["vat"] > 2 * bill(plain, [part(REDUCED, use)])["vat"]
    firm = Contract(PRICES, plain.power_ueur_kw_year, plain.contracted_w, firm=True)
    assert bill(plain, [part(REDUCED, use)])["electricity_tax"] == 25
    assert bill(firm, [part(REDUCED, use)])["electricity_tax"] < 25


def test_a_year_whose_tolls_are_not_known_is_not_guessed_and_new_year_cuts_a_period():
    with pytest.raises(NotKnown, match="tolls_2_0td.csv knows nothing of 2027-01-10"):
        parts_by_days(date(2026, 12, 20), date(2027, 1, 10), "peninsula", (1, 1, 1))
    with pytest.raises(NotKnown, match="levies.csv"):
        levies_on(date(2027, 1, 1))
    years = [one.year_days for one in parts_by_days(date(2025, 12, 22), date(2026, 1, 10), "peninsula", (9, 9, 9))]
    assert years == [365, 365]
    assert date(2028, 1, 1) in changes_between(date(2027, 12, 1), date(2028, 2, 1))


def test_surplus_over_more_than_a_month_is_not_compensated_as_one():
    with pytest.raises(ValueError, match="bill each month by itself"):
        bill(contract(), [part(NORMAL, Use((1, 1, 1), 61, 5_000))])
    with pytest.raises(ValueError, match="no energy taken is negative"):
        Use((1, -1, 1), 30)


HOURS = st.lists(
    st.builds(
        Hour,
        st.dates(date(2026, 3, 10), date(2026, 4, 9)), st.integers(0, 2), st.integers(0, 5_000),
        st.integers(0, 5_000), st.integers(-50_000, 400_000), st.integers(-60_000, 120_000),
    ),
    max_size=40,
)  # fmt: skip


@given(hours=HOURS, cap=st.sampled_from(["with_tolls", "without_tolls"]), floor=st.booleans())
def test_an_indexed_bill_is_the_sum_of_its_hours_whatever_the_prices(hours, cap, floor):
    negative = "floor_zero" if floor else "as_published"
    parts = parts_by_hours(date(2026, 3, 10), date(2026, 4, 9), "peninsula", hours, negative)

    found = bill(contract(cap=cap), parts)

    assert [part.use.days for part in parts] == [12, 19]
    assert sum(sum(part.use.import_wh) for part in parts) == sum(hour.import_wh for hour in hours)
    exact = sum(hour.import_wh * hour.energy_ueur_kwh for hour in hours)
    energy = sum(found[f"energy_p{i}"] for i in (1, 2, 3))
    assert abs(energy * 10**7 - exact) <= 6 * 5 * 10**6
    worth = sum(
        hour.export_wh * (max(hour.surplus_ueur_kwh, 0) if floor else hour.surplus_ueur_kwh) for hour in hours
    )
    assert found.left_cents - found["compensation"] == max(cents(worth), 0)
    assert 0 <= -found["compensation"] <= max(energy, 0)


def test_an_hour_of_another_day_is_refused():
    with pytest.raises(ValueError, match="2026-04-01 is not a day of"):
        parts_by_hours(NORMAL, NORMAL, "peninsula", [Hour(date(2026, 4, 1), 0, 1, 0, 1, 0)])


@given(
    wh=st.tuples(*[st.integers(0, 2_000_000)] * 3),
    surplus=st.integers(-(10**11), 10**12),
    more=st.integers(0, 100_000),
    cap=st.sampled_from(["with_tolls", "without_tolls"]),
)
def test_more_energy_never_costs_less_and_compensation_never_exceeds_the_energy(wh, surplus, more, cap):
    found = bill(contract(cap=cap), [part(NORMAL, Use(wh, 30, surplus))])
    dearer = bill(contract(cap=cap), [part(NORMAL, Use((wh[0] + more, *wh[1:]), 30, min(surplus, 0)))])
    plain = bill(contract(cap=cap), [part(NORMAL, Use(wh, 30, min(surplus, 0)))])

    energy = sum(found[f"energy_p{i}"] for i in (1, 2, 3))
    assert 0 <= -found["compensation"] <= energy
    assert found.total_cents > 0
    assert dearer.total_cents >= plain.total_cents
    assert found.left_cents - found["compensation"] == max(cents(surplus), 0)


@pytest.mark.parametrize(("theirs", "agrees"), [(6_456, False), (5_448, True), (5_446, True), (5_400, False)])
def test_a_real_bill_agrees_to_the_cent_and_the_line_that_is_off_is_named(theirs, agrees):
    ours = bill(contract(), [part(NORMAL, Use((70_000, 65_000, 115_000), 30))])

    found = check(ours, theirs, {"energy_p1": 1_260, "meter": 180, "power_p1": 1_047})

    assert (found.ours_cents, found.agrees) == (5_447, agrees)
    assert (found.line, found.line_off_cents) == ("meter", 99)
    assert check(ours, theirs).line == ""


# --- compensation ------------------------------------------------------------------------------------------------


def test_the_worked_compensations_are_exact():
    case = CASES["compensation_cap"]
    for given_, expected in zip(case["inputs"]["simple"], case["expected"]["simple"], strict=True):
        found = compensate(given_["energy_term_nano_eur"], given_["surplus_value_nano_eur"])
        assert found.credited_neur == expected["compensation_nano_eur"], given_["name"]
        assert found.left_neur == expected["not_compensated_nano_eur"], given_["name"]
    partial, expected = case["inputs"]["partial"], case["expected"]["partial"]
    energy = sum(partial["import_wh"][band] * partial["price_ue_kwh"][band] for band in ("P1", "P2", "P3"))
    tolls = sum(
        partial["import_wh"][band] * partial["peaje_plus_cargo_2026_ue_kwh"][band] for band in ("P1", "P2", "P3")
    )
    surplus = partial["surplus_wh"] * partial["surplus_price_ue_kwh"]
    full = compensate(energy, surplus)
    less = compensate(energy, surplus, tolls_neur=tolls, cap="without_tolls")
    assert cents(full.credited_neur) == to_cents(expected["compensation_full_eur"])
    assert cents(less.credited_neur) == to_cents(expected["compensation_partial_eur"])
    assert energy - tolls == expected["energy_term_without_tolls_nano_eur"]


@given(energy=st.integers(0, 10**12), surplus=st.integers(-(10**12), 10**12), tolls=st.integers(0, 10**12))
def test_nothing_is_credited_beyond_the_cap_and_nothing_is_lost(energy, surplus, tolls):
    for cap in ("with_tolls", "without_tolls"):
        found = compensate(energy, surplus, tolls_neur=tolls, cap=cap)
        assert 0 <= found.credited_neur <= energy
        assert found.left_neur >= 0
        assert found.credited_neur + found.left_neur == max(surplus, 0)


def test_a_setting_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="Unknown cap"):
        compensate(1, 1, cap="half")
    with pytest.raises(ValueError, match="Unknown setting"):
        surplus_price(-1, "ignore")
    with pytest.raises(ValueError, match="Unknown cap"):
        contract(cap="half")


# --- virtual battery ---------------------------------------------------------------------------------------------


def wallet_months(variant):
    """The case's months, billed and carried over."""
    inputs = CASES["virtual_battery_carry_over"]["inputs"]
    terms = inputs["variants"][variant]
    rule = WalletTerms(round(Fraction(terms["conv"]) * 10**6), terms["expire_months"])
    taxes, wallet, answer = taxes_on(NORMAL), Wallet(), []
    for number, month in enumerate(inputs["months"], start=1):
        surplus = 12_000 if terms.get("note") and number == 1 else month["surplus_c"]
        credited, left = compensate(month["energy_c"], surplus)
        base = month["energy_c"] + month["power_c"] - credited
        tax = max(base * taxes.electricity_tax, Fraction(month["kwh"], 10))
        tax = int(tax + Fraction(1, 2))
        fee = to_cents(terms["fee_eur"])
        vat = int((base + tax + 81 + fee) * taxes.vat + Fraction(1, 2))
        total = base + tax + 81 + fee + vat
        found = live_month(wallet, number, total, left, rule)
        wallet = found.wallet
        answer.append((credited, tax, vat, total, found, total - found.used_cents))
    return answer


@pytest.mark.parametrize("variant", ["full", "eighty", "fee_and_expiry"])
def test_the_worked_wallets_are_exact_month_by_month(variant):
    expected = CASES["virtual_battery_carry_over"]["expected"][variant]

    for (credited, tax, vat, total, found, pay), month in zip(wallet_months(variant), expected, strict=True):
        ours = {
            "month": month["month"], "compensation": credited, "iee": tax, "iva": vat, "invoice_total": total,
            "wallet_used": found.used_cents, "to_pay": pay, "wallet_added": found.added_cents,
            "wallet_expired": found.expired_cents, "wallet_end": found.balance_cents,
        }  # fmt: skip
        wanted = {key: to_cents(value) if isinstance(value, str) else value for key, value in month.items()}
        assert ours == wanted


@given(
    months=st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)), min_size=1, max_size=40),
    conversion=st.integers(0, 1_000_000),
    expiry=st.one_of(st.none(), st.integers(1, 12)),
)
def test_a_wallet_is_never_negative_and_loses_no_cent(months, conversion, expiry):
    wallet, added, used, expired = Wallet(), 0, 0, 0
    for number, (due, left) in enumerate(months):
        found = live_month(wallet, number, due, left, WalletTerms(conversion, expiry))
        wallet = found.wallet
        added, used, expired = added + found.added_cents, used + found.used_cents, expired + found.expired_cents
        assert found.used_cents <= due
        assert all(lot.cents > 0 for lot in wallet.lots)
        assert found.balance_cents == added - used - expired >= 0


@given(
    balance=st.integers(0, 10**6),
    bills=st.lists(st.tuples(st.integers(0, 10**5), st.integers(0, 9)), min_size=1, max_size=8),
)
def test_a_wallet_pays_several_supplies_within_their_bills(balance, bills):
    due, weights = [bill for bill, _ in bills], [weight for _, weight in bills]

    paid = shared_out(balance, due, weights)

    assert all(0 <= part <= bill for part, bill in zip(paid, due, strict=True))
    payable = sum(bill for bill, weight in bills if weight)
    assert sum(paid) == min(balance, payable)


def test_a_month_is_lived_once_and_terms_that_cannot_be_are_refused():
    lived = live_month(Wallet(), 7, 100, 500, WalletTerms()).wallet
    with pytest.raises(ValueError, match="Month 7 was lived already"):
        live_month(lived, 7, 100, 500, WalletTerms())
    with pytest.raises(ValueError, match="between nothing and all"):
        WalletTerms(-1)
    with pytest.raises(ValueError, match="a month at least"):
        WalletTerms(expiry_months=0)


def test_amounts_below_zero_are_refused():
    with pytest.raises(ValueError, match="negative"):
        live_month(Wallet((Lot(1, -5),), 1), 2, 10, 10, WalletTerms())
    with pytest.raises(ValueError, match="needs a weight"):
        shared_out(5, [1, 2], [1])


# --- private payments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["not_capped", "seller_capped"])
def test_the_worked_private_payments_are_exact(which):
    case = CASES["p2p_trade_vs_baseline"]
    inputs, expected = case["inputs"], case["expected"][which]
    taxes = Taxes(NORMAL, Fraction(inputs["iva"]), Fraction(inputs["iee"]), "")
    buyer = seller = fees = Fraction(0)

    for trade, wanted in zip(inputs["trades"], expected["trades"], strict=True):
        found = trade_gain(
            trade["wh"],
            retail_ueur_kwh=trade["retail"],
            surplus_ueur_kwh=inputs["seller_surplus_price_ue_kwh"],
            price_ueur_kwh=trade["price"],
            fee_ueur_kwh=inputs["fee_ue_kwh"],
            factor=taxes.factor,
            capped=which == "seller_capped",
        )
        assert f"{float(found.buyer_neur / 10**9):.6f}" == wanted["buyer_saving_eur"]
        assert f"{float(found.seller_neur / 10**9):.6f}" == wanted["seller_gain_eur"]
        assert f"{float(found.lost_neur / 10**9):.6f}" == wanted["lost_compensation_seller_eur"]
        assert found.accepted == wanted["accept"]
        if found.accepted:
            buyer, seller, fees = buyer + found.buyer_neur, seller + found.seller_neur, fees + found.fee_neur

    assert (cents(buyer), cents(seller), cents(fees)) == (
        expected["buyer_saving_cents"], expected["seller_gain_cents"], expected["fee_cents"],
    )  # fmt: skip
    assert f"{float((buyer + seller + fees) / 10**9):.6f}" == expected["joint_gain_before_rounding_eur"]
    assert f"{float(taxes.factor):.10f}" == case["expected"]["retail_gross_factor"]


def test_the_pool_of_cents_balances_as_the_worked_case():
    case = CASES["cents_that_balance"]

    found = balance_cents([int(Fraction(euros) * 10**9) for euros in case["inputs"]["pool_eur"]])

    assert found == case["expected"]["balanced_cents"]
    assert sum(found) == case["expected"]["pool_total_cents"]
    assert [cents(pair["ne"]) for pair in case["inputs"]["pairs"]] == case["expected"]["pair_cents"]
