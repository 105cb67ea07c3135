-- joined.sql: the shop's orders while the experience ran and its last windows were open, by how they found their
-- person. Reads: orders, plan. Params: now. Rows: experience, how (visitor | claim | identifier | none), orders.
SELECT plan.experience, orders.how, count(*) AS orders
FROM orders
JOIN plan ON orders.time >= plan.started AND orders.time <= $now AND orders.time < plan.until + plan.span
GROUP BY ALL
