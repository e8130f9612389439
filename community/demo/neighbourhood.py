"""The demo's neighbourhood: fourteen homes of one street in Valencia, as plain facts.

People and addresses are invented; the curves behind them are real (`community/demo/homes.py`).
Prices are typical all-in prices of 2.0TD offers in 2026, not those of any one retailer.

Nine homes have a roof. Five of these have no battery and are fed in at the same price, as neighbours who went to
one retailer together: they share what a sunny quarter hour can sell, so its sums are of enough homes to be shown.
"""

from dataclasses import dataclass, field
from typing import Any

NAME = "Comunidad Energética Calle del Azahar"
SLUG = "azahar"


@dataclass(frozen=True, slots=True)
class DemoTariff:
    """A retailer's offer: import prices of P1, P2, P3 and the feed-in price, µ€/kWh, taxes included; of a virtual
    battery the part of surplus that counts (ppm) and the monthly fee before taxes.
    """

    retailer: str
    name: str
    import_ueur_kwh: tuple[int, int, int]
    feed_in_ueur_kwh: int
    wallet_ppm: int = 0
    wallet_fee_cents: int = 0


TARIFFS = {
    "tres": DemoTariff("Levante Luz", "Tres periodos", (229_000, 159_000, 117_000), 55_000),
    "noche": DemoTariff("Turia Energía", "Noche", (251_000, 168_000, 98_000), 45_000),
    "plana": DemoTariff("Albufera Renovables", "Plana", (172_000, 172_000, 172_000), 70_000, 800_000, 199),
}


@dataclass(frozen=True, slots=True)
class DemoHome:
    """One home: who lives there, where it is connected, what it owns and what its owner allows."""

    name: str
    resident: str | None
    node: str
    phase: str
    tariff: str
    curve: int
    pv_w: int = 0
    battery_wh: int = 0
    battery_w: int = 0
    ev_w: int = 0
    mandate: dict[str, Any] = field(default_factory=dict)
    admin: bool = False


HOMES = (
    DemoHome("Azahar 1, ático", "Ana Ferrer", "b1", "abc", "tres", 0, pv_w=5_000, battery_wh=10_000,
             battery_w=5_000, mandate={"min_sell_ueur_kwh": 60_000, "reserve_pct": 40}),
    DemoHome("Azahar 1, 2.º A", "Marta Soler", "b2", "a", "noche", 1, admin=True,
             mandate={"max_buy_ueur_kwh": 240_000}),
    DemoHome("Azahar 3, casa", "Bruno Vidal", "b3", "abc", "tres", 2, pv_w=4_600),
    DemoHome("Azahar 5, casa", "Carmen Ruiz", "b4", "b", "tres", 3, pv_w=4_000, battery_wh=7_000,
             battery_w=3_600, mandate={"objective": "revenue", "grid_charge": True}),
    DemoHome("Azahar 7, bajo", "Diego Martí", "b5", "c", "noche", 4, ev_w=3_700),
    DemoHome("Azahar 9, casa", "Farid Haddad", "b6", "abc", "plana", 5, pv_w=6_000, battery_wh=13_500,
             battery_w=5_000, ev_w=7_400, mandate={"min_sell_ueur_kwh": 90_000}),
    DemoHome("Azahar 11, 1.º B", "Gloria Peris", "b7", "a", "plana", 6),
    DemoHome("Azahar 13, casa", "Hugo Blasco", "b8", "b", "tres", 7, pv_w=3_300),
    DemoHome("Azahar 15, 3.º C", "Inés Company", "b9", "c", "tres", 8, mandate={"max_buy_ueur_kwh": 150_000}),
    DemoHome("Azahar 17, casa", "Jordi Esteve", "b10", "abc", "noche", 9, pv_w=4_000, battery_wh=10_000,
             battery_w=5_000, mandate={"objective": "resilience", "reserve_pct": 50}),
    DemoHome("Azahar 19, casa", "Karim Benali", "b11", "a", "tres", 10, pv_w=3_700),
    DemoHome("Azahar 21, bajo", None, "b12", "b", "tres", 11),
    DemoHome("Azahar 23, casa", "Laura Navarro", "b13", "c", "tres", 12, pv_w=4_100),
    DemoHome("Azahar 25, casa", "Mateu Ribes", "b13", "abc", "tres", 13, pv_w=5_000),
)  # fmt: skip

GRID_FEE_UEUR_KWH = 5_000
IMPORT_LIMIT_W = 14_000
EXPORT_LIMIT_W = 11_000


def cups(number: int) -> str:
    """A well-formed CUPS of a distributor that does not exist (9999) for the home with this number."""
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    digits = f"9999{number:012d}"
    first, second = divmod(int(digits) % 529, 23)
    return f"ES{digits}{letters[first]}{letters[second]}0F"
