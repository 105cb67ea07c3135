-- known.sql: what may be known of whom (the rule of domain/consent.py in batch, for the whole person).
-- Reads: events, orders_found, people.
-- known_people(person, visitors, refused): all persons with `personalise` open; refused = time of her last refusal.
-- known_events(all columns of events, person): their events of consent epochs that began after that refusal, with
-- orders at the visitor they were found to belong to.
CREATE OR REPLACE TEMP TABLE known_people AS
WITH said AS (
    SELECT
        people.person,
        time,
        id,
        json_extract(properties, '$.personalise') = 'true'::JSON AS granted,
        coalesce(json_extract(properties, '$.declared') = 'true'::JSON, FALSE) AS declared
    FROM events
    JOIN people USING (visitor)
    WHERE name = 'consent' AND json_extract(properties, '$.personalise') IS NOT NULL
),
standing AS (
    SELECT
        person,
        arg_max(granted, (NOT declared, time, NOT granted, id)) AS is_open,
        coalesce(max(time) FILTER (WHERE NOT granted), 0) AS refused
    FROM said
    GROUP BY person
)
SELECT person, any_value(visitors) AS visitors, any_value(refused) AS refused
FROM standing
JOIN people USING (person)
WHERE is_open
GROUP BY person;

CREATE OR REPLACE TEMP VIEW known_events AS
WITH found AS (
    SELECT * FROM events WHERE name <> 'purchase'
    UNION ALL BY NAME
    SELECT * EXCLUDE (how) FROM orders_found
)
SELECT found.*, known_people.person
FROM found
JOIN people ON people.visitor = found.visitor
JOIN known_people ON known_people.person = people.person
WHERE found.epoch > known_people.refused;
