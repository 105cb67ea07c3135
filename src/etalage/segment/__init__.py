"""Step 3 of 8, segment: who belongs to which group, by one tree with three readings.

tree (JSON) ──> parse ──> live.py      a closure over a person: microseconds
                          sql.py       a question to the warehouse: the same people, exactly
                          sentence.py  what it says, in Dutch and in English
                features.py            what has to be counted per shop day so that `live` can answer
"""
