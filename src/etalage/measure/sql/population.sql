-- population.sql: who is compared (methods 3.1): one row per experience and person, from her first `triggered` by time
-- over all her visitors. Reads: kinds, moments. `crossed`: she met two arms; the first one counts.
-- Of all messages together, '*', it is everybody of whom the shop's holdout was drawn, triggered or not, from her first
-- decision of the period; the arms are `holdout` and `messages`. `taken` is person and experience (see plan.sql).
-- `kind` (see kinds.sql), `told` (see told.sql) and `decided` are of that first moment.
-- Most have one moment. Only where there are more is the first one looked for: by time, and of those in one
-- microsecond the same one whatever the order of the log.
WITH again AS (
    SELECT taken FROM moments GROUP BY taken HAVING count(*) > 1
),
firsts AS (
    SELECT
        taken,
        arg_min(position, time::HUGEINT * 4294967296 + hash(browser, moments.kind, decided) % 4294967296)
            AS position,
        min(arm) <> max(arm) AS crossed,
        greatest(count(DISTINCT browser), 1) AS visitors
    FROM moments
    JOIN kinds ON kinds.kind = moments.kind
    WHERE taken IN (SELECT taken FROM again)
    GROUP BY taken
)
SELECT
    moments.taken, moments.kind, moments.told, moments.time AS first, moments.decided,
    coalesce(firsts.crossed, FALSE) AS crossed,
    coalesce(firsts.visitors, 1) AS visitors
FROM moments
LEFT JOIN firsts ON firsts.taken = moments.taken
WHERE firsts.taken IS NULL OR firsts.position = moments.position
