-- measured.sql: the orders as measuring sees them. Reads: orders_found, people. One row per order that counts.
CREATE OR REPLACE TEMP VIEW orders AS
SELECT
    orders_found.transaction, orders_found.visitor, people.person, people.number, orders_found.time,
    orders_found.day, orders_found.value, orders_found.currency, orders_found.how, orders_found.trust,
    orders_found.position
FROM orders_found
LEFT JOIN people ON people.visitor = orders_found.visitor;
