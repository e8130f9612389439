"""Who takes part, where they live, what they own and what their retailer charges them."""

from community.models.contracts import OfferTerms, SupplyContract, Tariff, TariffVersion
from community.models.grid import Feeder, Line, Node
from community.models.homes import Device, DeviceState, Household
from community.models.people import Community, Invitation, Member, User

__all__ = [
    "Community",
    "Device",
    "DeviceState",
    "Feeder",
    "Household",
    "Invitation",
    "Line",
    "Member",
    "Node",
    "OfferTerms",
    "SupplyContract",
    "Tariff",
    "TariffVersion",
    "User",
]
