"""What the columns of the operator's tables are called: of people, homes and contracts, and what others share."""

from collections.abc import Mapping

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

# By the field's name, so that names stand with the words, not in migrations.
Columns = Mapping[str, Promise]

COLUMNS: Columns = {
    "accepted_at": pgettext_lazy("column", "accepted"),
    "announcement": pgettext_lazy("column", "announcement"),
    "asked_at": pgettext_lazy("column", "asked"),
    "at": pgettext_lazy("column", "when"),
    "attempts": pgettext_lazy("column", "attempts"),
    "capacity_wh": pgettext_lazy("column", "capacity, Wh"),
    "changed_at": pgettext_lazy("column", "changed"),
    "community": pgettext_lazy("column", "community"),
    "contracted_w": pgettext_lazy("column", "contracted, W"),
    "created_at": pgettext_lazy("column", "created"),
    "decided_at": pgettext_lazy("column", "decided"),
    "decided_by": pgettext_lazy("column", "decided by"),
    "done_at": pgettext_lazy("column", "done"),
    "done_by": pgettext_lazy("column", "done by"),
    "email": pgettext_lazy("column", "e-mail"),
    "ended_at": pgettext_lazy("column", "ended"),
    "expires_at": pgettext_lazy("column", "expires"),
    "fairness_rule": pgettext_lazy("column", "who goes first"),
    "household": pgettext_lazy("column", "home"),
    "ip": pgettext_lazy("column", "network address"),
    "is_active": pgettext_lazy("column", "may log in"),
    "is_staff": pgettext_lazy("column", "operator"),
    "joined_at": pgettext_lazy("column", "joined"),
    "kind": pgettext_lazy("column", "kind"),
    "last_seen_at": pgettext_lazy("column", "last seen"),
    "last_used_at": pgettext_lazy("column", "last used"),
    "left_at": pgettext_lazy("column", "left"),
    "legal_mode": pgettext_lazy("column", "legal mode"),
    "member": pgettext_lazy("column", "member"),
    "name": pgettext_lazy("column", "name"),
    "network": pgettext_lazy("column", "network"),
    "node": pgettext_lazy("column", "node"),
    "peak_w": pgettext_lazy("column", "peak, W"),
    "phase": pgettext_lazy("column", "phase"),
    "place": pgettext_lazy("column", "place"),
    "price_rule": pgettext_lazy("column", "price rule"),
    "reason": pgettext_lazy("column", "reason"),
    "received_at": pgettext_lazy("column", "received"),
    "region": pgettext_lazy("column", "region"),
    "retailer": pgettext_lazy("column", "retailer"),
    "retired_at": pgettext_lazy("column", "retired"),
    "revision": pgettext_lazy("column", "revision"),
    "revoked_at": pgettext_lazy("column", "revoked"),
    "role": pgettext_lazy("column", "role"),
    "slot_minutes": pgettext_lazy("column", "slot, minutes"),
    "state": pgettext_lazy("column", "state"),
    "surplus_ueur_kwh": pgettext_lazy("column", "surplus, µ€/kWh"),
    "taken_back_at": pgettext_lazy("column", "taken back"),
    "tariff": pgettext_lazy("column", "tariff"),
    "token": pgettext_lazy("column", "token"),
    "transformer_va": pgettext_lazy("column", "transformer, VA"),
    "type": pgettext_lazy("column", "kind"),
    "user": pgettext_lazy("column", "user"),
    "user_agent": pgettext_lazy("column", "browser"),
    "v_max_pu": pgettext_lazy("column", "highest voltage, p.u."),
    "v_min_pu": pgettext_lazy("column", "lowest voltage, p.u."),
    "valid_from": pgettext_lazy("column", "valid from"),
    "wallet_ppm": pgettext_lazy("column", "into the wallet, millionths"),
    "what": pgettext_lazy("column", "what"),
    "who": pgettext_lazy("column", "who"),
    "written_at": pgettext_lazy("column", "written"),
    "written_by": pgettext_lazy("column", "written by"),
}


def name_columns(app: str, columns: Columns) -> None:
    """Give an app's fields the names that the operator reads."""
    for model in apps.get_app_config(app).get_models():
        for field in model._meta.get_fields():
            if field.concrete and field.name in columns:
                field.verbose_name = columns[field.name]  # type: ignore[assignment]
