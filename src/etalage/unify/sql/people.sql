-- people.sql: which visitors are one person (the rule of unify/links.py in batch).
-- Reads: events, order_owners. Rows: visitor, person (the root key), number (of the person, in this session alone: what
-- counts persons joins by it, at a fraction of the cost), visitors (how many the person has, at most 20), quarantined,
-- and events: how many there are of this visitor under any consent, orders that found her included.
-- A person who is frozen (event `restriction`) is not in it: nothing of hers is counted anywhere until she is let go.
-- A person with more than 20 visitors is quarantined: each of her visitors stands alone.
-- `said` is what one pass over all events finds of those few that say who somebody is and what she allows.
CREATE OR REPLACE TEMP TABLE said AS
SELECT
    visitor, customer, name, time, id, trust,
    json_extract(properties, '$.personalise') AS personalise,
    coalesce(json_extract(properties, '$.declared') = 'true'::JSON, FALSE) AS declared,
    coalesce(json_extract(properties, '$.restricted') = 'true'::JSON, FALSE) AS restricted
FROM events
WHERE name IN ('consent', 'identify', 'link', 'unlink', 'restriction');

CREATE OR REPLACE TEMP TABLE people AS
WITH told AS (
    SELECT visitor, CASE WHEN name = 'unlink' THEN NULL ELSE customer END AS customer
    FROM said
    WHERE visitor IS NOT NULL
        AND trust IN ('signed', 'confirmed')
        AND (name = 'unlink' OR (name IN ('identify', 'link') AND customer IS NOT NULL))
    QUALIFY row_number() OVER (PARTITION BY visitor ORDER BY time DESC, id DESC) = 1
),
seen AS (
    SELECT visitor, sum(events)::BIGINT AS events
    FROM (
        SELECT visitor, count(*) AS events
        FROM events
        WHERE visitor IS NOT NULL AND name <> 'purchase'
        GROUP BY visitor
        UNION ALL
        SELECT visitor, count(*) AS events FROM order_owners WHERE visitor IS NOT NULL GROUP BY visitor
    )
    GROUP BY visitor
),
rooted AS (
    SELECT
        seen.visitor, events, coalesce(second.customer, first.customer, seen.visitor) AS root,
        row_number() OVER () AS own
    FROM seen
    LEFT JOIN told AS first ON first.visitor = seen.visitor
    LEFT JOIN told AS second ON second.visitor = first.customer
),
counted AS (
    SELECT root, count(*) AS visitors, min(own) AS least FROM rooted GROUP BY root
),
frozen AS (
    SELECT root
    FROM said
    JOIN rooted USING (visitor)
    WHERE name = 'restriction'
    GROUP BY root
    HAVING arg_max(restricted, (time, id))
)
SELECT
    visitor,
    CASE WHEN counted.visitors > 20 THEN visitor ELSE root END AS person,
    CASE WHEN counted.visitors > 20 THEN own ELSE least END AS number,
    CASE WHEN counted.visitors > 20 THEN 1 ELSE counted.visitors END AS visitors,
    counted.visitors > 20 AS quarantined,
    events
FROM rooted
JOIN counted USING (root)
WHERE root NOT IN (SELECT root FROM frozen);
