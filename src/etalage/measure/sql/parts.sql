-- parts.sql: the same for those who had one thing in common at their first moment. Reads: cells.
-- Rows: as outcomes.sql, with dimension (segment | device | phase) and value. Who was in two segments is in two rows.
WITH alike AS (
    SELECT 'device' AS dimension, device AS value, * FROM cells WHERE device IS NOT NULL
    UNION ALL
    SELECT 'phase', phase, * FROM cells WHERE phase IS NOT NULL
    UNION ALL
    SELECT 'segment', unnest(string_split(matched, ' ')), * FROM cells WHERE matched <> ''
)
SELECT
    dimension, value, experience, policy, arm, crossed, cap, day,
    sum(COLUMNS(* EXCLUDE (dimension, value, experience, policy, arm, crossed, cap, day, device, phase, matched)))
FROM alike
GROUP BY ALL
