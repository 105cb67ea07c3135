-- people.sql: which visitors are one person (the rule of unify/links.py in batch).
-- Reads: events, orders_found. Rows: visitor, person (the root key), visitors (how many the person has, at most 20).
-- A person who is frozen (event `restriction`) is not in it: nothing of hers is counted anywhere until she is let go.
-- A person with more than 20 visitors is quarantined: each of her visitors stands alone.
CREATE OR REPLACE TEMP TABLE people AS
WITH told AS (
    SELECT visitor, CASE WHEN name = 'unlink' THEN NULL ELSE customer END AS customer
    FROM events
    WHERE visitor IS NOT NULL
        AND trust IN ('signed', 'confirmed')
        AND (name = 'unlink' OR (name IN ('identify', 'link') AND customer IS NOT NULL))
    QUALIFY row_number() OVER (PARTITION BY visitor ORDER BY time DESC, id DESC) = 1
),
seen AS (
    SELECT DISTINCT visitor FROM events WHERE visitor IS NOT NULL AND name <> 'purchase'
    UNION
    SELECT DISTINCT visitor FROM orders_found WHERE visitor IS NOT NULL
),
rooted AS (
    SELECT seen.visitor, coalesce(second.customer, first.customer, seen.visitor) AS root
    FROM seen
    LEFT JOIN told AS first ON first.visitor = seen.visitor
    LEFT JOIN told AS second ON second.visitor = first.customer
),
counted AS (
    SELECT visitor, root, count(*) OVER (PARTITION BY root) AS visitors FROM rooted
),
frozen AS (
    SELECT root
    FROM events
    JOIN rooted USING (visitor)
    WHERE name = 'restriction'
    GROUP BY root
    HAVING arg_max(json_extract(properties, '$.restricted') = 'true'::JSON, (time, id))
)
SELECT
    visitor,
    CASE WHEN visitors > 20 THEN visitor ELSE root END AS person,
    CASE WHEN visitors > 20 THEN 1 ELSE visitors END AS visitors,
    visitors > 20 AS quarantined
FROM counted
WHERE root NOT IN (SELECT root FROM frozen);
