-- books.sql: what is missing in the orders, per shop day. Reads: events, order_owners. Params: first, last (shop days).
-- Rows: day, orders, nameless (without a transaction), valueless (without an amount or currency), unfound (of nobody).
SELECT
    events.day,
    count(*) AS orders,
    count_if(events.transaction IS NULL) AS nameless,
    count_if(events.value IS NULL OR events.currency IS NULL) AS valueless,
    count_if(order_owners.how = 'none') AS unfound
FROM events
JOIN order_owners ON order_owners.position = events.position
WHERE events.day BETWEEN $first AND $last
GROUP BY events.day
ORDER BY events.day
