-- bandit_arms.sql: what the persons of each variant and day of entry did so far. Reads: acted. Params: now.
-- Rows: experience, arm, day, age (micros since they entered, on average), visitors, conversions, revenue, squares,
-- waits (conversions of windows that are closed) and waited (micros, added up), lately (conversions of the last day).
SELECT
    experience, arm, day,
    avg($now - first)::BIGINT AS age,
    count(*) AS visitors,
    count(done_at) AS conversions,
    sum(capped)::BIGINT AS revenue,
    sum(capped::HUGEINT * capped)::DOUBLE AS squares,
    count(waited) AS waits,
    coalesce(sum(waited), 0)::BIGINT AS waited,
    count(*) FILTER (done_at > $now - 86400000000) AS lately,
    coalesce(sum(done_at - first), 0)::BIGINT AS taken
FROM acted
GROUP BY experience, arm, day
