"""Store, files: models that are swapped as a whole."""
