-- outside.sql: who saw a message and is not among those compared in it. Reads: population, seen.
-- Rows: experience, arm, taken (person and experience, see plan.sql).
SELECT experience, arm, taken
FROM seen
WHERE exposed AND taken NOT IN (SELECT taken FROM population)
