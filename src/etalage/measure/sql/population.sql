-- population.sql: who is compared (methods 3.1): one row per experience and person, from her first `triggered` by time
-- over all her visitors. Reads: moments. `crossed`: she met two arms; the first one counts.
-- Of all messages together, '*', it is everybody of whom the shop's holdout was drawn, triggered or not, from her first
-- decision of the period; the arms are `holdout` and `messages`. `taken` is person and experience (see plan.sql).
-- `device`, `decided`, `phase` and `matched` (segments, blank between them) are of that first moment.
-- Most have one moment. Only where there are more is the first one looked for: by time, and of those in one
-- microsecond the same one whatever the order of the log.
WITH again AS (
    SELECT taken FROM moments GROUP BY taken HAVING count(*) > 1
),
firsts AS (
    SELECT
        taken,
        arg_min(position, time::HUGEINT * 4294967296 + hash(browser, arm, decided) % 4294967296) AS position,
        min(arm) <> max(arm) AS crossed,
        CASE WHEN bool_or(is_one_of) THEN count(DISTINCT browser) ELSE 1 END AS visitors
    FROM moments
    WHERE taken IN (SELECT taken FROM again)
    GROUP BY taken
)
SELECT
    moments.taken, moments.time AS first,
    coalesce(firsts.crossed, FALSE) AS crossed,
    coalesce(firsts.visitors, 1) AS visitors,
    moments.arm, coalesce(moments.policy, '') AS policy, moments.propensity, moments.device, moments.decided,
    moments.phase, moments.matched
FROM moments
LEFT JOIN firsts ON firsts.taken = moments.taken
WHERE firsts.taken IS NULL OR firsts.position = moments.position
