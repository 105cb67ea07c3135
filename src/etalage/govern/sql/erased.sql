-- erased.sql: what stands in the log about persons who are erased, and what becomes of it.
-- Params: visitors (their keys). Reads: events, orders_found. One row per event that changes:
-- position, day, id, name, visitor, transaction, purposes, fate (domain/privacy.py).
-- Orders that are hers stay in the books without her; those of somebody else only stop naming her.
WITH hers AS (SELECT unnest($visitors::VARCHAR[]) AS visitor),
owned AS (
    SELECT events.*, coalesce(orders_found.visitor, events.visitor) AS owner
    FROM events
    LEFT JOIN orders_found ON orders_found.position = events.position
),
orders_of_hers AS (
    SELECT transaction FROM owned
    WHERE name = 'purchase' AND transaction IS NOT NULL AND owner IN (SELECT visitor FROM hers)
),
judged AS (
    SELECT
        *,
        coalesce(owner IN (SELECT visitor FROM hers), FALSE)
            OR (name = 'refund' AND coalesce(transaction IN (SELECT transaction FROM orders_of_hers), FALSE))
            AS is_hers,
        coalesce(customer IN (SELECT visitor FROM hers), FALSE) AS names_her
    FROM owned
)
SELECT
    position, day, id, name, visitor, transaction, []::VARCHAR[] AS purposes,
    CASE
        WHEN name NOT IN ('purchase', 'refund') THEN 'gone'
        WHEN NOT is_hers AND owner IS NOT NULL THEN 'unnamed'
        WHEN trust = 'confirmed' THEN 'books'
        ELSE 'gone'
    END AS fate
FROM judged
WHERE is_hers OR names_her
