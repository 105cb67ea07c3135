-- seen.sql: who really saw or clicked a message, by the token of the event. Reads: events, people, plan.
-- Rows: experience, arm, person, exposed, clicked.
WITH shown AS (
    SELECT plan.experience, events.arm, events.visitor, events.name
    FROM events
    JOIN plan ON plan.experience = events.experience
    WHERE events.name IN ('view_promotion', 'select_promotion') AND list_contains(events.purposes, 'measure')
        AND events.time >= plan.started AND events.time < plan.until
    UNION ALL
    SELECT plan.experience, 'messages', events.visitor, events.name
    FROM events
    JOIN plan ON plan.experience = '*'
    WHERE events.name IN ('view_promotion', 'select_promotion') AND list_contains(events.purposes, 'measure')
        AND events.experience IS NOT NULL
        AND events.time >= plan.started AND events.time < plan.until
)
SELECT
    experience, arm, person,
    bool_or(name = 'view_promotion') AS exposed,
    bool_or(name = 'select_promotion') AS clicked
FROM shown
JOIN people USING (visitor)
GROUP BY experience, arm, person
