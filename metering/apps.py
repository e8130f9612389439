from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeteringConfig(AppConfig):
    name = "metering"
    verbose_name = _("What was measured")

    def ready(self) -> None:
        from community.wording.columns import name_columns
        from community.wording.tables import name_tables
        from metering.wording.columns import COLUMNS
        from metering.wording.tables import NAMES

        name_tables(NAMES)
        name_columns("metering", COLUMNS)
