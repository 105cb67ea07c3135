-- moments.sql: every `triggered` that may be measured, and for all messages together, '*', every decision with an arm of
-- the holdout. Reads: events, people, plan. `linked`: her person has more browsers than this one.
-- `taken`: person and experience in one number (see plan.sql); `browser` stands for the visitor; `position` tells moments
-- apart; `phase` and `matched` are what the decision behind it said of her. Each kind is read by itself: DuckDB then guesses well how many there are.
WITH found AS (
    SELECT position, experience, arm, policy, propensity, visitor, time, device, decided
    FROM events
    WHERE name = 'triggered' AND list_contains(purposes, 'measure')
    UNION ALL
    SELECT
        position, '*', CASE arm WHEN 'holdout' THEN arm ELSE 'messages' END, policy, propensity, visitor, time, device,
        time
    FROM events
    WHERE name = 'decision' AND experience = '@holdout' AND list_contains(purposes, 'measure')
),
said AS (
    SELECT visitor, time, told[1] AS phase, told[2] AS matched
    FROM (
        SELECT visitor, time, json_extract_string(max(properties), ['$.phase', '$.matched']) AS told
        FROM events
        WHERE name = 'decision' AND properties <> '{}'
        GROUP BY visitor, time
    )
    WHERE told[1] IS NOT NULL OR told[2] IS NOT NULL
)
SELECT
    people.number * 65536 + plan.place AS taken, found.arm, found.policy, found.propensity,
    hash(found.visitor) AS browser, found.time, found.device, found.decided, said.phase, said.matched,
    people.visitors > 1 AS linked, found.position
FROM found
JOIN plan ON plan.experience = found.experience
JOIN people ON people.visitor = found.visitor
LEFT JOIN said ON said.visitor = found.visitor AND said.time = found.decided
WHERE found.time >= plan.started AND found.time < plan.until
