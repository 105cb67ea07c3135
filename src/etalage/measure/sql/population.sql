-- population.sql: who is compared (methods 3.1): one row per experience and person, from her first `triggered` by time
-- over all her visitors. Reads: events, plan, moments. `crossed`: she met two arms; the first one counts.
-- Of all messages together, '*', it is everybody of whom the shop's holdout was drawn, triggered or not, from her first
-- decision of the period; the arms are `holdout` and `messages`.
-- `device`, `decided`, `phase` and `matched` (segments, blank between them) are of that first moment.
WITH persons AS (
    SELECT experience, person, arg_min(number, early) AS number, min(arm) <> max(arm) AS crossed
    FROM moments
    GROUP BY experience, person
),
several AS (
    SELECT experience, person, count(DISTINCT visitor) AS visitors
    FROM moments
    WHERE linked
    GROUP BY experience, person
),
said AS (
    SELECT visitor, time, properties ->> '$.phase' AS phase, properties ->> '$.matched' AS matched
    FROM (
        SELECT visitor, time, max(properties) AS properties
        FROM events
        WHERE name = 'decision' AND properties <> '{}'
        GROUP BY visitor, time
    )
)
SELECT
    persons.experience, persons.person, moments.time AS first, persons.crossed,
    coalesce(several.visitors, 1) AS visitors,
    moments.arm, coalesce(moments.policy, '') AS policy, moments.propensity, moments.device, moments.decided,
    said.phase, said.matched,
    plan.goal, plan.started, moments.time + plan.span AS closes
FROM persons
JOIN moments USING (number)
JOIN plan ON plan.experience = persons.experience
LEFT JOIN several ON several.experience = persons.experience AND several.person = persons.person
LEFT JOIN said ON said.visitor = moments.visitor AND said.time = moments.decided
