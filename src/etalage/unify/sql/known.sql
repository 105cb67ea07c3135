-- known.sql: what may be known of whom (the rule of domain/consent.py in batch, for the whole person).
-- Reads: said, people, found_events.
-- known_people(person, visitors, refused): all persons with `personalise` open; refused = time of her last refusal.
-- known_visitors(visitor, person, refused, events): their visitors, for who adds up per visitor before asking whose it is.
-- known_events(all columns of events, person): their events of consent epochs that began after that refusal, with
-- orders at the visitor they were found to belong to.
CREATE OR REPLACE TEMP TABLE known_people AS
WITH chosen AS (
    SELECT people.person, time, id, personalise = 'true'::JSON AS granted, declared
    FROM said
    JOIN people USING (visitor)
    WHERE name = 'consent' AND personalise IS NOT NULL
),
standing AS (
    SELECT
        person,
        arg_max(granted, (NOT declared, time, NOT granted, id)) AS is_open,
        coalesce(max(time) FILTER (WHERE NOT granted), 0) AS refused
    FROM chosen
    GROUP BY person
)
SELECT person, any_value(visitors) AS visitors, any_value(refused) AS refused
FROM standing
JOIN people USING (person)
WHERE is_open
GROUP BY person;

CREATE OR REPLACE TEMP TABLE known_visitors AS
SELECT people.visitor, person, refused, events
FROM known_people
JOIN people USING (person);

CREATE OR REPLACE TEMP VIEW known_events AS
SELECT found_events.*, known_visitors.person
FROM found_events
JOIN known_visitors ON known_visitors.visitor = found_events.visitor
WHERE found_events.epoch > known_visitors.refused;
