-- spans.sql: when each person was there first and last while `measure` was open. Reads: numbered_events. Params: now.
-- Rows: number (of the person), first, last.
SELECT number, min(time) AS first, max(time) AS last
FROM numbered_events
WHERE list_contains(purposes, 'measure') AND time <= $now
GROUP BY number
