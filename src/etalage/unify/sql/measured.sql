-- measured.sql: the orders as measuring sees them. Reads: orders_found, linked. One row per order that counts.
CREATE OR REPLACE TEMP VIEW orders AS
SELECT
    orders_found.transaction, orders_found.visitor,
    CASE WHEN NOT coalesce(linked.frozen, FALSE) THEN coalesce(linked.person, orders_found.visitor) END AS person,
    CASE
        WHEN orders_found.visitor IS NOT NULL AND NOT coalesce(linked.frozen, FALSE)
            THEN coalesce(linked.number, (hash(orders_found.visitor) >> 13)::BIGINT)
    END AS number,
    orders_found.time,
    orders_found.day, orders_found.value, orders_found.currency, orders_found.how, orders_found.trust,
    orders_found.position
FROM orders_found
LEFT JOIN linked ON linked.visitor = orders_found.visitor;
