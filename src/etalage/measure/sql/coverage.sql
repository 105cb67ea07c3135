-- coverage.sql: how many of the measurable persons were reached (triggered in any arm, or exposed) while it ran.
-- All messages together, '*', reached those whom any of them reached.
-- Reads: events, people, plan, population, seen. Params: now. Rows: experience, measurable, reached.
-- Measurable: persons with an event while `measure` was open. A person's first and last event tell whether she was
-- there, except for those seen both before an experience and after its end: only their events are looked through.
WITH spans AS (
    SELECT people.person, min(seen_by.first) AS first, max(seen_by.last) AS last
    FROM (
        SELECT visitor, min(time) AS first, max(time) AS last
        FROM events
        WHERE list_contains(purposes, 'measure') AND time <= $now
        GROUP BY visitor
    ) AS seen_by
    JOIN people USING (visitor)
    GROUP BY people.person
),
around AS MATERIALIZED (
    SELECT plan.experience, plan.started, plan.until, people.visitor, people.person
    FROM plan
    JOIN spans ON spans.first < plan.started AND spans.last >= plan.until
    JOIN people USING (person)
),
present AS (
    SELECT plan.experience, count(*) AS persons
    FROM plan
    JOIN spans ON spans.last >= plan.started AND spans.first < plan.until
    WHERE spans.first >= plan.started OR spans.last < plan.until
    GROUP BY plan.experience
    UNION ALL
    SELECT around.experience, count(DISTINCT around.person)
    FROM around
    JOIN events
        ON events.visitor = around.visitor AND events.time >= around.started AND events.time < around.until
    WHERE list_contains(events.purposes, 'measure')
    GROUP BY around.experience
),
measurable AS (
    SELECT experience, sum(persons)::BIGINT AS persons FROM present GROUP BY experience
),
met AS (
    SELECT experience, count(*) AS persons FROM population WHERE experience <> '*' GROUP BY experience
    UNION ALL
    SELECT seen.experience, count(DISTINCT seen.person)
    FROM seen
    ANTI JOIN population ON population.experience = seen.experience AND population.person = seen.person
    WHERE seen.exposed AND seen.experience <> '*'
    GROUP BY seen.experience
    UNION ALL
    SELECT '*', count(*)
    FROM (
        SELECT person FROM population WHERE experience <> '*'
        UNION
        SELECT person FROM seen WHERE experience = '*' AND exposed
    )
),
reached AS (
    SELECT experience, sum(persons)::BIGINT AS persons FROM met GROUP BY experience
)
SELECT
    plan.experience,
    coalesce(measurable.persons, 0) AS measurable,
    coalesce(reached.persons, 0) AS reached
FROM plan
LEFT JOIN measurable USING (experience)
LEFT JOIN reached USING (experience)
