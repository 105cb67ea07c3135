-- trial_rewards.sql: what came of each arm under the odds it was drawn with. Reads: trial.
-- Rows: arm, propensity (millionths), converted, persons.
SELECT arm, propensity, converted, count(*) AS persons
FROM trial
GROUP BY ALL
ORDER BY ALL
