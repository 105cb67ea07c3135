"""How good a method is on data that is known: exact protocols, baselines beside it, an interval on each figure."""
