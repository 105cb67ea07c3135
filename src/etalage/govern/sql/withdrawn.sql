-- withdrawn.sql: what stands in the log for a purpose that was withdrawn since, and what becomes of it.
-- Params: none. Reads: events, people. One row per event that changes: position, day, id, name, visitor, transaction,
-- purposes (that remain), fate (domain/privacy.py).
-- `measure` belongs to the browser, `personalise` to the person. What she said of consent stays, and so does whom
-- she is linked to: else a no on one device would be forgotten on the other.
WITH said AS (
    SELECT events.visitor, people.person, time,
        json_extract(properties, '$.measure') = 'false'::JSON AS no_measure,
        json_extract(properties, '$.personalise') = 'false'::JSON AS no_personalise
    FROM events
    JOIN people ON people.visitor = events.visitor
    WHERE name = 'consent'
),
of_browser AS (
    SELECT visitor, max(time) AS refused FROM said WHERE no_measure GROUP BY visitor
),
of_person AS (
    SELECT person, max(time) AS refused FROM said WHERE no_personalise GROUP BY person
),
judged AS (
    SELECT
        events.position, events.day, events.id, events.name, events.visitor, events.transaction, events.trust,
        events.purposes AS before,
        list_filter(
            events.purposes,
            lambda purpose: NOT coalesce(purpose = 'measure' AND events.time <= of_browser.refused, FALSE)
                AND NOT coalesce(purpose = 'personalise' AND events.epoch <= of_person.refused, FALSE)
        ) AS purposes
    FROM events
    JOIN people ON people.visitor = events.visitor
    LEFT JOIN of_browser ON of_browser.visitor = events.visitor
    LEFT JOIN of_person ON of_person.person = people.person
    WHERE events.name NOT IN ('consent', 'unlink', 'restriction', 'pause')
        AND (of_browser.refused IS NOT NULL OR of_person.refused IS NOT NULL)
)
SELECT
    position, day, id, name, visitor, transaction, purposes,
    CASE
        WHEN name IN ('identify', 'link') THEN 'closed'
        WHEN list_has_any(purposes, ['measure', 'personalise'])
            AND NOT (name IN ('score', 'preference', 'feedback') AND NOT list_contains(purposes, 'personalise'))
            THEN CASE WHEN list_contains(purposes, 'personalise') THEN 'unmeasured' ELSE 'closed' END
        WHEN name IN ('purchase', 'refund') AND trust = 'confirmed' THEN 'books'
        ELSE 'gone'
    END AS fate
FROM judged
WHERE len(purposes) < len(before)
