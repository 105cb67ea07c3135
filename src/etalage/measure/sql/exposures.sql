-- exposures.sql: persons who saw and who clicked, per arm of the token. Reads: population, seen.
-- Rows: experience, arm, exposures, clicks, outside (exposed, but never `triggered`).
SELECT
    seen.experience,
    seen.arm,
    count(*) FILTER (exposed) AS exposures,
    count(*) FILTER (clicked) AS clicks,
    count(*) FILTER (exposed AND population.person IS NULL) AS outside
FROM seen
LEFT JOIN population ON population.experience = seen.experience AND population.person = seen.person
GROUP BY ALL
