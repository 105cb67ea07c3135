"""Before the start: how long, for whom, and what can be decided at all."""
