-- did.sql: what each person whose window is closed did within it, in all arms alike, and in the 28 days before her
-- first moment: those who did anything. Reads: numbered_events, plan, kinds, population,
-- purchases. Params: now, currency.
-- A window holds its first moment and not its last; the past ends before that moment.
-- Rows: taken (person and experience, see plan.sql), experience, arm, and what she did.
WITH doings AS MATERIALIZED (
    SELECT
        number, time, '' AS name, NULL AS experience, paid, gross, returned, valueless,
        coalesce(currency, $currency) = $currency AS is_ours
    FROM purchases
    UNION ALL
    SELECT number, time, name, experience, 0, 0, FALSE, FALSE, TRUE
    FROM numbered_events
    WHERE name IN (SELECT goal FROM plan WHERE goal <> 'purchase' UNION ALL SELECT 'unsubscribe')
        AND list_contains(purposes, 'measure')
),
doers AS (
    SELECT DISTINCT number FROM doings
),
closed AS (
    SELECT
        population.taken, population.taken // 4096 AS number, plan.experience, kinds.arm,
        population.first, population.first + plan.span AS closes, plan.goal
    FROM population
    JOIN plan ON plan.place = population.taken % 4096
    JOIN kinds ON kinds.kind = population.kind
    WHERE population.first + plan.span <= $now AND population.taken // 4096 IN (SELECT number FROM doers)
),
done AS (
    SELECT
        closed.taken,
        any_value(closed.experience) AS experience,
        any_value(closed.arm) AS arm,
        any_value(closed.goal) AS goal,
        count_if(name = '' AND time >= first) AS orders,
        count_if(name = '' AND time < first) AS orders_before,
        sum(paid) FILTER (time >= first AND is_ours) AS revenue,
        sum(gross) FILTER (time < first AND is_ours) AS revenue_before,
        count_if(time >= first AND returned) AS returns,
        count_if(time >= first AND NOT is_ours) AS foreign_orders,
        count_if(time >= first AND valueless) AS valueless,
        bool_or(name = goal AND time >= first) AS reached,
        bool_or(name = goal AND time < first) AS reached_before,
        bool_or(name = 'unsubscribe' AND time >= first) AS unsubscribed
    FROM closed
    JOIN doings ON doings.number = closed.number
    WHERE time >= first - 2419200000000 AND time < closes
        AND (name NOT IN ('view_promotion', 'select_promotion') OR doings.experience = closed.experience)
    GROUP BY closed.taken
)
SELECT
    taken, experience, arm,
    CASE goal WHEN 'purchase' THEN orders > 0 ELSE reached END AS converted,
    CASE goal WHEN 'purchase' THEN orders_before > 0 ELSE reached_before END AS converted_before,
    orders::BIGINT AS orders,
    coalesce(revenue, 0)::BIGINT AS revenue,
    coalesce(revenue_before, 0)::BIGINT AS revenue_before,
    returns::BIGINT AS returns,
    foreign_orders::BIGINT AS foreign_orders,
    valueless::BIGINT AS valueless,
    unsubscribed
FROM done
