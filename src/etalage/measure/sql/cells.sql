-- cells.sql: sufficient statistics of small groups of persons whose window is closed, from which all figures are added
-- up. Reads: plan, kinds, told, population, entered, did, looked, caps. Who did nothing is counted, and adds nothing to
-- any sum.
-- `day`: first daily look at which the window is closed. y is what a person did, x the same in the 28 days before:
-- converted and converted_before, capped revenue and what was spent before (capped alike).
WITH valued AS (
    SELECT
        did.*,
        least(revenue, coalesce(cap, revenue))::HUGEINT AS y,
        least(revenue_before, coalesce(cap, revenue_before))::HUGEINT AS x
    FROM did
    JOIN caps USING (experience)
),
summed AS (
    SELECT
        experience, policy, arm, crossed, closing AS day, device, phase, matched, persons,
        0 AS conversions, 0 AS before, 0 AS both, 0 AS buyers, 0 AS unsubscribed, 0 AS orders, 0 AS orders_squares,
        0 AS revenue, 0 AS revenue_squares, 0 AS capped, 0 AS capped_squares, 0 AS capped_orders, 0 AS spent,
        0 AS spent_squares, 0 AS spent_capped, 0 AS returns, 0 AS returns_squares, 0 AS returns_orders,
        0 AS foreign_orders, 0 AS valueless
    FROM entered
    WHERE closed
    UNION ALL
    SELECT
        valued.experience, policy, kinds.arm, crossed,
        ((population.first + plan.span - plan.started + 86399999999) // 86400000000)::BIGINT,
        device, phase, matched,
        0,
        count(*) FILTER (converted),
        count(*) FILTER (converted_before),
        count(*) FILTER (converted AND converted_before),
        count(*) FILTER (orders > 0),
        count(*) FILTER (unsubscribed),
        sum(orders),
        sum(orders * orders),
        sum(revenue),
        sum(revenue::HUGEINT * revenue),
        sum(y),
        sum(y * y),
        sum(y * orders),
        sum(x),
        sum(x * x),
        sum(x * y),
        sum(returns),
        sum(returns * returns),
        sum(returns * orders),
        sum(foreign_orders),
        sum(valueless)
    FROM population
    JOIN valued ON valued.taken = population.taken
    JOIN kinds ON kinds.kind = population.kind
    LEFT JOIN told ON told.told = population.told
    JOIN plan ON plan.experience = valued.experience
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT
        plan.experience, policy, kinds.arm, crossed,
        ((population.first + plan.span - plan.started + 86399999999) // 86400000000)::BIGINT AS day,
        device, phase, matched,
        count(*) AS timed,
        sum(pages) AS pages,
        sum(pages * pages) AS pages_squares,
        sum(page_msec) AS page_msec,
        sum(page_msec::HUGEINT * page_msec) AS page_msec_squares,
        sum(page_msec::HUGEINT * pages) AS page_msec_pages
    FROM population
    JOIN looked ON looked.taken = population.taken
    JOIN plan ON plan.place = population.taken % 4096
    JOIN kinds ON kinds.kind = population.kind
    LEFT JOIN told ON told.told = population.told
    GROUP BY ALL
)
SELECT
    experience, policy, arm, crossed, any_value(cap) AS cap, day, device, phase, matched,
    coalesce(sum(COLUMNS(* EXCLUDE (experience, policy, arm, crossed, cap, day, device, phase, matched))), 0)
FROM summed
JOIN caps USING (experience)
GROUP BY experience, policy, arm, crossed, day, device, phase, matched
