-- seen.sql: who really saw or clicked a message, by the token of the event. Reads: numbered_events, plan.
-- Rows: experience, arm, taken (person and experience, see plan.sql), exposed, clicked.
WITH shown AS MATERIALIZED (
    SELECT experience, arm, number, time, name = 'view_promotion' AS viewed
    FROM numbered_events
    WHERE name IN ('view_promotion', 'select_promotion') AND experience IS NOT NULL
        AND list_contains(purposes, 'measure')
),
each AS (
    SELECT plan.experience, shown.arm, shown.number * 4096 + plan.place AS taken, viewed
    FROM shown
    JOIN plan ON plan.experience = shown.experience
    WHERE shown.time >= plan.started AND shown.time < plan.until
    UNION ALL
    SELECT plan.experience, 'messages', shown.number * 4096 + plan.place, viewed
    FROM shown
    JOIN plan ON plan.experience = '*' AND shown.time >= plan.started AND shown.time < plan.until
)
SELECT experience, arm, taken, bool_or(viewed) AS exposed, bool_or(NOT viewed) AS clicked
FROM each
GROUP BY experience, arm, taken
