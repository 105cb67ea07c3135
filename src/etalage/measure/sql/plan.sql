-- plan.sql: what was agreed about each experience. Params: experience, goal, span, started, ends, cap (lists of equal
-- length), now. The name '*' stands for all messages together. until = moment up to which persons enter; place = its
-- number, from 0 to 4095: a person in an experience is `number * 4096 + place`, one integer, wherever it is joined or
-- counted.
SELECT
    *,
    CASE WHEN ends IS NULL OR ends > $now THEN $now + 1 ELSE ends END AS until
FROM (
    SELECT
        unnest($experience::VARCHAR[]) AS experience,
        unnest(range(len($experience::VARCHAR[]))) AS place,
        unnest($goal::VARCHAR[]) AS goal,
        unnest($span::BIGINT[]) AS span,
        unnest($started::BIGINT[]) AS started,
        unnest($ends::BIGINT[]) AS ends,
        unnest($cap::BIGINT[]) AS cap
)
