-- orders.sql: one row per order that counts, and how it found its visitor (the rule of unify/orders.py in batch).
-- Reads: events. Rows: transaction, visitor, how (visitor | claim | identifier | none), and the order's own fields.
-- The first purchase of a transaction in the log is the order; `once` at intake keeps others out.
CREATE OR REPLACE TEMP TABLE orders_found AS
WITH placed AS (
    SELECT *
    FROM events
    WHERE name = 'purchase'
    QUALIFY transaction IS NULL OR row_number() OVER (PARTITION BY transaction ORDER BY position) = 1
),
claims AS (
    SELECT transaction AS claimed_transaction, visitor AS claimant, time AS claim_time,
        epoch AS claim_epoch, purposes AS claim_purposes
    FROM events
    WHERE name = 'purchase_claim'
    QUALIFY row_number() OVER (PARTITION BY transaction ORDER BY position) = 1
)
SELECT
    placed.* EXCLUDE (visitor, epoch, purposes),
    CASE
        WHEN placed.visitor IS NOT NULL THEN placed.visitor
        WHEN claimant IS NOT NULL THEN claimant
        ELSE placed.customer
    END AS visitor,
    CASE WHEN placed.visitor IS NULL AND claimant IS NOT NULL THEN claim_epoch ELSE placed.epoch END AS epoch,
    CASE WHEN placed.visitor IS NULL AND claimant IS NOT NULL THEN claim_purposes ELSE placed.purposes END
        AS purposes,
    CASE
        WHEN placed.visitor IS NOT NULL THEN 'visitor'
        WHEN claimant IS NOT NULL THEN 'claim'
        WHEN placed.customer IS NOT NULL THEN 'identifier'
        ELSE 'none'
    END AS how
FROM placed
LEFT JOIN claims
    ON claims.claimed_transaction = placed.transaction
    AND abs(claims.claim_time - placed.time) <= 86400000000;
