-- standing.sql: how well the shop knows each person, for whoever must not be moved by made-up visitors (safety 1, row 9).
-- Reads: found_events, people. standings(person, standing): 2 = the shop itself has spoken of her (an order it confirmed,
-- a signed or server-side event), 1 = we heard of her on two days by our own clock, 0 = anybody else.
-- highest_standing(person, standing, enough): of a group, the highest standing of which there are enough persons.
CREATE OR REPLACE TEMP VIEW standings AS
SELECT
    people.person AS person,
    CASE
        WHEN bool_or(coalesce(found_events.trust IN ('signed', 'confirmed'), FALSE)) THEN 2
        WHEN count(DISTINCT found_events.received // 86400000000) > 1 THEN 1
        ELSE 0
    END AS standing
FROM found_events
JOIN people USING (visitor)
WHERE coalesce(found_events.source, '') <> 'engine' AND list_contains(found_events.purposes, 'measure')
GROUP BY people.person;

CREATE OR REPLACE TEMP MACRO highest_standing(person, standing, enough) AS
CASE
    WHEN count(DISTINCT person) FILTER (WHERE standing = 2) >= enough THEN 2
    WHEN count(DISTINCT person) FILTER (WHERE standing >= 1) >= enough THEN 1
    ELSE 0
END;
