-- entered.sql: how many persons were alike at their first moment and entered on the same day: what is counted of
-- everybody compared, in few rows. Reads: plan, kinds, told, population. Params: now.
-- Rows: experience, policy, arm, crossed, device, phase, matched, day (of entry since the start; 0 = the first 24 hours),
-- closing (first daily look at which the window is closed), closed, persons, visitors, late (the moment came over an hour
-- after the decision), propensity (of one of them), first.
WITH alike AS (
    SELECT
        place, kind, told, crossed,
        (population.first - plan.started) // 86400000000 AS day,
        (population.first + plan.span - plan.started + 86399999999) // 86400000000 AS closing,
        population.first + plan.span <= $now AS closed,
        count(*) AS persons,
        sum(visitors) AS visitors,
        count(*) FILTER (population.first - decided > 3600000000) AS late,
        min(population.first) AS first
    FROM population
    JOIN plan ON plan.place = population.taken % 4096
    GROUP BY ALL
)
SELECT
    plan.experience, policy, arm, crossed, device, phase, matched, day::BIGINT AS day, closing::BIGINT AS closing, closed,
    sum(persons)::BIGINT AS persons,
    sum(alike.visitors)::BIGINT AS visitors,
    sum(late)::BIGINT AS late,
    any_value(propensity) AS propensity,
    min(alike.first) AS first
FROM alike
JOIN plan ON plan.place = alike.place
JOIN kinds ON kinds.kind = alike.kind
LEFT JOIN told ON told.told = alike.told
GROUP BY ALL
