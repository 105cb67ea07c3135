-- kpis.sql: the shop's figures per shop day. Reads: events, people, said, orders. Params: first, last (shop days).
-- One row per day and figure (and currency, of revenue): day, name, currency, amount, whole, basis, actual.
-- Visitors are browsers; of shares both sides are persons. Counted is who allows measuring; orders are the shop's own
-- books, whoever placed them. Who is frozen is no visitor.
-- Of revenue, an order counts for at most twenty times the median order of its currency: one huge order is no trend.
-- `actual` has it in full.
WITH known_since AS (
    SELECT visitor, min(time) AS since
    FROM said
    WHERE name IN ('identify', 'link') AND trust IN ('signed', 'confirmed') AND customer IS NOT NULL
    GROUP BY visitor
),
acts AS (
    SELECT
        day,
        visitor,
        max(time) AS latest,
        bool_or(coalesce(source, '') <> 'engine' AND name NOT IN (
            'decision', 'consent', 'identify', 'link', 'unlink', 'score', 'triggered', 'purchase', 'purchase_claim',
            'product_seen', 'restriction', 'pause', 'erased', 'refund'
        )) AS was_there,
        count_if(name = 'page_view') AS pages,
        count_if(name = 'add_to_cart') AS added,
        bool_or(name = 'triggered') AS reached,
        bool_or(name = 'view_promotion') AS saw,
        bool_or(name = 'select_promotion') AS clicked,
        bool_or(list_contains(purposes, 'personalise')) AS allows
    FROM events
    WHERE day BETWEEN $first AND $last AND visitor IS NOT NULL AND list_contains(purposes, 'measure')
    GROUP BY day, visitor
),
visits AS (
    SELECT acts.*, people.person, coalesce(latest >= known_since.since, FALSE) AS is_known
    FROM acts
    JOIN people ON people.visitor = acts.visitor
    LEFT JOIN known_since ON known_since.visitor = acts.visitor
),
persons AS (
    SELECT
        visits.day,
        visits.person,
        bool_or(reached) AS reached,
        bool_or(saw) AS saw,
        bool_or(clicked) AS clicked,
        bool_or(allows) AS allows,
        bool_or(is_known) AS is_known
    FROM visits
    GROUP BY visits.day, visits.person
    HAVING bool_or(was_there) OR bool_or(reached)
),
buyers AS (
    SELECT DISTINCT day, person FROM orders WHERE day BETWEEN $first AND $last AND person IS NOT NULL
),
counted AS (
    SELECT
        persons.day,
        count(*) AS persons,
        count_if(reached) AS reached,
        count_if(saw) AS saw,
        count_if(saw AND clicked) AS clicked,
        count_if(allows) AS allows,
        count_if(is_known) AS known,
        count(buyers.person) AS bought
    FROM persons
    LEFT JOIN buyers ON buyers.day = persons.day AND buyers.person = persons.person
    GROUP BY persons.day
),
browsers AS (
    SELECT day, count_if(was_there) AS visitors, sum(pages)::BIGINT AS pages, sum(added)::BIGINT AS added
    FROM visits
    GROUP BY day
),
caps AS (
    SELECT currency, 20 * median(value) AS most
    FROM orders
    WHERE day BETWEEN $first AND $last AND value > 0
    GROUP BY currency
),
placed AS (
    SELECT
        orders.day, orders.currency, count(*) AS orders,
        sum(least(greatest(value, 0), coalesce(most, 0)))::BIGINT AS revenue,
        sum(value)::BIGINT AS actual
    FROM orders
    LEFT JOIN caps ON caps.currency = orders.currency
    WHERE orders.day BETWEEN $first AND $last
    GROUP BY orders.day, orders.currency
),
begun AS (
    SELECT person, min(time) AS first FROM orders WHERE person IS NOT NULL GROUP BY person
),
came_back AS (
    SELECT orders.day, count_if(orders.time > begun.first) AS again, count(*) AS orders
    FROM orders
    JOIN begun ON begun.person = orders.person
    WHERE orders.day BETWEEN $first AND $last
    GROUP BY orders.day
),
paid_back AS (
    -- what the shop confirmed cannot be refunded by a browser
    SELECT events.day, count(DISTINCT events.transaction) AS refunds
    FROM events
    JOIN orders ON orders.transaction = events.transaction
    WHERE events.name = 'refund' AND events.day BETWEEN $first AND $last
        AND (events.trust = 'confirmed' OR orders.trust <> 'confirmed')
    GROUP BY events.day
),
answer AS (
    SELECT day, 'visitors' AS name, NULL AS currency, visitors AS amount, NULL AS whole, visitors AS basis FROM browsers
    UNION ALL SELECT day, 'page_views', NULL, pages, NULL, pages FROM browsers
    UNION ALL SELECT day, 'add_to_cart', NULL, added, NULL, added FROM browsers
    UNION ALL SELECT day, 'orders', NULL, sum(orders), NULL, sum(orders) FROM placed GROUP BY day
    UNION ALL SELECT day, 'refunds', NULL, refunds, NULL, refunds FROM paid_back
    UNION ALL SELECT day, 'conversion', NULL, bought, persons, bought FROM counted
    UNION ALL SELECT day, 'consent_share', NULL, allows, persons, allows FROM counted
    UNION ALL SELECT day, 'identified_share', NULL, known, persons, known FROM counted
    UNION ALL SELECT day, 'coverage', NULL, reached, persons, reached FROM counted
    UNION ALL SELECT day, 'click_share', NULL, clicked, saw, clicked FROM counted
    UNION ALL SELECT day, 'repeat', NULL, again, orders, again FROM came_back
)
SELECT day, name, currency, amount::BIGINT AS amount, whole::BIGINT AS whole, basis::BIGINT AS basis,
    amount::BIGINT AS actual
FROM answer
UNION ALL
SELECT day, 'revenue', currency, revenue, NULL, orders, actual
FROM placed
WHERE currency IS NOT NULL AND revenue IS NOT NULL
ORDER BY name, currency, day
