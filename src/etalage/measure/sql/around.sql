-- around.sql: who was there both before an experience and after its end, by browser: only the events themselves tell
-- whether she was there between. Reads: people, plan, spans. Rows: experience, started, until, visitor, number.
SELECT plan.experience, plan.started, plan.until, people.visitor, people.number
FROM plan
JOIN spans ON spans.first < plan.started AND spans.last >= plan.until
JOIN people ON people.number = spans.number
