-- triggered.sql: how many persons entered, per arm, device and day since the start. Reads: plan, population.
-- Rows: experience, policy, arm, crossed, device, day (0 = the first 24 hours), propensity (of one of them), first,
-- persons, visitors, late (the moment came over an hour after the decision).
SELECT
    population.experience, policy, arm, crossed, device,
    ((population.first - plan.started) // 86400000000)::BIGINT AS day,
    any_value(propensity) AS propensity,
    min(population.first) AS first,
    count(*) AS persons,
    sum(visitors)::BIGINT AS visitors,
    count(*) FILTER (population.first - decided > 3600000000) AS late
FROM population
JOIN plan ON plan.experience = population.experience
GROUP BY ALL
