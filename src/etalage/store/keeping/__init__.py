"""Keeping a shop's embedded stores whole: verify, repair, back up, restore, upgrade."""
