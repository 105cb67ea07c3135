"""Govern: what may go live and by whose word; what must go, and the proof that it went."""
