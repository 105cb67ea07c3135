"""Readers of files with events, orders and customers; `read` chooses, and all speak in Segment's calls."""
