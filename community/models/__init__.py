"""Who takes part, where they live, what they own and what their retailer charges them."""

from community.models.contracts import OfferTerms, SupplyContract, Tariff, TariffVersion
from community.models.grid import Feeder, Line, Node
from community.models.homes import Device, DeviceState, Household
from community.models.people import Community, Invitation, Member, Region, User
from community.models.prices import HourPrice

__all__ = [
    "Community",
    "Device",
    "DeviceState",
    "Feeder",
    "HourPrice",
    "Household",
    "Invitation",
    "Line",
    "Member",
    "Node",
    "OfferTerms",
    "Region",
    "SupplyContract",
    "Tariff",
    "TariffVersion",
    "User",
]
