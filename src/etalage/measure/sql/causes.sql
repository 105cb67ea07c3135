-- causes.sql: where to look if the arms are filled otherwise than they were configured (methods 3.5).
-- Reads: events, people, plan, kinds, population. Rows: experience, key, arm, persons.
-- programs: compared persons with over 300 events on one day, which is no person; how long she looked at each of her pages
-- is no event more. consent: browsers whose moment may not be measured.
WITH busy AS (
    SELECT DISTINCT people.number
    FROM events
    JOIN people USING (visitor)
    WHERE events.name <> 'user_engagement'
    GROUP BY people.number, events.day
    HAVING count(*) > 300
)
SELECT plan.experience, 'programs' AS key, arm, count(*) AS persons
FROM population
JOIN plan ON plan.place = population.taken % 4096
JOIN kinds ON kinds.kind = population.kind
WHERE taken // 4096 IN (SELECT number FROM busy)
GROUP BY ALL
UNION ALL
SELECT plan.experience, 'consent', events.arm, count(DISTINCT events.visitor)
FROM events
JOIN plan ON plan.experience = events.experience
WHERE events.name = 'triggered' AND NOT list_contains(events.purposes, 'measure')
    AND events.time >= plan.started AND events.time < plan.until
GROUP BY ALL
