-- looked.sql: how often each person whose window is closed looked at a page within it, and for how long, in all arms
-- alike: what GA4's `user_engagement` says in `engagement_time_msec`. Reads: numbered_events, plan, population. Params: now.
-- A window holds its first moment and not its last. A time below 1 ms or over 4 hours is none (intake's bounds).
-- Apart from did.sql, for there are as many of these as pages: only numbers are joined, and the properties of other
-- events stay where they are. Where no shop tells it, nobody is looked up.
-- Rows: taken (person and experience, see plan.sql), pages, page_msec.
WITH times AS MATERIALIZED (
    SELECT number, time, TRY_CAST(json_extract_string(properties, '$.engagement_time_msec') AS BIGINT) AS msec
    FROM numbered_events
    WHERE name = 'user_engagement' AND list_contains(purposes, 'measure')
),
closed AS (
    SELECT population.taken, population.taken // 4096 AS number, population.first, population.first + plan.span AS closes
    FROM population
    JOIN plan ON plan.place = population.taken % 4096
    WHERE population.first + plan.span <= $now AND EXISTS (SELECT 1 FROM times)
)
SELECT closed.taken, count(*) AS pages, sum(msec)::BIGINT AS page_msec
FROM times
JOIN closed ON closed.number = times.number
WHERE msec BETWEEN 1 AND 14400000 AND times.time >= closed.first AND times.time < closed.closes
GROUP BY closed.taken
