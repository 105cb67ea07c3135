-- signals.sql: how often each kind of event and each kind of page came, per shop day. Reads: events.
-- Params: first, last (shop days), most (kinds told at most, the commonest first). Rows: kind (event | page_type),
-- name, day, count. What the engine says itself is no signal of the shop; neither is what people do only now and then.
WITH told AS (
    SELECT 'event' AS kind, name, day
    FROM events
    WHERE day BETWEEN $first AND $last AND coalesce(source, '') NOT IN ('engine', '') AND source NOT LIKE 'import%'
        AND name NOT IN ('decision', 'score', 'feature', 'configuration', 'erased', 'restriction', 'pause', 'unlink')
    UNION ALL
    SELECT 'page_type', page_type, day
    FROM events
    WHERE day BETWEEN $first AND $last AND page_type IS NOT NULL
),
counted AS (
    SELECT kind, name, day, count(*) AS count FROM told GROUP BY kind, name, day
),
common AS (
    SELECT kind, name FROM counted GROUP BY kind, name ORDER BY sum(count) DESC, kind, name LIMIT $most
)
SELECT kind, name, day, count FROM counted JOIN common USING (kind, name) ORDER BY kind, name, day
