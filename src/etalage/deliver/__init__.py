"""Step 6 of 8, deliver: a decision in words, on the wire, in the visitor's language."""
