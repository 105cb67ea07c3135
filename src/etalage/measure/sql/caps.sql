-- caps.sql: what a person's revenue is capped at, per experience. Reads: plan, did. Cap: 99th percentile of the positive
-- revenues per person, holdout apart, unless it was fixed before.
SELECT
    plan.experience,
    coalesce(
        any_value(plan.cap),
        quantile_disc(did.revenue, 0.99) FILTER (
            did.revenue > 0 AND (did.arm <> 'holdout' OR did.experience = '*')
        )
    ) AS cap
FROM plan
LEFT JOIN did USING (experience)
GROUP BY plan.experience
