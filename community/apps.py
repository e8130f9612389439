from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommunityConfig(AppConfig):
    name = "community"
    verbose_name = _("Who")

    def ready(self) -> None:
        from community import checks  # noqa: F401 it registers itself
        from community.wording.columns import COLUMNS, name_columns
        from community.wording.tables import NAMES, name_tables

        name_tables(NAMES)
        for app in ("community", "mfa", "usersessions"):
            name_columns(app, COLUMNS)
