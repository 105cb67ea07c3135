-- population.sql: who is compared (methods 3.1): one row per experience and person, from her first `triggered` by time
-- and id over all her visitors. Reads: events, people, plan. `crossed`: she met two arms; the first one counts.
-- Of all messages together, '*', the arms are `holdout` and `messages`.
WITH moments AS (
    SELECT plan.experience, events.arm, events.policy, events.propensity, events.visitor, events.time, events.id
    FROM events
    JOIN plan ON plan.experience = events.experience
    WHERE events.name = 'triggered' AND list_contains(events.purposes, 'measure')
        AND events.time >= plan.started AND events.time < plan.until
    UNION ALL
    SELECT
        plan.experience, CASE events.arm WHEN 'holdout' THEN 'holdout' ELSE 'messages' END,
        NULL, NULL, events.visitor, events.time, events.id
    FROM events
    JOIN plan ON plan.experience = '*'
    WHERE events.name = 'triggered' AND list_contains(events.purposes, 'measure')
        AND events.time >= plan.started AND events.time < plan.until
),
persons AS (
    SELECT
        experience,
        person,
        min(time) AS first,
        min_by(struct_pack(arm := arm, policy := policy, propensity := propensity), struct_pack(t := time, i := id))
            AS shown,
        count(DISTINCT arm) > 1 AS crossed,
        count(DISTINCT visitor) AS visitors
    FROM moments
    JOIN people USING (visitor)
    GROUP BY experience, person
)
SELECT
    persons.experience, persons.person, persons.first, persons.crossed, persons.visitors,
    shown.arm AS arm, coalesce(shown.policy, '') AS policy, shown.propensity AS propensity,
    plan.goal, plan.started, persons.first + plan.span AS closes
FROM persons
JOIN plan USING (experience)
