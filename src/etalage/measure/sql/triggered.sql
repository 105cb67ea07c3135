-- triggered.sql: how many persons entered, per arm, device and day since the start. Reads: entered.
-- Rows: experience, policy, arm, crossed, device, day (0 = the first 24 hours), propensity (of one of them), first,
-- persons, visitors, late (the moment came over an hour after the decision).
SELECT
    experience, policy, arm, crossed, device, day,
    any_value(propensity) AS propensity,
    min(entered.first) AS first,
    sum(persons)::BIGINT AS persons,
    sum(visitors)::BIGINT AS visitors,
    sum(late)::BIGINT AS late
FROM entered
GROUP BY ALL
