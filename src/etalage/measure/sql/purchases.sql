-- purchases.sql: the orders that count, less what was paid back. Reads: events, orders. Params: now.
-- A refund counts for the order of its transaction, whenever it came, at most up to its value; without an amount it is
-- a full one. What the shop confirmed cannot be refunded by a browser. An order below zero has no amount that counts.
-- `gross` is before any refund: the past of a person may hold nothing that came after her moment.
WITH refunds AS (
    SELECT orders.transaction, sum(abs(coalesce(events.value, orders.value))) AS refunded
    FROM events
    JOIN orders ON orders.transaction = events.transaction
    WHERE events.name = 'refund' AND events.time <= $now
        AND (events.trust = 'confirmed' OR orders.trust <> 'confirmed')
        AND (events.currency IS NULL OR events.currency = orders.currency)
    GROUP BY orders.transaction
)
SELECT
    orders.person,
    orders.number,
    orders.time,
    orders.currency,
    orders.value IS NULL OR orders.value < 0 AS valueless,
    greatest(coalesce(orders.value, 0), 0)::BIGINT AS gross,
    greatest(coalesce(orders.value, 0) - coalesce(refunds.refunded, 0), 0)::BIGINT AS paid,
    refunds.transaction IS NOT NULL AS returned
FROM orders
LEFT JOIN refunds ON refunds.transaction = orders.transaction
WHERE orders.person IS NOT NULL AND orders.time <= $now
