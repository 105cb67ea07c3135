-- coverage.sql: how many of the measurable persons were reached (triggered in any arm, or exposed) while it ran.
-- All messages together, '*', reached those whom any of them reached.
-- Reads: events, plan, population, entered, seen, outside, spans, around. Rows: experience, measurable, reached.
-- Measurable: persons with an event while `measure` was open. A person's first and last event tell whether she was
-- there, except for those seen both before an experience and after its end: only their events are looked through.
WITH periods AS (
    SELECT started, until, count(*) AS persons
    FROM (SELECT DISTINCT started, until FROM plan)
    JOIN spans ON spans.last >= started AND spans.first < until
    WHERE spans.first >= started OR spans.last < until
    GROUP BY started, until
),
present AS (
    SELECT plan.experience, periods.persons
    FROM plan
    JOIN periods ON periods.started = plan.started AND periods.until = plan.until
    UNION ALL
    SELECT around.experience, count(DISTINCT around.number)
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
    SELECT experience, sum(persons) AS persons FROM entered WHERE experience <> '*' GROUP BY experience
    UNION ALL
    SELECT experience, count(DISTINCT taken) FROM outside WHERE experience <> '*' GROUP BY experience
    UNION ALL
    SELECT '*', count(*)
    FROM (
        SELECT taken // 4096 AS number
        FROM population
        WHERE taken % 4096 <> coalesce((SELECT place FROM plan WHERE experience = '*'), -1)
        UNION
        SELECT taken // 4096 FROM seen WHERE experience = '*' AND exposed
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
