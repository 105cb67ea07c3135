"""Simulate: a shop whose truth is known, played through the real HTTP API.

    draw.py ─ world.py ─┐                       ┌─ truth.py ─┐
                        ├─ shopping.py ─ run.py ┤            ├─ beside.py ─ demo.py
    catalogue.py ───────┘     (client.py)       └─ report ───┘

`world` says who would come and buy, with and without each message; `run` plays it against a server that knows
nothing of it; `truth` adds up what the messages were really worth; `beside` puts the report next to that.
"""
