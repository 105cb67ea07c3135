-- spans.sql: when each person was there first and last while `measure` was open. Reads: events, people. Params: now.
-- Rows: number (of the person), first, last.
SELECT people.number, min(seen_by.first) AS first, max(seen_by.last) AS last
FROM (
    SELECT visitor, min(time) AS first, max(time) AS last
    FROM events
    WHERE list_contains(purposes, 'measure') AND time <= $now
    GROUP BY visitor
) AS seen_by
JOIN people ON people.visitor = seen_by.visitor
GROUP BY people.number
