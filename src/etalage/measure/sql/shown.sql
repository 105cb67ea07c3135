-- shown.sql: per experience and shop day, how often its moment came for whom a message was meant, and how often one was
-- seen. Reads: events. Params: first, last (shop days). Rows: experience, day, triggered, seen.
SELECT
    experience,
    day,
    count_if(name = 'triggered') AS triggered,
    count_if(name = 'view_promotion') AS seen
FROM events
WHERE day BETWEEN $first AND $last AND experience IS NOT NULL AND arm NOT IN ('control', 'holdout')
    AND name IN ('triggered', 'view_promotion')
GROUP BY experience, day
ORDER BY experience, day
