"""The nouns that flow between the steps. Frozen values and the rules that belong to one noun alone; no I/O."""
