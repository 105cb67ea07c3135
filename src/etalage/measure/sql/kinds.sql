-- kinds.sql: what moments have in common, each with a number: arm, policy, odds and device. Reads: events.
-- So the millions of moments carry one integer; the words come back once they are counted. Rows: kind, arm, policy,
-- propensity, device.
SELECT DISTINCT
    hash(arm, policy, propensity, device) AS kind, arm, coalesce(policy, '') AS policy, propensity, device
FROM events
WHERE name = 'triggered'
UNION
SELECT DISTINCT
    hash(CASE arm WHEN 'holdout' THEN arm ELSE 'messages' END, policy, propensity, device),
    CASE arm WHEN 'holdout' THEN arm ELSE 'messages' END, coalesce(policy, ''), propensity, device
FROM events
WHERE name = 'decision' AND experience = '@holdout'
