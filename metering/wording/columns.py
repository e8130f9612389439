"""What the columns of the operator's tables are called: of meters and what reaches them."""

from django.utils.translation import pgettext_lazy

from community.wording.columns import COLUMNS as SHARED
from community.wording.columns import Columns

COLUMNS: Columns = {
    **SHARED,
    "checked_at": pgettext_lazy("column", "checked"),
    "created": pgettext_lazy("column", "new"),
    "firmware": pgettext_lazy("column", "firmware"),
    "key_id": pgettext_lazy("column", "key's name"),
    "maker": pgettext_lazy("column", "maker"),
    "metering_point": pgettext_lazy("column", "meter"),
    "model": pgettext_lazy("column", "model"),
    "public_id": pgettext_lazy("column", "public identifier"),
    "reached": pgettext_lazy("column", "reached by"),
    "received": pgettext_lazy("column", "readings received"),
    "resolution_minutes": pgettext_lazy("column", "resolution, minutes"),
    "revised": pgettext_lazy("column", "revised"),
    "source": pgettext_lazy("column", "source"),
    "unchanged": pgettext_lazy("column", "unchanged"),
}
