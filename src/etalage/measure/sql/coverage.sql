-- coverage.sql: how many of the measurable persons were reached (triggered in any arm, or exposed) while it ran.
-- All messages together, '*', reached those whom any of them reached.
-- Reads: events, people, plan, population, seen. Params: now. Rows: experience, measurable, reached.
-- Measurable: persons with an event while `measure` was open. A person's first and last event tell whether she was
-- there, except for those seen both before an experience and after its end: only their events are looked through.
WITH spans AS (
    SELECT people.person, min(events.time) AS first, max(events.time) AS last
    FROM events
    JOIN people USING (visitor)
    WHERE list_contains(events.purposes, 'measure') AND events.time <= $now
    GROUP BY people.person
),
present AS (
    SELECT plan.experience, spans.person
    FROM plan
    JOIN spans ON spans.last >= plan.started AND spans.first < plan.until
    WHERE spans.first >= plan.started OR spans.last < plan.until
    UNION ALL
    SELECT DISTINCT plan.experience, spans.person
    FROM plan
    JOIN spans ON spans.first < plan.started AND spans.last >= plan.until
    JOIN people ON people.person = spans.person
    JOIN events
        ON events.visitor = people.visitor AND events.time >= plan.started AND events.time < plan.until
    WHERE list_contains(events.purposes, 'measure')
),
measurable AS (
    SELECT experience, count(*) AS persons FROM present GROUP BY experience
),
met AS (
    SELECT experience, person FROM population WHERE experience <> '*'
    UNION
    SELECT plan.experience, population.person
    FROM population
    JOIN plan ON plan.experience = '*'
    WHERE population.experience <> '*'
    UNION
    SELECT experience, person FROM seen WHERE exposed
),
reached AS (
    SELECT experience, count(*) AS persons FROM met GROUP BY experience
)
SELECT
    plan.experience,
    coalesce(measurable.persons, 0) AS measurable,
    coalesce(reached.persons, 0) AS reached
FROM plan
LEFT JOIN measurable USING (experience)
LEFT JOIN reached USING (experience)
