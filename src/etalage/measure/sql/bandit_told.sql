-- bandit_told.sql: the record of the decision behind each person's first moment in a variant. Reads: events, people, acted.
SELECT acted.experience, acted.person, any_value(decision.record) AS record
FROM acted
JOIN people USING (person)
JOIN events AS moment
    ON moment.visitor = people.visitor AND moment.name = 'triggered'
    AND moment.experience = acted.experience AND moment.time = acted.first
JOIN events AS decision
    ON decision.visitor = moment.visitor AND decision.name = 'decision' AND decision.time = moment.decided
GROUP BY acted.experience, acted.person
