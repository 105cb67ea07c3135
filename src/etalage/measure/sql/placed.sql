-- placed.sql: the orders that count, in the few columns that questions read. Reads: orders. Params: now.
SELECT transaction, person, number, time, value, currency, trust, how
FROM orders
WHERE time <= $now
