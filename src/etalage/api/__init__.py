"""The HTTP face (design 12): raw ASGI for the hot routes, Starlette for the rest.

wire.py        bytes in, bytes out, and errors as JSON
rooms.py       which shop a key belongs to
hot.py         intake, decide, rank: one raw ASGI callable
quiet.py       health, metrics, public configuration, documents, and what a later version brings
profile.py     what is known of a person, for the shop's server
pages.py       the pages that explain errors and reasons
described.py   the table of all routes, and /openapi.json
metrics.py     figures for an operator
logs.py        one JSON object a line, without personal data
server.py      both applications before uvicorn, and a shutdown that loses nothing
children.py    processes that live and end with the server
background.py  the night shift, under a lease
"""
