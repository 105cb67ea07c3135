"""Step 4 of 8, recommend: which products, in which order, for whom, and why."""
