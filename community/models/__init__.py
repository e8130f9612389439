"""Who takes part, where they live, what they own and what their retailer charges them."""

from community.models.announcements import Announcement, AnnouncementLetter, Dismissal
from community.models.audit import AuditEvent, What
from community.models.contracts import OfferTerms, SupplyContract, Tariff, TariffVersion
from community.models.erasure import ErasureRequest
from community.models.grid import Feeder, Line, Node
from community.models.homes import Device, DeviceState, Household, device_name
from community.models.joining import JoinRequest
from community.models.people import Community, Invitation, Member, Region, User
from community.models.prices import HourPrice

__all__ = [
    "Announcement",
    "AnnouncementLetter",
    "AuditEvent",
    "Community",
    "Device",
    "DeviceState",
    "Dismissal",
    "ErasureRequest",
    "Feeder",
    "HourPrice",
    "Household",
    "Invitation",
    "JoinRequest",
    "Line",
    "Member",
    "Node",
    "OfferTerms",
    "Region",
    "SupplyContract",
    "Tariff",
    "TariffVersion",
    "User",
    "What",
    "device_name",
]
