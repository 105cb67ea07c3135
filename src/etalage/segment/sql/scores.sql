-- scores.sql: phase and RFM of everybody who may be known, where they differ from what was written last.
-- Params: today (shop day), currency. Reads: known_events, known_people (unify/sql).
-- One row per person: person, visitor and epoch (her newest, to write the score under), phase, recency, frequency,
-- monetary (null for who has not ordered in 365 days).
--
-- RFM (methods 5.1): quintiles over active buyers; ties share the higher rank, recency is reversed, one order is 1.
-- Phase (methods 5.4), the first that holds: loyalty, use, purchase, consideration, awareness.
WITH acts AS (
    SELECT person, visitor, epoch, name, day, time, value, currency, lines[1].category AS category
    FROM known_events
    WHERE name NOT IN ('decision', 'consent', 'identify', 'link', 'unlink', 'score', 'triggered', 'purchase_claim')
),
newest AS (
    SELECT person, arg_max(visitor, (epoch, visitor)) AS visitor, max(epoch) AS epoch
    FROM acts
    GROUP BY person
),
buyers AS (
    SELECT
        person,
        count(*) AS orders,
        max(day) AS last_day,
        -- a mean as whole minor units: order values of other currencies are never mixed in
        CAST(sum(CASE WHEN currency = $currency THEN value ELSE 0 END) AS BIGINT) // count(*) AS mean_value
    FROM acts
    WHERE name = 'purchase' AND day > $today - 365
    GROUP BY person
),
ranked AS (
    SELECT
        person,
        orders,
        last_day,
        (5 * count(*) OVER (ORDER BY last_day RANGE UNBOUNDED PRECEDING) + count(*) OVER () - 1) // count(*) OVER ()
            AS recency,
        CASE
            WHEN orders = 1 THEN 1
            ELSE (5 * count(*) OVER (ORDER BY orders RANGE UNBOUNDED PRECEDING) + count(*) OVER () - 1)
                // count(*) OVER ()
        END AS frequency,
        (5 * count(*) OVER (ORDER BY mean_value RANGE UNBOUNDED PRECEDING) + count(*) OVER () - 1)
            // count(*) OVER () AS monetary
    FROM buyers
),
lately AS (
    SELECT
        person,
        count(DISTINCT day) AS days,
        count_if(name IN ('add_to_cart', 'view_cart', 'begin_checkout')) AS carts
    FROM acts
    WHERE day > $today - 7
    GROUP BY person
),
keen AS (
    SELECT DISTINCT person
    FROM acts
    WHERE name = 'view_item' AND day > $today - 7
    GROUP BY person, category
    HAVING count(*) >= 3
),
found AS (
    SELECT
        newest.*,
        CASE
            WHEN ranked.orders >= 3 THEN 'loyalty'
            WHEN ranked.last_day > $today - 30 THEN 'use'
            WHEN lately.carts > 0 THEN 'purchase'
            WHEN keen.person IS NOT NULL OR lately.days >= 2 THEN 'consideration'
            ELSE 'awareness'
        END AS phase,
        ranked.recency,
        ranked.frequency,
        ranked.monetary
    FROM newest
    LEFT JOIN ranked USING (person)
    LEFT JOIN lately USING (person)
    LEFT JOIN keen USING (person)
),
written AS (
    SELECT
        person,
        json_extract_string(arg_max(properties, (time, id)), '$.phase') AS old_phase,
        CAST(json_extract_string(arg_max(properties, (time, id)), '$."rfm.recency"') AS BIGINT) AS old_recency,
        CAST(json_extract_string(arg_max(properties, (time, id)), '$."rfm.frequency"') AS BIGINT) AS old_frequency,
        CAST(json_extract_string(arg_max(properties, (time, id)), '$."rfm.monetary"') AS BIGINT) AS old_monetary
    FROM known_events
    WHERE name = 'score' AND json_extract_string(properties, '$.phase') IS NOT NULL  -- other scores say nothing of these
    GROUP BY person
),
now_known AS (
    -- whoever was a buyer and is none any more gets 0: a score that was written cannot be unwritten
    SELECT
        found.person, visitor, epoch, phase, old_phase, old_recency, old_frequency, old_monetary,
        coalesce(recency, CASE WHEN old_recency IS NOT NULL THEN 0 END) AS recency,
        coalesce(frequency, CASE WHEN old_recency IS NOT NULL THEN 0 END) AS frequency,
        coalesce(monetary, CASE WHEN old_recency IS NOT NULL THEN 0 END) AS monetary
    FROM found
    LEFT JOIN written USING (person)
)
SELECT person, visitor, epoch, phase, recency, frequency, monetary
FROM now_known
WHERE old_phase IS DISTINCT FROM phase
    OR old_recency IS DISTINCT FROM recency
    OR old_frequency IS DISTINCT FROM frequency
    OR old_monetary IS DISTINCT FROM monetary
ORDER BY person
