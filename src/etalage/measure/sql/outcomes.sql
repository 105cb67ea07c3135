-- outcomes.sql: what the persons whose window is closed did, in all arms alike, as sufficient statistics. Reads: cells.
-- Rows: experience, policy, arm, crossed, cap, day, and the sums of cells.sql.
SELECT
    experience, policy, arm, crossed, cap, day,
    sum(COLUMNS(* EXCLUDE (experience, policy, arm, crossed, cap, day, device, phase, matched)))
FROM cells
GROUP BY ALL
