"""What the operator's tables are called, one row and many: of what was measured."""

from django.utils.translation import pgettext_lazy

from community.wording.tables import Names

NAMES: Names = {
    "metering.MeteringPoint": (
        pgettext_lazy("table", "metering point"),
        pgettext_lazy("table", "metering points"),
    ),
    "metering.Upload": (pgettext_lazy("table", "upload"), pgettext_lazy("table", "uploads")),
    "metering.Equipment": (pgettext_lazy("table", "piece of equipment"), pgettext_lazy("table", "equipment")),
    "metering.ApiToken": (pgettext_lazy("table", "token"), pgettext_lazy("table", "tokens")),
}
