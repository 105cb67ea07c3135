-- engagement.sql: who comes much less than she used to, where that differs from what was written last.
-- Params: today (shop day), most (rows at most). Reads: known_events, known_people (unify/sql).
-- One row per person: person, visitor and epoch (her newest, to write the score under), engagement and sure (millionths).
--
-- Her own cadence: n days on which she did something, after her first, in the T days from then until 28 days ago (at most
-- 168). Expected in the last 28 days: 28 n / T; engagement = k / expected, k the days she really came, at most 1.
-- sure = 1 - P(X <= k), where X is what would be seen at her old cadence, of which n days tell with Jeffreys' prior:
-- negative binomial with size n + 1/2 and chance T / (T + 28). At least four such days in at least 28.
-- Low: less than half as engaged, at 95%. Written when it becomes low, when she stays away altogether, and when she is
-- back at three quarters. Counted are days, nothing that she looked at.
WITH acts AS (
    SELECT person, visitor, epoch, day
    FROM known_events
    WHERE day < $today AND day >= $today - 196
        AND name NOT IN (
            'decision', 'consent', 'identify', 'link', 'unlink', 'score', 'triggered', 'purchase_claim', 'product_seen',
            'restriction', 'pause', 'erased', 'feedback', 'preference', 'refund', 'coupon_issued'
        )
),
newest AS (
    SELECT person, arg_max(visitor, (epoch, visitor)) AS visitor, max(epoch) AS epoch, min(day) AS first
    FROM acts
    GROUP BY person
),
came AS (
    SELECT
        person,
        count(DISTINCT day) FILTER (WHERE day >= $today - 28) AS k,
        count(DISTINCT day) FILTER (WHERE day < $today - 28) - 1 AS n
    FROM acts
    GROUP BY person
),
written AS (
    SELECT
        person,
        CAST(json_extract_string(arg_max(properties, (time, id)), '$.engagement') AS BIGINT) AS old
    FROM known_events
    WHERE name = 'score' AND json_extract_string(properties, '$.engagement') IS NOT NULL
    GROUP BY person
),
cadence AS (
    SELECT newest.*, k, n, $today - 29 - first AS t, written.old
    FROM newest
    JOIN came USING (person)
    LEFT JOIN written USING (person)
    WHERE n >= 4 AND $today - 29 - first >= 28
),
engaged AS (
    SELECT person, visitor, epoch, old, n, t, k, least(k * t / (28.0 * n), 1.0) AS ratio
    FROM cadence
    WHERE k * t < 14.0 * n OR old IS NOT NULL
),
doubted AS (
    SELECT
        *,
        1 - list_sum(list_transform(
            range(0, k + 1),
            lambda x: exp(
                lgamma(n + 0.5 + x) - lgamma(n + 0.5) - lgamma(x + 1)
                + (n + 0.5) * ln(t / (t + 28.0)) + x * ln(28.0 / (t + 28.0))
            )
        )) AS surely
    FROM engaged
)
SELECT
    person, visitor, epoch,
    CAST(round(ratio, 2) * 1000000 AS BIGINT) AS engagement,
    CAST(round(greatest(surely, 0), 3) * 1000000 AS BIGINT) AS sure
FROM doubted
WHERE (ratio < 0.5 AND surely >= 0.95 AND (old IS NULL OR old >= 500000 OR (k = 0 AND old > 0)))
    OR (old < 500000 AND ratio >= 0.75)
ORDER BY person
LIMIT $most
