-- told.sql: what decisions said of whom they were about, each text with a number. Reads: events. Rows: told, phase,
-- matched (segments, blank between them). Few texts are different, and only those are read as JSON.
SELECT told, said[1] AS phase, said[2] AS matched
FROM (
    SELECT hash(properties) AS told, json_extract_string(properties, ['$.phase', '$.matched']) AS said
    FROM (SELECT DISTINCT properties FROM events WHERE name = 'decision' AND properties <> '{}')
)
