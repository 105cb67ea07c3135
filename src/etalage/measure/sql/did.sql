-- did.sql: what each person whose window is closed did within it, in all arms alike, and in the 28 days before her
-- first moment. Reads: events, people, plan, population, purchases. Params: now, currency.
-- A window holds its first moment and not its last; the past ends before that moment.
WITH closed AS (
    SELECT * FROM population WHERE closes <= $now
),
bought AS (
    SELECT
        closed.experience,
        closed.person,
        count(*) FILTER (time >= first) AS orders,
        count(*) FILTER (time < first) AS orders_before,
        sum(paid) FILTER (time >= first AND coalesce(currency, $currency) = $currency) AS revenue,
        sum(gross) FILTER (time < first AND coalesce(currency, $currency) = $currency) AS revenue_before,
        count(*) FILTER (time >= first AND returned) AS returns,
        count(*) FILTER (time >= first AND coalesce(currency, $currency) <> $currency) AS foreign_orders,
        count(*) FILTER (time >= first AND valueless) AS valueless
    FROM closed
    JOIN purchases USING (person)
    WHERE time >= closed.first - 2419200000000 AND time < closed.closes
    GROUP BY closed.experience, closed.person
),
acts AS (
    SELECT people.person, events.name, events.time, events.experience
    FROM events
    JOIN people USING (visitor)
    WHERE events.name IN (SELECT goal FROM plan WHERE goal <> 'purchase' UNION ALL SELECT 'unsubscribe')
        AND list_contains(events.purposes, 'measure')
),
acted AS (
    SELECT
        closed.experience,
        closed.person,
        bool_or(acts.name = closed.goal AND acts.time >= closed.first) AS reached,
        bool_or(acts.name = closed.goal AND acts.time < closed.first) AS reached_before,
        bool_or(acts.name = 'unsubscribe' AND acts.time >= closed.first) AS unsubscribed
    FROM closed
    JOIN acts USING (person)
    WHERE acts.time >= closed.first - 2419200000000 AND acts.time < closed.closes
        AND (acts.name NOT IN ('view_promotion', 'select_promotion') OR acts.experience = closed.experience)
    GROUP BY closed.experience, closed.person
)
SELECT
    closed.experience, closed.policy, closed.arm, closed.crossed, closed.device, closed.phase, closed.matched,
    ((closed.closes - closed.started + 86399999999) // 86400000000)::BIGINT AS day,
    CASE closed.goal WHEN 'purchase' THEN coalesce(bought.orders, 0) > 0 ELSE coalesce(acted.reached, FALSE) END
        AS converted,
    CASE closed.goal
        WHEN 'purchase' THEN coalesce(bought.orders_before, 0) > 0 ELSE coalesce(acted.reached_before, FALSE)
    END AS converted_before,
    coalesce(bought.orders, 0)::BIGINT AS orders,
    coalesce(bought.revenue, 0)::BIGINT AS revenue,
    coalesce(bought.revenue_before, 0)::BIGINT AS revenue_before,
    coalesce(bought.returns, 0)::BIGINT AS returns,
    coalesce(bought.foreign_orders, 0)::BIGINT AS foreign_orders,
    coalesce(bought.valueless, 0)::BIGINT AS valueless,
    coalesce(acted.unsubscribed, FALSE) AS unsubscribed
FROM closed
LEFT JOIN bought ON bought.experience = closed.experience AND bought.person = closed.person
LEFT JOIN acted ON acted.experience = closed.experience AND acted.person = closed.person
