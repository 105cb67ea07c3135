"""What is learned from the log, and where it is kept: the session model.

learn      sessions out of the warehouse, tried on the newest tenth, written as one file
take up    the file, if it is whole, of this layout, and better than naming what is popular
"""

from __future__ import annotations

from etalage.ports import Models, Ports
from etalage.recommend.model_file import Unusable
from etalage.recommend.session_model import (
    Card,
    SessionModel,
    parameters,
    question,
    read,
    session_model,
    write,
)
from etalage.recommend.session_shelf import SessionShelf

SESSIONS = "sessions"


def learn_sessions(ports: Ports, *, now: int, visitors_needed: int) -> Card:
    """Learn the session model from the log as it stands, without who was erased; give its card."""
    erased = [v for one in ports.keys.erasures() if not one.rewritten for v in one.visitors]
    bound = parameters(now, visitors_needed=visitors_needed, erased=erased)
    rows = ports.warehouse.ask(question(), bound).rows
    model = session_model(rows, now)
    ports.models.put(SESSIONS, write(model))
    return model.card


def learned_sessions(models: Models) -> SessionModel | Unusable:
    """Read the session model, or say why there is none."""
    content = models.get(SESSIONS)
    if content is None and models.stamp(SESSIONS):
        return Unusable("damaged")
    return read(content)


def session_shelf(models: Models) -> SessionShelf | Unusable:
    """Make the session model ready to answer, or say why strategies have to fall back."""
    found = learned_sessions(models)
    if isinstance(found, Unusable):
        return found
    return SessionShelf(found) if found.card.is_worth_it else Unusable("below_popular")
