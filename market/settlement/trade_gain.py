"""What a private payment between neighbours is worth beside their retailers' bills, taxes included.

A kWh that an allocation moves from one home to another spares the buyer its retailer's price with taxes and costs
the seller the compensation, which would have lowered the base of the same taxes. The payment between them is
private and bears neither.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class TradeGain:
    """What a trade brings, exact n€: to the buyer, to the seller, and the fee; and whether neither loses by it."""

    payment_neur: int
    fee_neur: int
    buyer_neur: Fraction
    seller_neur: Fraction
    baseline_neur: Fraction
    lost_neur: Fraction

    @property
    def accepted(self) -> bool:
        """Whether neither is worse off than with the retailer alone."""
        return self.buyer_neur >= 0 and self.seller_neur >= 0


def trade_gain(
    energy_wh: int,
    *,
    retail_ueur_kwh: int,
    surplus_ueur_kwh: int,
    price_ueur_kwh: int,
    fee_ueur_kwh: int,
    factor: Fraction,
    capped: bool = False,
) -> TradeGain:
    """Judge a trade at `price_ueur_kwh`; retail and surplus prices are before taxes, `factor` is what taxes make
    of a euro. A seller whose compensation is at its cap already (`capped`) loses nothing by giving the kWh away.
    """
    baseline = energy_wh * retail_ueur_kwh * factor
    lost = Fraction(0) if capped else energy_wh * surplus_ueur_kwh * factor
    payment, fee = energy_wh * price_ueur_kwh, energy_wh * fee_ueur_kwh
    return TradeGain(payment, fee, baseline - payment - fee, payment - lost, baseline, Fraction(lost))
