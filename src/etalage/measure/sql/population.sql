-- population.sql: who is compared (methods 3.1): one row per experience and person, from her first `triggered` by time
-- and id over all her visitors. Reads: events, people, plan. `crossed`: she met two arms; the first one counts.
-- Of all messages together, '*', it is everybody of whom the shop's holdout was drawn, triggered or not, from her first
-- decision of the period; the arms are `holdout` and `messages`.
-- `device`, `decided`, `phase` and `matched` (segments, blank between them) are of that first moment.
WITH moments AS (
    SELECT
        plan.experience, events.arm, events.policy, events.propensity, events.visitor, events.time, events.id,
        events.device, events.decided
    FROM events
    JOIN plan ON plan.experience = events.experience
    WHERE events.name = 'triggered' AND list_contains(events.purposes, 'measure')
        AND events.time >= plan.started AND events.time < plan.until
    UNION ALL
    SELECT
        plan.experience, CASE events.arm WHEN 'holdout' THEN 'holdout' ELSE 'messages' END,
        events.policy, events.propensity, events.visitor, events.time, events.id, events.device, events.time
    FROM events
    JOIN plan ON plan.experience = '*'
    WHERE events.name = 'decision' AND events.experience = '@holdout' AND list_contains(events.purposes, 'measure')
        AND events.time >= plan.started AND events.time < plan.until
),
persons AS (
    SELECT
        experience,
        person,
        min(time) AS first,
        arg_min(
            {'arm': arm, 'policy': policy, 'propensity': propensity, 'visitor': visitor, 'device': device,
             'decided': decided},
            {'time': time, 'id': id}
        ) AS shown,
        min(arm) <> max(arm) AS crossed,
        count(DISTINCT visitor) AS visitors
    FROM moments
    JOIN people USING (visitor)
    GROUP BY experience, person
),
said AS (
    SELECT visitor, time, max(properties) AS properties
    FROM events
    WHERE name = 'decision' AND properties <> '{}'
    GROUP BY visitor, time
)
SELECT
    persons.experience, persons.person, persons.first, persons.crossed, persons.visitors,
    shown.arm AS arm, coalesce(shown.policy, '') AS policy, shown.propensity AS propensity,
    shown.device AS device, shown.decided AS decided,
    said.properties ->> '$.phase' AS phase, said.properties ->> '$.matched' AS matched,
    plan.goal, plan.started, persons.first + plan.span AS closes
FROM persons
JOIN plan USING (experience)
LEFT JOIN said ON said.visitor = shown.visitor AND said.time = shown.decided
