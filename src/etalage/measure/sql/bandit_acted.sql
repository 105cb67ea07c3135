-- bandit_acted.sql: what each person in a variant did since her first moment, windows that are still open included: for a
-- bandit, which cannot wait for them. Reads: events, people, plan, kinds, population, purchases. Params: now, currency.
-- `done_at`: when she converted first, null if she has not; `capped`: revenue per person, at the 99th percentile of those
-- of her experience that bought; `waited` is null as long as her window is open.
WITH entered AS (
    SELECT
        population.*, kinds.arm, kinds.policy, plan.experience, plan.goal, plan.started,
        population.first + plan.span AS closes, whose.person
    FROM population
    JOIN plan ON plan.place = population.taken % 4096
    JOIN kinds ON kinds.kind = population.kind
    JOIN (SELECT DISTINCT number, person FROM people) AS whose ON whose.number = population.taken // 4096
),
bought AS (
    SELECT
        entered.experience,
        entered.person,
        min(purchases.time) AS done_at,
        sum(paid) FILTER (coalesce(currency, $currency) = $currency) AS revenue
    FROM entered
    JOIN purchases USING (person)
    WHERE purchases.time >= entered.first AND purchases.time < entered.closes
    GROUP BY entered.experience, entered.person
),
reached AS (
    SELECT entered.experience, entered.person, min(events.time) AS done_at
    FROM entered
    JOIN people USING (person)
    JOIN events ON events.visitor = people.visitor AND events.name = entered.goal
    WHERE entered.goal <> 'purchase'
        AND list_contains(events.purposes, 'measure')
        AND events.time >= entered.first AND events.time < entered.closes AND events.time <= $now
        AND (
            events.name NOT IN ('view_promotion', 'select_promotion') OR events.experience = entered.experience
        )
    GROUP BY entered.experience, entered.person
),
done AS (
    SELECT
        entered.experience, entered.person, entered.arm, entered.first, entered.started,
        entered.closes, coalesce(bought.revenue, 0)::BIGINT AS revenue,
        CASE entered.goal WHEN 'purchase' THEN bought.done_at ELSE reached.done_at END AS done_at
    FROM entered
    LEFT JOIN bought ON bought.experience = entered.experience AND bought.person = entered.person
    LEFT JOIN reached ON reached.experience = entered.experience AND reached.person = entered.person
    WHERE entered.arm NOT IN ('control', 'holdout') AND entered.experience <> '*'
),
caps AS (
    SELECT experience, quantile_disc(revenue, 0.99) FILTER (revenue > 0) AS cap
    FROM done
    GROUP BY experience
)
SELECT
    done.*,
    ((first - started) // 86400000000)::BIGINT AS day,
    least(revenue, coalesce(cap, revenue)) AS capped,
    CASE WHEN closes <= $now THEN done_at - first END AS waited
FROM done
JOIN caps USING (experience)
