"""Turning cleared orders into what devices are asked to do."""

from django.db import connection

SET_POINTS = """
UPDATE market_setpoint AS s SET energy_wh = base_wh + coalesce((
    SELECT sum(CASE o.side WHEN 'buy' THEN c.local_wh + c.retailer_wh ELSE -c.local_wh - c.retailer_wh END)
    FROM market_outcome c JOIN market_order o ON o.id = c.order_id
    WHERE c.slot_id = s.slot_id AND o.device_id = s.device_id AND o.kind = 'flexible'
), 0)
WHERE slot_id = %s
"""


def set_points_from_outcomes(slot_id: int) -> None:
    """Set each device's energy: its own-use part, plus what its flexible orders bought, less what they sold."""
    with connection.cursor() as cursor:
        cursor.execute(SET_POINTS, [slot_id])
