-- bandit_contexts.sql: the same as bandit_arms.sql, apart for each context: what the bandit knew (JSON list). Reads: acted, told.
SELECT
    acted.experience, acted.arm, acted.day,
    coalesce(told.record ->> '$.facts.traits', '[]') AS traits,
    avg($now - acted.first)::BIGINT AS age,
    count(*) AS visitors,
    count(acted.done_at) AS conversions
FROM acted
JOIN told ON told.experience = acted.experience AND told.person = acted.person
GROUP BY ALL
