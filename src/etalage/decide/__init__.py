"""Step 5 of 8, decide: what this person gets to see now, and why not the rest."""
