-- access.sql: every event that is about a person: hers, those that name her, and orders that were found to be hers.
-- Params: visitors (her keys). Reads: events, orders_found. All columns of events, in the order of the log.
WITH hers AS (SELECT unnest($visitors::VARCHAR[]) AS visitor)
SELECT events.*
FROM events
LEFT JOIN orders_found ON orders_found.position = events.position
WHERE events.visitor IN (SELECT visitor FROM hers)
    OR events.customer IN (SELECT visitor FROM hers)
    OR orders_found.visitor IN (SELECT visitor FROM hers)
ORDER BY events.position
