"""Formulas of methods 3, pure: numbers in, numbers out; nothing here knows what a message is."""
