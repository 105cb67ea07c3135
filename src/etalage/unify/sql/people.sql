-- people.sql: which visitors are one person (the rule of unify/links.py in batch).
-- Reads: events, order_owners. Rows: visitor, person (the root key), number (of the person), visitors (how many the
-- person has, at most 20), quarantined, and events: how many there are of this visitor under any consent, orders that
-- found her included. `everyone` holds the frozen too (event `restriction`), who are nobody in `people`: nothing of theirs
-- is counted anywhere until they are let go.
-- number: 51 bits of a hash of the person's key; what counts persons joins by it, at a fraction of the cost. Of a million
-- persons two have the same one once in 4,500 shops.
-- linked(visitor, person, number, is_one_of, frozen): the few visitors who are not simply a person of their own; so
-- numbered_events(all columns of events, number, is_one_of) knows who is who without looking everybody up. is_one_of: her
-- person has more visitors than this one. Events of nobody and of the frozen are not in it.
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

CREATE OR REPLACE TEMP TABLE everyone AS
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
        seen.visitor, events, coalesce(second.customer, first.customer, seen.visitor) AS root
    FROM seen
    LEFT JOIN told AS first ON first.visitor = seen.visitor
    LEFT JOIN told AS second ON second.visitor = first.customer
),
counted AS (
    SELECT root, count(*) AS visitors FROM rooted GROUP BY root
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
    (hash(CASE WHEN counted.visitors > 20 THEN visitor ELSE root END) >> 13)::BIGINT AS number,
    CASE WHEN counted.visitors > 20 THEN 1 ELSE counted.visitors END AS visitors,
    counted.visitors > 20 AS quarantined,
    root IN (SELECT root FROM frozen) AS frozen,
    events
FROM rooted
JOIN counted USING (root);

CREATE OR REPLACE TEMP VIEW people AS
SELECT * EXCLUDE (frozen) FROM everyone WHERE NOT frozen;

CREATE OR REPLACE TEMP TABLE linked AS
SELECT visitor, person, number, visitors > 1 AS is_one_of, frozen
FROM everyone
WHERE frozen OR visitors > 1 OR person <> visitor;

CREATE OR REPLACE TEMP VIEW numbered_events AS
SELECT
    events.*,
    coalesce(linked.number, (hash(events.visitor) >> 13)::BIGINT) AS number,
    coalesce(linked.is_one_of, FALSE) AS is_one_of
FROM events
LEFT JOIN linked ON linked.visitor = events.visitor
WHERE events.visitor IS NOT NULL AND NOT coalesce(linked.frozen, FALSE);
