-- joined.sql: the shop's orders while the experience ran and its last windows were open, by how they found their
-- person. Reads: placed, plan. Rows: experience, how (visitor | claim | identifier | none), orders.
SELECT plan.experience, placed.how, count(*) AS orders
FROM placed
JOIN plan ON placed.time >= plan.started AND placed.time < plan.until + plan.span
GROUP BY ALL
