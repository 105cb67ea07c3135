"""Step 1 of 8, notes: what was let pass but a shop wants to hear of, counted by names from a closed list."""

from __future__ import annotations

from typing import Literal

Note = Literal[
    "address_masked",  # a mail address or token stood in an address
    "bad_sent_at",
    "consent_category_unknown",
    "consent_unclear",  # neither true nor false
    "currency_missing",  # the shop's own was taken
    "future_time",  # more than five minutes; it counts as now
    "personal_value",  # a mail address in a field that is not meant for it
    "placeholder_id",
    "product_without_id",
    "quantity_missing",  # one was taken
    "unknown_field",  # not on the list of what is kept
    "unreadable_value",
    "unsigned_personal",  # a browser told a name without the shop's signature
    "value_missing",  # of an order
]
Notes = dict[Note, int]


def count(notes: Notes, note: Note, by: int = 1) -> None:
    """Count once more."""
    notes[note] = notes.get(note, 0) + by
