"""Readers of catalogue files, one file a format; `detect.read` chooses, `assemble` makes the products."""
