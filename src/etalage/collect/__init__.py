"""Step 1 of 8, collect: from the bytes of a call to events that may be logged, or a named refusal.

    bytes ─ parse ─ authenticate ─┬─> event ─ bound ─ translate ─ filter bots ─ clock ─ recognise ─> draft
            (document, call)      ├─> event ...                                                        │
                                  └─> event ...        arrival <─ minimise <─ consent ─ what is known ─┘

`admit.py` has the list of steps; each may refuse with a reason of `domain.arrival.Reason`. `feed.py` guards the
other thing that comes in: the catalogue.
"""
