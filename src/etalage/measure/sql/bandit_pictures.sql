-- bandit_pictures.sql: the same as bandit_arms.sql, apart for each picture she was first shown; '' is everybody's. Reads: acted, told.
SELECT
    acted.experience, acted.arm, acted.day,
    coalesce(told.record ->> ('$.artwork."' || acted.experience || '"'), '') AS picture,
    avg($now - acted.first)::BIGINT AS age,
    count(*) AS visitors,
    count(acted.done_at) AS conversions
FROM acted
JOIN told ON told.experience = acted.experience AND told.person = acted.person
GROUP BY ALL
