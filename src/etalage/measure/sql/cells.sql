-- cells.sql: sufficient statistics of small groups of persons, from which all figures are added up. Reads: did, caps.
-- `day`: first daily look at which the window is closed. y is what a person did, x the same in the 28 days before:
-- converted and converted_before, capped revenue and what was spent before (capped alike).
WITH valued AS (
    SELECT
        did.*,
        caps.cap,
        least(revenue, coalesce(cap, revenue))::HUGEINT AS y,
        least(revenue_before, coalesce(cap, revenue_before))::HUGEINT AS x
    FROM did
    JOIN caps USING (experience)
)
SELECT
    experience, policy, arm, crossed, cap, day, device, phase, matched,
    count(*) AS persons,
    count(*) FILTER (converted) AS conversions,
    count(*) FILTER (converted_before) AS before,
    count(*) FILTER (converted AND converted_before) AS both,
    count(*) FILTER (orders > 0) AS buyers,
    count(*) FILTER (unsubscribed) AS unsubscribed,
    sum(orders)::BIGINT AS orders,
    sum(orders * orders)::BIGINT AS orders_squares,
    sum(revenue)::BIGINT AS revenue,
    sum(revenue::HUGEINT * revenue) AS revenue_squares,
    sum(y)::BIGINT AS capped,
    sum(y * y) AS capped_squares,
    sum(y * orders) AS capped_orders,
    sum(x)::BIGINT AS spent,
    sum(x * x) AS spent_squares,
    sum(x * y) AS spent_capped,
    sum(returns)::BIGINT AS returns,
    sum(returns * returns)::BIGINT AS returns_squares,
    sum(returns * orders)::BIGINT AS returns_orders,
    sum(foreign_orders)::BIGINT AS foreign_orders,
    sum(valueless)::BIGINT AS valueless
FROM valued
GROUP BY ALL
