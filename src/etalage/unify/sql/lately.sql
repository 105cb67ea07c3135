-- lately.sql: found_events and people for a question that is asked every minute, of the newest days alone.
-- Each visitor stands for herself, and an order counts where it was sent: so nobody is known better here than after the
-- night. Who was frozen in these days is not in it. The first day is set by whoever prepares this.
CREATE OR REPLACE TEMP VIEW found_events AS
SELECT * FROM events WHERE day >= $first_day;

CREATE OR REPLACE TEMP VIEW people AS
SELECT visitor, visitor AS person
FROM found_events
WHERE visitor IS NOT NULL
GROUP BY visitor
HAVING NOT coalesce(bool_or(name = 'restriction'), FALSE);
