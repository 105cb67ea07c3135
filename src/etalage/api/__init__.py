"""The HTTP face (design 12): raw ASGI for the hot routes, Starlette for the rest.

    wire.py       bytes in, bytes out, and errors as JSON
    rooms.py      which shop a key belongs to
    hot.py        intake, decide, rank: one raw ASGI callable
    quiet.py      health, metrics, documents, profiles, imports
    described.py  /openapi.json
    server.py     puts them before uvicorn, with the background process
"""
