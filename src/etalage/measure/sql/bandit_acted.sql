-- bandit_acted.sql: what each person in a variant did since her first moment, windows that are still open included: for a
-- bandit, which cannot wait for them. Reads: events, people, plan, population, purchases. Params: now, currency.
-- `done_at`: when she converted first, null if she has not; `capped`: revenue per person, at the 99th percentile of those
-- of her experience that bought; `waited` is null as long as her window is open.
WITH bought AS (
    SELECT
        population.experience,
        population.person,
        min(purchases.time) AS done_at,
        sum(paid) FILTER (coalesce(currency, $currency) = $currency) AS revenue
    FROM population
    JOIN purchases USING (person)
    WHERE purchases.time >= population.first AND purchases.time < population.closes
    GROUP BY population.experience, population.person
),
reached AS (
    SELECT population.experience, population.person, min(events.time) AS done_at
    FROM population
    JOIN people USING (person)
    JOIN events ON events.visitor = people.visitor AND events.name = population.goal
    WHERE population.goal <> 'purchase'
        AND list_contains(events.purposes, 'measure')
        AND events.time >= population.first AND events.time < population.closes AND events.time <= $now
        AND (
            events.name NOT IN ('view_promotion', 'select_promotion') OR events.experience = population.experience
        )
    GROUP BY population.experience, population.person
),
done AS (
    SELECT
        population.experience, population.person, population.arm, population.first, population.started,
        population.closes, coalesce(bought.revenue, 0)::BIGINT AS revenue,
        CASE population.goal WHEN 'purchase' THEN bought.done_at ELSE reached.done_at END AS done_at
    FROM population
    LEFT JOIN bought ON bought.experience = population.experience AND bought.person = population.person
    LEFT JOIN reached ON reached.experience = population.experience AND reached.person = population.person
    WHERE population.arm NOT IN ('control', 'holdout') AND population.experience <> '*'
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
