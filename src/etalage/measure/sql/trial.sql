-- trial.sql: who took part in the trial of an experience and what came of it: a row a person whose window is closed.
-- Reads: events, people, plan, kinds, population, purchases. Params: now, currency. Holdout apart: its odds are of another
-- draw. Rows: experience, person, arm, policy, propensity (millionths), first, decided, converted, revenue. The rule of what
-- counts is that of did.sql.
WITH closed AS (
    SELECT
        population.*, kinds.arm, kinds.policy, kinds.propensity, plan.experience, plan.goal,
        population.first + plan.span AS closes, whose.person
    FROM population
    JOIN plan ON plan.place = population.taken % 4096
    JOIN kinds ON kinds.kind = population.kind
    JOIN (SELECT DISTINCT number, person FROM people) AS whose ON whose.number = population.taken // 4096
    WHERE population.first + plan.span <= $now AND arm <> 'holdout' AND propensity > 0
),
bought AS (
    SELECT
        closed.experience,
        closed.person,
        count(*) AS orders,
        sum(paid) FILTER (coalesce(currency, $currency) = $currency) AS revenue
    FROM closed
    JOIN purchases USING (person)
    WHERE time >= closed.first AND time < closed.closes
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
)
SELECT
    closed.experience, closed.person, closed.arm, closed.policy, closed.propensity, closed.first,
    coalesce(closed.decided, closed.first) AS decided,
    CASE closed.goal WHEN 'purchase' THEN coalesce(bought.orders, 0) > 0 ELSE reached.person IS NOT NULL END
        AS converted,
    coalesce(bought.revenue, 0)::BIGINT AS revenue
FROM closed
LEFT JOIN bought ON bought.experience = closed.experience AND bought.person = closed.person
LEFT JOIN reached ON reached.experience = closed.experience AND reached.person = closed.person
