-- triggered.sql: how many persons entered, per arm and day since the start. Reads: population.
-- Rows: experience, policy, arm, propensity (of one of them), crossed, day (0 = the first 24 hours), first, persons,
-- visitors.
SELECT
    experience, policy, arm, crossed,
    ((population.first - started) // 86400000000)::BIGINT AS day,
    any_value(propensity) AS propensity,
    min(population.first) AS first,
    count(*) AS persons,
    sum(visitors)::BIGINT AS visitors
FROM population
GROUP BY ALL
