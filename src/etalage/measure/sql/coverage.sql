-- coverage.sql: how many of the measurable persons were reached (triggered in any arm, or exposed) while it ran.
-- Reads: events, people, plan, population, seen. Rows: experience, measurable, reached.
-- Measurable: persons with an event while `measure` was open.
WITH present AS (
    SELECT DISTINCT people.person, plan.experience
    FROM plan
    JOIN events ON events.time >= plan.started AND events.time < plan.until
    JOIN people USING (visitor)
    WHERE list_contains(events.purposes, 'measure')
),
reached AS (
    SELECT experience, person FROM population
    UNION
    SELECT experience, person FROM seen WHERE exposed
)
SELECT plan.experience, count(present.person) AS measurable, count(reached.person) AS reached
FROM plan
LEFT JOIN present USING (experience)
LEFT JOIN reached ON reached.experience = present.experience AND reached.person = present.person
GROUP BY plan.experience
