"""For whom a message works: models, and the gate they must pass before they order anything."""
