-- trial_known.sql: the trial, with what was known of each person when it was decided: only of who lets herself be known
-- now, without who was erased. Reads: trial, people, known_people, known_events. Params: erased (visitors), quiet (names
-- of events that are nothing she did), days and starts (shop days and when they began), most (persons an experience).
-- Rows: experience, arm, policy, propensity, converted, revenue, and the features of measure/uplift/features.py, in its
-- order and by the same rules. Of each experience the newest persons.
WITH calendar AS (
    SELECT unnest($days::INTEGER[]) AS today, unnest($starts::BIGINT[]) AS start
),
gone AS (
    SELECT DISTINCT person FROM people WHERE list_contains($erased::VARCHAR[], visitor)
),
asked AS (
    SELECT trial.*, calendar.today
    FROM trial
    ASOF JOIN calendar ON trial.decided >= calendar.start
    WHERE trial.person IN (SELECT person FROM known_people)
        AND trial.person NOT IN (SELECT person FROM gone)
    QUALIFY row_number() OVER (PARTITION BY trial.experience ORDER BY trial.first DESC, trial.person) <= $most
),
past AS (
    SELECT
        asked.experience,
        asked.person,
        count(*) FILTER (events.day > asked.today - 30) AS events_30d,
        count(DISTINCT events.day) FILTER (events.day > asked.today - 30) AS days_30d,
        max(asked.today) - min(events.day) AS days_known,
        max(asked.today) - max(events.day) FILTER (events.day < asked.today) AS days_away,
        least(count(*) FILTER (events.name = 'purchase'), 40) AS orders,
        max(asked.today) - max(events.day) FILTER (events.name = 'purchase') AS days_since_order
    FROM asked
    JOIN known_events AS events
        ON events.person = asked.person AND events.time <= asked.decided AND events.received <= asked.decided
    WHERE NOT list_contains($quiet::VARCHAR[], events.name)
    GROUP BY asked.experience, asked.person
)
SELECT
    asked.experience, asked.arm, asked.policy, asked.propensity, asked.converted, asked.revenue,
    coalesce(past.events_30d, 0)::DOUBLE AS events_30d,
    coalesce(past.days_30d, 0)::DOUBLE AS days_30d,
    past.days_known::DOUBLE AS days_known,
    past.days_away::DOUBLE AS days_away,
    coalesce(past.orders, 0)::DOUBLE AS orders,
    past.days_since_order::DOUBLE AS days_since_order
FROM asked
LEFT JOIN past ON past.experience = asked.experience AND past.person = asked.person
ORDER BY asked.experience, asked.first, asked.person
