"""The rules of the books as questions to PostgreSQL: each names the rows that break it, so it has to find none.

A question answers with the row (its id, or a name) and with the place in the log where something is said of it.
`since` is the first settlement to look at: 0 for all.
"""

# Words of the questions below. The first four are the place in the log of what a settled home's row, a settlement,
# an entry's settlement or a slot says; THE_MONTH is the local month that a slot lies in, as statements name it.
WORDS = {
    "AT_HOME": "(SELECT l.seq FROM market_logleaf l WHERE l.settled_id = h.id)",
    "AT_SETTLEMENT": """(SELECT max(l.seq) FROM market_logleaf l
        WHERE l.settlement_id = t.id AND l.household_id IS NULL)""",
    "AT_ENTRY": """(SELECT max(l.seq) FROM market_logleaf l
        WHERE l.settlement_id = e.settlement_id AND l.household_id IS NULL)""",
    "AT_SLOT": """(SELECT max(l.seq) FROM market_logleaf l JOIN market_settlement t ON t.id = l.settlement_id
        WHERE t.slot_id = s.id AND l.household_id IS NULL)""",
    "THE_MONTH": "date_trunc('month', s.start AT TIME ZONE c.timezone)::date",
}

# By the number of the rule (docs/ledger.md).
QUESTIONS = {
    "I1 entries out of balance": """
        SELECT e.id, AT_ENTRY FROM market_entry e JOIN market_posting p ON p.entry_id = e.id
        WHERE e.community_id = %(community)s AND coalesce(e.settlement_id, %(since)s) >= %(since)s
        GROUP BY e.id HAVING sum(p.amount_neur) <> 0""",
    "I1 entries on another community's accounts": """
        SELECT DISTINCT e.id, AT_ENTRY FROM market_entry e JOIN market_posting p ON p.entry_id = e.id
            JOIN market_account a ON a.id = p.account_id
        WHERE e.community_id = %(community)s AND a.community_id <> e.community_id""",
    "I2 slots with two current settlements": """
        SELECT s.id, NULL FROM market_slot s JOIN market_settlement t ON t.slot_id = s.id AND t.is_current
        WHERE s.community_id = %(community)s AND t.id >= %(since)s
        GROUP BY s.id HAVING count(*) > 1""",
    "I2 slots of closed months that are not settled": """
        SELECT s.id, NULL FROM market_slot s JOIN community_community c ON c.id = s.community_id
        WHERE s.community_id = %(community)s
            AND NOT EXISTS (SELECT FROM market_settlement t WHERE t.slot_id = s.id AND t.is_current)
            AND THE_MONTH IN (SELECT m.month FROM market_statement m JOIN community_household o
                ON o.id = m.household_id WHERE o.community_id = s.community_id)""",
    "I3 settlements in which energy sold is not energy bought, or beyond the meter": """
        SELECT t.id, AT_SETTLEMENT FROM market_settlement t JOIN market_slot s ON s.id = t.slot_id
            JOIN market_settledhome h ON h.settlement_id = t.id
        WHERE s.community_id = %(community)s AND t.id >= %(since)s
        GROUP BY t.id HAVING sum(h.bought_wh) <> sum(h.sold_wh)
            OR bool_or(h.bought_wh > h.import_wh OR h.sold_wh > h.export_wh)""",
    "I3 homes worse off than with their retailer": """
        SELECT h.id, AT_HOME FROM market_settledhome h JOIN community_household c ON c.id = h.household_id
        WHERE c.community_id = %(community)s AND h.settlement_id >= %(since)s
            AND h.actual_neur > h.baseline_neur""",
    "I4 orders beyond their mandates": """
        SELECT o.id, AT_SLOT FROM market_order o JOIN market_slot s ON s.id = o.slot_id
            JOIN market_mandate m ON m.id = o.mandate_id
        WHERE s.community_id = %(community)s AND o.slot_id >= (
                SELECT coalesce(min(t.slot_id), 0) FROM market_settlement t WHERE t.id = %(since)s)
            AND (m.household_id <> o.household_id OR m.valid_from > o.placed_at
                OR EXISTS (SELECT FROM market_mandate n WHERE n.household_id = o.household_id
                    AND n.valid_from > m.valid_from AND n.valid_from < o.placed_at)
                OR m.paused OR m.valid_until < s.end
                OR CASE o.side WHEN 'sell' THEN o.limit_ueur_kwh < m.min_sell_ueur_kwh
                    ELSE o.limit_ueur_kwh > m.max_buy_ueur_kwh END)""",
    "I4 trades beyond their orders": """
        SELECT d.order_id, AT_SLOT FROM market_trade d JOIN market_order o ON o.id = d.order_id
            JOIN market_slot s ON s.id = d.slot_id
        WHERE s.community_id = %(community)s AND d.slot_id >= (
                SELECT coalesce(min(t.slot_id), 0) FROM market_settlement t WHERE t.id = %(since)s)
            AND (d.energy_wh > o.energy_wh OR d.household_id <> o.household_id OR d.side <> o.side
                OR CASE d.side WHEN 'sell' THEN d.price_ueur_kwh - s.grid_fee_ueur_kwh < o.limit_ueur_kwh
                    ELSE d.price_ueur_kwh > o.limit_ueur_kwh END)""",
    "I4 settlements whose bookings are not those of their homes": """
        SELECT e.id, AT_ENTRY FROM market_entry e JOIN market_posting p ON p.entry_id = e.id
            JOIN market_account a ON a.id = p.account_id AND a.household_id IS NOT NULL
            LEFT JOIN market_settledhome h ON h.settlement_id = e.settlement_id AND h.household_id = a.household_id
        WHERE e.community_id = %(community)s AND e.kind = 'settle' AND e.settlement_id >= %(since)s
            AND p.amount_neur IS DISTINCT FROM h.earned_neur - h.paid_neur - h.shortfall_neur + h.pool_neur""",
    "I4 homes settled with money and without a booking": """
        SELECT h.id, AT_HOME FROM market_settledhome h JOIN community_household o ON o.id = h.household_id
        WHERE o.community_id = %(community)s AND h.settlement_id >= %(since)s
            AND h.earned_neur - h.paid_neur - h.shortfall_neur + h.pool_neur <> 0
            AND NOT EXISTS (SELECT FROM market_entry e JOIN market_posting p ON p.entry_id = e.id
                JOIN market_account a ON a.id = p.account_id AND a.household_id = h.household_id
                WHERE e.settlement_id = h.settlement_id AND e.kind = 'settle')""",
    "I4 settlements that were replaced and are still booked, or hold and were reversed": """
        SELECT DISTINCT t.id, AT_SETTLEMENT FROM market_settlement t JOIN market_entry e ON e.settlement_id = t.id
            JOIN market_posting p ON p.entry_id = e.id
        WHERE e.community_id = %(community)s AND t.id >= %(since)s
        GROUP BY t.id, p.account_id
        HAVING NOT t.is_current AND (sum(p.amount_neur) <> 0 OR sum(p.energy_wh) <> 0)
            OR t.is_current AND bool_or(e.kind = 'reverse')""",
    "I6 homes settled since the log began without a leaf": """
        SELECT h.id, NULL FROM market_settledhome h JOIN market_settlement t ON t.id = h.settlement_id
            JOIN market_slot s ON s.id = t.slot_id LEFT JOIN market_logleaf l ON l.settled_id = h.id
        WHERE s.community_id = %(community)s AND l.id IS NULL AND t.id >= greatest(%(since)s, (
            SELECT min(x.settlement_id) FROM market_logleaf x WHERE x.community_id = %(community)s))""",
    "I6 leaves of homes whose settled row or statement is gone": """
        SELECT coalesce(l.settled_id, l.statement_id), l.seq FROM market_logleaf l
        WHERE l.community_id = %(community)s AND l.household_id IS NOT NULL
            AND coalesce(l.settlement_id, %(since)s) >= %(since)s
            AND NOT EXISTS (SELECT FROM market_settledhome h WHERE h.id = l.settled_id)
            AND NOT EXISTS (SELECT FROM market_statement m WHERE m.id = l.statement_id)""",
    # What no key opens is not compared with its row: only an erasure may be the reason, of the home after the leaf
    # was written, or of the time that the leaf is about, at the very moment when its key was destroyed.
    "I6 homes with leaves that nobody can open, and no erasure on record": """
        SELECT o.id, min(l.seq) FROM community_household o
            LEFT JOIN (
                SELECT household_id, bool_or(sealed_key = '' OR since_number > 0 OR since IS NOT NULL) AS is_mixed
                FROM market_homekey GROUP BY household_id
            ) x ON x.household_id = o.id
            JOIN market_logleaf l ON l.household_id = o.id
            LEFT JOIN market_settledhome h ON h.id = l.settled_id
            LEFT JOIN market_settlement t ON t.id = l.settlement_id
            LEFT JOIN market_statement m ON m.id = l.statement_id
            LEFT JOIN LATERAL (
                SELECT k.sealed_key, k.destroyed_at FROM market_homekey k
                WHERE k.household_id = o.id AND k.since_number <= l.number
                    AND (k.since IS NULL OR k.since <= coalesce(h.start, m.month::timestamp AT TIME ZONE 'UTC'))
                ORDER BY k.since DESC NULLS LAST LIMIT 1
            ) its ON true
        WHERE o.community_id = %(community)s AND coalesce(x.is_mixed, true) AND coalesce(its.sealed_key, '') = ''
            AND NOT EXISTS (SELECT FROM community_auditevent a WHERE a.what = 'erased'
                AND a.community_id = o.community_id AND (a.household_id = o.id
                AND a.at >= coalesce(t.settled_at, m.issued_at) OR a.at = its.destroyed_at))
        GROUP BY o.id""",
    "I9 statements since the first logged one without a leaf": """
        SELECT m.id, NULL FROM market_statement m JOIN community_household o ON o.id = m.household_id
        WHERE o.community_id = %(community)s
            AND NOT EXISTS (SELECT FROM market_logleaf l WHERE l.statement_id = m.id)
            AND m.id > (SELECT min(x.statement_id) FROM market_logleaf x WHERE x.community_id = %(community)s)""",
    "I7 homes' leaves with a number missing": """
        SELECT household_id, max(seq) FROM market_logleaf
        WHERE community_id = %(community)s AND household_id IS NOT NULL
        GROUP BY household_id HAVING max(number) - min(number) + 1 <> count(*) OR min(number) <> 0""",
    # A home's account holds, for a closed month, what its newest statement says; corrections may be on their way.
    "I9 statements that are not the sum of the home's bookings": """
        WITH last AS (
            SELECT DISTINCT ON (m.household_id, m.month) m.id, m.household_id, m.month, o.community_id,
                max(m.issued_at) OVER (PARTITION BY m.month) AS issued_at
            FROM market_statement m JOIN community_household o ON o.id = m.household_id
            WHERE o.community_id = %(community)s ORDER BY m.household_id, m.month, m.version DESC
        ), booked AS (
            SELECT a.household_id, coalesce(e.month, THE_MONTH) AS month, sum(p.amount_neur) AS neur
            FROM market_posting p JOIN market_account a ON a.id = p.account_id
                JOIN market_entry e ON e.id = p.entry_id JOIN community_community c ON c.id = e.community_id
                LEFT JOIN market_settlement t ON t.id = e.settlement_id LEFT JOIN market_slot s ON s.id = t.slot_id
            WHERE e.community_id = %(community)s AND a.household_id IS NOT NULL GROUP BY 1, 2
        ), again AS (
            SELECT THE_MONTH AS month, max(t.settled_at) AS settled_at FROM market_settlement t
                JOIN market_slot s ON s.id = t.slot_id JOIN community_community c ON c.id = s.community_id
            WHERE s.community_id = %(community)s GROUP BY 1
        )
        SELECT last.id, NULL FROM last LEFT JOIN booked USING (household_id, month) LEFT JOIN again USING (month)
        WHERE coalesce(again.settled_at <= last.issued_at, true)
            AND coalesce(booked.neur, 0) <> (SELECT coalesce(sum(i.amount_neur), 0)
                FROM market_statementline i WHERE i.statement_id = last.id AND i.posted)""",
    "I9 payments that are not what their statements added": """
        SELECT i.id, NULL FROM market_paymentitem i JOIN market_statement m ON m.id = i.statement_id
            JOIN community_household o ON o.id = m.household_id
        WHERE o.community_id = %(community)s AND i.cents <> (
            SELECT coalesce(sum(n.amount_cents * CASE WHEN v.id = m.id THEN 1 ELSE -1 END), 0)
            FROM market_statement v JOIN market_statementline n ON n.statement_id = v.id AND n.posted
            WHERE v.household_id = m.household_id AND v.month = m.month AND v.version
                IN (m.version, m.version - 1))""",
    "I10 columns of money or energy that do not count in whole numbers": """
        SELECT table_name || '.' || column_name, NULL FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_name ~ '(^|_)(wh|ueur_kwh|neur|cents)$'
            AND table_name ~ '^(community|metering|market)_'
            AND udt_name NOT IN ('int2', 'int4', 'int8', '_int2', '_int4', '_int8', 'jsonb')""",
    # Entries of a community are numbered in the order of its lock, so those before a giving back are what it saw.
    "I11 closings that left congestion rent behind": """
        SELECT g.id, NULL FROM market_entry g JOIN community_community c ON c.id = g.community_id
        WHERE g.community_id = %(community)s AND g.kind = 'give_back' AND 0 <> (
            SELECT coalesce(sum(p.amount_neur), 0) FROM market_posting p
                JOIN market_account a ON a.id = p.account_id AND a.kind = 'congestion_rent'
                JOIN market_entry e ON e.id = p.entry_id LEFT JOIN market_settlement t ON t.id = e.settlement_id
                LEFT JOIN market_slot s ON s.id = t.slot_id
            WHERE e.community_id = g.community_id AND e.id <= g.id
                AND (s.id IS NULL OR (s.start AT TIME ZONE c.timezone) < g.month + interval '1 month'))""",
}  # fmt: skip


def spelled(question: str) -> str:
    """A question in PostgreSQL's own words."""
    for word, meaning in WORDS.items():
        question = question.replace(word, meaning)
    return question
