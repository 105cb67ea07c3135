-- moments.sql: every `triggered` that may be measured, and for all messages together, '*', every decision with an arm of
-- the holdout. Reads: numbered_events, plan. `is_one_of`: her person has more browsers than this one.
-- `taken`: person and experience in one number (see plan.sql); `browser` stands for the visitor; `position` tells moments
-- apart; `phase` and `matched` are what the decision behind it said of her: few different texts, each read as JSON once.
-- Each kind is read by itself: DuckDB then guesses well how many there are.
WITH found AS (
    SELECT position, experience, arm, policy, propensity, hash(visitor) AS browser, number, is_one_of, time, device, decided
    FROM numbered_events
    WHERE name = 'triggered' AND list_contains(purposes, 'measure')
    UNION ALL
    SELECT
        position, '*', CASE arm WHEN 'holdout' THEN arm ELSE 'messages' END, policy, propensity, hash(visitor) AS browser, number,
        is_one_of, time, device, time
    FROM numbered_events
    WHERE name = 'decision' AND experience = '@holdout' AND list_contains(purposes, 'measure')
),
told AS (
    SELECT properties, json_extract_string(properties, ['$.phase', '$.matched']) AS said
    FROM (SELECT DISTINCT properties FROM events WHERE name = 'decision' AND properties <> '{}')
),
decided AS (
    SELECT hash(visitor) AS browser, time, max(properties) AS properties
    FROM events
    WHERE name = 'decision' AND properties <> '{}'
    GROUP BY browser, time
),
said AS (
    SELECT browser, time, said[1] AS phase, said[2] AS matched
    FROM decided
    JOIN told ON told.properties = decided.properties
    WHERE said[1] IS NOT NULL OR said[2] IS NOT NULL
)
SELECT
    found.number * 4096 + plan.place AS taken, found.arm, found.policy, found.propensity,
    found.browser, found.time, found.device, found.decided, said.phase, said.matched,
    found.is_one_of, found.position
FROM found
JOIN plan ON plan.experience = found.experience
LEFT JOIN said ON said.browser = found.browser AND said.time = found.decided
WHERE found.time >= plan.started AND found.time < plan.until
