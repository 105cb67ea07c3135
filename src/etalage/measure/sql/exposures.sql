-- exposures.sql: persons who saw and who clicked, per arm of the token. Reads: seen, outside.
-- Rows: experience, arm, exposures, clicks, outside (exposed, but never `triggered`).
SELECT
    experience, arm,
    sum(exposures)::BIGINT AS exposures, sum(clicks)::BIGINT AS clicks, sum(outside)::BIGINT AS outside
FROM (
    SELECT experience, arm, count_if(exposed) AS exposures, count_if(clicked) AS clicks, 0 AS outside
    FROM seen
    GROUP BY experience, arm
    UNION ALL
    SELECT experience, arm, 0, 0, count(*) FROM outside GROUP BY experience, arm
)
GROUP BY experience, arm
