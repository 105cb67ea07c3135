-- entries.sql: how many persons entered who had one thing in common at their first moment. Reads: population.
-- Rows: dimension (segment | device | phase), value, experience, arm, persons, visitors.
WITH alike AS (
    SELECT 'device' AS dimension, device AS value, experience, arm, visitors FROM population WHERE device IS NOT NULL
    UNION ALL
    SELECT 'phase', phase, experience, arm, visitors FROM population WHERE phase IS NOT NULL
    UNION ALL
    SELECT 'segment', unnest(string_split(matched, ' ')), experience, arm, visitors
    FROM population
    WHERE matched <> ''
)
SELECT dimension, value, experience, arm, count(*) AS persons, sum(visitors)::BIGINT AS visitors
FROM alike
GROUP BY ALL
