-- outcomes.sql: what the persons whose window is closed did within it, in all arms alike, as sufficient statistics.
-- Reads: events, people, plan, population, purchases. Params: now, currency.
-- Rows: experience, policy, arm, crossed, day (first daily look at which the window is closed), persons, conversions,
-- orders, revenue, revenue_squares, capped, capped_squares, foreign_orders, valueless, cap. A window holds its first
-- moment and not its last. Cap: 99th percentile of the positive revenues per person, holdout apart, unless fixed before.
WITH closed AS (
    SELECT * FROM population WHERE closes <= $now
),
bought AS (
    SELECT
        closed.experience,
        closed.person,
        count(*) AS orders,
        coalesce(sum(paid) FILTER (coalesce(currency, $currency) = $currency), 0)::BIGINT AS revenue,
        count(*) FILTER (coalesce(currency, $currency) <> $currency) AS foreign_orders,
        count(*) FILTER (valueless) AS valueless
    FROM closed
    JOIN purchases USING (person)
    WHERE purchases.time >= closed.first AND purchases.time < closed.closes
    GROUP BY closed.experience, closed.person
),
reached AS (
    SELECT DISTINCT closed.experience, closed.person
    FROM closed
    JOIN people USING (person)
    JOIN events ON events.visitor = people.visitor AND events.name = closed.goal
    WHERE closed.goal <> 'purchase'
        AND list_contains(events.purposes, 'measure')
        AND events.time >= closed.first AND events.time < closed.closes
        AND (events.name NOT IN ('view_promotion', 'select_promotion') OR events.experience = closed.experience)
),
did AS (
    SELECT
        closed.*,
        CASE closed.goal
            WHEN 'purchase' THEN coalesce(bought.orders, 0) > 0
            ELSE reached.person IS NOT NULL
        END AS converted,
        coalesce(bought.orders, 0) AS orders,
        coalesce(bought.revenue, 0) AS revenue,
        coalesce(bought.foreign_orders, 0) AS foreign_orders,
        coalesce(bought.valueless, 0) AS valueless
    FROM closed
    LEFT JOIN bought ON bought.experience = closed.experience AND bought.person = closed.person
    LEFT JOIN reached ON reached.experience = closed.experience AND reached.person = closed.person
),
caps AS (
    SELECT
        plan.experience,
        coalesce(
            any_value(plan.cap),
            quantile_disc(did.revenue, 0.99) FILTER (
                did.revenue > 0 AND (did.arm <> 'holdout' OR did.experience = '*')
            )
        ) AS cap
    FROM plan
    LEFT JOIN did USING (experience)
    GROUP BY plan.experience
)
SELECT
    experience, policy, arm, crossed, cap,
    ((closes - started + 86399999999) // 86400000000)::BIGINT AS day,
    count(*) AS persons,
    count(*) FILTER (converted) AS conversions,
    sum(orders)::BIGINT AS orders,
    sum(revenue)::BIGINT AS revenue,
    sum(revenue::HUGEINT * revenue) AS revenue_squares,
    sum(least(revenue, coalesce(cap, revenue)))::BIGINT AS capped,
    sum(least(revenue, coalesce(cap, revenue))::HUGEINT * least(revenue, coalesce(cap, revenue))) AS capped_squares,
    sum(foreign_orders)::BIGINT AS foreign_orders,
    sum(valueless)::BIGINT AS valueless
FROM did
JOIN caps USING (experience)
GROUP BY ALL
