-- orders.sql: one row per order that counts, and how it found its visitor (the rule of unify/orders.py in batch).
-- Reads: events. The first purchase of a transaction in the log is the order; `once` at intake keeps others out.
-- order_owners(position, visitor, how, claim_epoch, claim_purposes): worked out once, with the few columns it takes;
-- how = visitor | claim | identifier | none, the last two columns say something only where how is claim.
-- orders_found(how, and all columns of events): the same orders with their own fields, read from the events each time.
-- found_events(all columns of events): every event, the orders at the visitor they were found to belong to.
CREATE OR REPLACE TEMP TABLE order_owners AS
WITH placed AS (
    SELECT
        min(position) AS position,
        transaction,
        arg_min({'visitor': visitor, 'customer': customer, 'time': time}, position) AS said
    FROM events
    WHERE name = 'purchase'
    GROUP BY transaction, CASE WHEN transaction IS NULL THEN position END
),
claims AS (
    SELECT
        transaction,
        arg_min({'visitor': visitor, 'time': time, 'epoch': epoch, 'purposes': purposes}, position) AS said
    FROM events
    WHERE name = 'purchase_claim' AND transaction IS NOT NULL
    GROUP BY transaction
),
joined AS (
    SELECT
        placed.position,
        placed.said AS placed,
        claims.said AS claim,
        CASE
            WHEN placed.said.visitor IS NOT NULL THEN 'visitor'
            WHEN claims.said.visitor IS NOT NULL THEN 'claim'
            WHEN placed.said.customer IS NOT NULL THEN 'identifier'
            ELSE 'none'
        END AS how
    FROM placed
    LEFT JOIN claims
        ON claims.transaction = placed.transaction
        AND abs(claims.said.time - placed.said.time) <= 86400000000
)
SELECT
    position,
    CASE how WHEN 'visitor' THEN placed.visitor WHEN 'claim' THEN claim.visitor ELSE placed.customer END AS visitor,
    how,
    CASE WHEN how = 'claim' THEN claim.epoch END AS claim_epoch,
    CASE WHEN how = 'claim' THEN claim.purposes END AS claim_purposes
FROM joined;

CREATE OR REPLACE TEMP VIEW orders_found AS
SELECT
    events.* REPLACE (
        order_owners.visitor AS visitor,
        CASE WHEN how = 'claim' THEN claim_epoch ELSE epoch END AS epoch,
        CASE WHEN how = 'claim' THEN claim_purposes ELSE purposes END AS purposes
    ),
    how
FROM events
JOIN order_owners ON order_owners.position = events.position
WHERE name = 'purchase';

CREATE OR REPLACE TEMP VIEW found_events AS
SELECT * FROM events WHERE name <> 'purchase'
UNION ALL
SELECT * EXCLUDE (how) FROM orders_found;
