from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketConfig(AppConfig):
    name = "market"
    verbose_name = _("What was traded and is owed")

    def ready(self) -> None:
        from community.wording.columns import name_columns
        from community.wording.tables import name_tables
        from market.wording.columns import COLUMNS
        from market.wording.tables import NAMES

        name_tables(NAMES)
        name_columns("market", COLUMNS)
