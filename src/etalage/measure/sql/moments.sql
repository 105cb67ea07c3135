-- moments.sql: every `triggered` that may be measured, and for all messages together, '*', every decision with an arm of
-- the holdout. Reads: events, people, plan. `linked`: her person has more browsers than this one.
-- `early` orders moments by time; of those in one microsecond one is first, the same whatever the order of the log.
SELECT
    plan.experience,
    CASE WHEN found.name = 'triggered' OR found.arm = 'holdout' THEN found.arm ELSE 'messages' END AS arm,
    found.policy, found.propensity, found.visitor, found.time, found.device,
    CASE found.name WHEN 'triggered' THEN found.decided ELSE found.time END AS decided,
    people.person, people.visitors > 1 AS linked, row_number() OVER () AS number,
    found.time::HUGEINT * 4294967296 + hash(found.visitor, found.arm, found.decided) % 4294967296 AS early
FROM (
    SELECT
        name, arm, policy, propensity, visitor, time, device, decided,
        CASE name WHEN 'triggered' THEN experience ELSE '*' END AS measured
    FROM events
    WHERE name IN ('triggered', 'decision') AND list_contains(purposes, 'measure')
        AND (name = 'triggered' OR experience = '@holdout')
) AS found
JOIN plan ON plan.experience = found.measured
JOIN people ON people.visitor = found.visitor
WHERE found.time >= plan.started AND found.time < plan.until
