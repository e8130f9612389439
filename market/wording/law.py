"""The law in plain words: legal modes and distances."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from community import figures
from community.models import Community
from community.regulated import Distance
from market.wording.documents import legal_text


def modes(community: Community) -> list[tuple[str, str, bool]]:
    """Every legal mode with what it is and is not, and whether it is the community's."""
    return [
        (str(mode.label), legal_text(mode.value), mode.value == community.legal_mode)
        for mode in Community.LegalMode
    ]


def distances(found: Sequence[Distance]) -> list[tuple[str, str, str]]:
    """How far sharing may reach, for what, and by which norm."""
    names = {
        "any": _("any installation connected through the grid"),
        "pv_roof": _("solar panels on roofs and the like"),
        "pv_wind_5mw": _("solar panels and wind of up to 5 MW"),
    }
    metres = _("%(distance)s m")
    return [
        (metres % {"distance": figures.number(one.distance_m, 0)}, names[one.applies_to], one.source)
        for one in found
    ]
