-- purchases.sql: the orders that count, less what was paid back. Reads: events, placed. Params: now.
-- A refund counts for the order of its transaction, whenever it came, at most up to its value; without an amount it is
-- a full one. What the shop confirmed cannot be refunded by a browser. An order below zero has no amount that counts.
-- `gross` is before any refund: the past of a person may hold nothing that came after her moment.
WITH refunds AS (
    SELECT placed.transaction, sum(abs(coalesce(events.value, placed.value))) AS refunded
    FROM events
    JOIN placed ON placed.transaction = events.transaction
    WHERE events.name = 'refund' AND events.time <= $now
        AND (events.trust = 'confirmed' OR placed.trust <> 'confirmed')
        AND (events.currency IS NULL OR events.currency = placed.currency)
    GROUP BY placed.transaction
)
SELECT
    placed.person,
    placed.number,
    placed.time,
    placed.currency,
    placed.value IS NULL OR placed.value < 0 AS valueless,
    greatest(coalesce(placed.value, 0), 0)::BIGINT AS gross,
    greatest(coalesce(placed.value, 0) - coalesce(refunds.refunded, 0), 0)::BIGINT AS paid,
    refunds.transaction IS NOT NULL AS returned
FROM placed
LEFT JOIN refunds ON refunds.transaction = placed.transaction
WHERE placed.person IS NOT NULL
