-- overdue.sql: what was kept for as long as it may be, and what becomes of it.
-- Params: orders_day, events_day, decisions_day, searches_day (shop days; older ones go), quiet (micros).
-- Reads: events, orders_found, people. One row per event that changes: position, day, id, name, visitor, transaction,
-- purposes, fate (domain/privacy.py).
-- Consent and links stay as long as the person does anything; of somebody quiet only orders stay, without her.
WITH owned AS (
    SELECT events.*, coalesce(orders_found.visitor, events.visitor) AS owner
    FROM events
    LEFT JOIN orders_found ON orders_found.position = events.position
),
active AS (
    SELECT people.person, max(owned.time) AS last
    FROM owned
    JOIN people ON people.visitor = owned.owner
    WHERE owned.name <> 'score'
    GROUP BY people.person
),
judged AS (
    SELECT
        owned.position, owned.day, owned.id, owned.name, owned.visitor, owned.transaction, owned.trust,
        owned.personal, owned.owner, people.person IS NOT NULL AS is_free,
        owned.name IN ('purchase', 'refund', 'purchase_claim') AS is_order,
        owned.name IN ('consent', 'identify', 'link', 'unlink', 'restriction') AS is_standing,
        coalesce(active.last < $quiet, FALSE) AS is_quiet
    FROM owned
    LEFT JOIN people ON people.visitor = owned.owner
    LEFT JOIN active ON active.person = people.person
),
fated AS (
    SELECT
        position, day, id, name, visitor, transaction, []::VARCHAR[] AS purposes,
        CASE
            WHEN owner IS NULL THEN CASE WHEN is_order AND day < $orders_day THEN 'gone' END
            WHEN NOT is_free THEN NULL
            WHEN is_order AND day < $orders_day THEN 'gone'
            WHEN is_order AND is_quiet THEN
                CASE WHEN name <> 'purchase_claim' AND trust = 'confirmed' THEN 'books' ELSE 'gone' END
            WHEN is_order THEN NULL
            WHEN is_quiet THEN 'gone'
            WHEN is_standing THEN NULL
            WHEN day < $events_day THEN 'gone'
            WHEN name = 'decision' AND day < $decisions_day THEN 'gone'
            WHEN name IN ('search', 'view_search_results') AND personal IS NOT NULL AND day < $searches_day
                THEN 'unnamed'
        END AS fate
    FROM judged
)
SELECT * FROM fated WHERE fate IS NOT NULL
