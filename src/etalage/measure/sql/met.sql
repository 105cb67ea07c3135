-- met.sql: who would have met a message in a stretch of the past, and what they did within its window after that.
-- Reads: events, people, orders, public (person; see flow/planning.py). Params: names, types, like, whole_url, under,
-- without (types of pages that show nothing), experience, arms, since, until, span, goals.
-- Rows: day (since the start, of the first meeting), goal (null: all who met it), persons.
WITH met AS (
    SELECT people.person, min(events.time) AS first
    FROM events
    JOIN people USING (visitor)
    WHERE list_contains(events.purposes, 'measure')
        AND events.time >= $since AND events.time < $until
        AND list_contains($names::VARCHAR[], events.name)
        AND ($experience::VARCHAR IS NULL OR events.experience = $experience::VARCHAR)
        AND ($arms::VARCHAR[] IS NULL OR list_contains($arms::VARCHAR[], events.arm))
        AND ($types::VARCHAR[] IS NULL OR list_contains($types::VARCHAR[], events.page_type))
        AND NOT list_contains($without::VARCHAR[], coalesce(events.page_type, ''))
        AND (
            $like::VARCHAR IS NULL
            OR (CASE WHEN $whole_url THEN events.url ELSE split_part(events.url, '?', 1) END)
                LIKE $like::VARCHAR ESCAPE '\'
        )
        AND (
            $under::VARCHAR IS NULL
            OR coalesce(events.category, events.lines[1].category) = $under::VARCHAR
            OR starts_with(coalesce(events.category, events.lines[1].category), $under::VARCHAR || ' > ')
        )
    GROUP BY people.person
),
chosen AS (
    SELECT person, first, ((first - $since) // 86400000000)::BIGINT AS day
    FROM met
    WHERE person IN (SELECT person FROM public)
),
did AS (
    SELECT chosen.person, chosen.day, events.name AS goal
    FROM chosen
    JOIN people USING (person)
    JOIN events ON events.visitor = people.visitor
    WHERE list_contains($goals::VARCHAR[], events.name) AND events.name <> 'purchase'
        AND list_contains(events.purposes, 'measure')
        AND events.time > chosen.first AND events.time < chosen.first + $span
    UNION ALL
    SELECT chosen.person, chosen.day, 'purchase'
    FROM chosen
    JOIN orders USING (person)
    WHERE orders.time >= chosen.first AND orders.time < chosen.first + $span
)
SELECT day, NULL AS goal, count(*) AS persons FROM chosen GROUP BY day
UNION ALL
SELECT day, goal, count(DISTINCT person) AS persons FROM did GROUP BY day, goal
