"""Step 2 of 8, unify: who this is, and what we remember of her.

    events ──> fold (one per visitor) ──> merge ──> person
                 orders find their visitor on the way (orders.py)

`sql/` says the same in batch: who is a person, whose order is it, what may be known of her.
"""
