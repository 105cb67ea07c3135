-- entries.sql: how many persons entered who had one thing in common at their first moment. Reads: entered.
-- Rows: dimension (segment | device | phase), value, experience, arm, persons, visitors.
WITH alike AS (
    SELECT 'device' AS dimension, device AS value, experience, arm, persons, visitors FROM entered WHERE device IS NOT NULL
    UNION ALL
    SELECT 'phase', phase, experience, arm, persons, visitors FROM entered WHERE phase IS NOT NULL
    UNION ALL
    SELECT 'segment', unnest(string_split(matched, ' ')), experience, arm, persons, visitors
    FROM entered
    WHERE matched <> ''
)
SELECT
    dimension, value, experience, arm, sum(persons)::BIGINT AS persons, sum(visitors)::BIGINT AS visitors
FROM alike
GROUP BY ALL
