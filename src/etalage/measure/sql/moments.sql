-- moments.sql: every `triggered` that may be measured, and for all messages together, '*', every decision with an arm of
-- the holdout. Reads: events, numbered_events, plan. Rows: taken (person and experience in one number, see plan.sql), kind
-- (see kinds.sql), told (what the decision behind it said of her, see told.sql; null if nothing), time, decided, position
-- (tells moments apart), browser (null where her person has no other). Each kind of event is read by itself: DuckDB then
-- guesses well how many there are.
WITH found AS (
    SELECT
        experience, hash(arm, policy, propensity, device) AS kind, number, hash(visitor) AS visitor, is_one_of, time,
        decided, position
    FROM numbered_events
    WHERE name = 'triggered' AND list_contains(purposes, 'measure')
    UNION ALL
    SELECT
        '*', hash(CASE arm WHEN 'holdout' THEN arm ELSE 'messages' END, policy, propensity, device), number,
        hash(visitor), is_one_of, time, time, position
    FROM numbered_events
    WHERE name = 'decision' AND experience = '@holdout' AND list_contains(purposes, 'measure')
),
said AS (
    SELECT hash(visitor) AS visitor, time, max(hash(properties)) AS told
    FROM events
    WHERE name = 'decision' AND properties <> '{}'
    GROUP BY ALL
)
SELECT
    found.number * 4096 + plan.place AS taken, found.kind, said.told, found.time, found.decided, found.position,
    CASE WHEN found.is_one_of THEN found.visitor END AS browser
FROM found
JOIN plan ON plan.experience = found.experience
LEFT JOIN said ON said.visitor = found.visitor AND said.time = found.decided
WHERE found.time >= plan.started AND found.time < plan.until
