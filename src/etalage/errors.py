"""All refusals by name: what a shop owner must do, which value it was, and a code that never changes.

Every error the product raises on purpose is a subclass of `EtalageError` with its own `code`. The code names
the text at `/docs/errors/{code}`, stands in the API's answer and decides the exit code of a command.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Self

FEW = 12  # names that can be listed when none of them is near


class EtalageError(Exception):
    """Something was refused, with a reason a person can act on."""

    code = "error"
    status = 400  # HTTP status of the answer that carries it

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def about(self, what: str) -> Self:
        """Say of which thing this is said, where several were given at once."""
        self.message = f"{what}: {self.message}"
        self.args = (self.message,)
        return self


class Unknown(EtalageError):
    """A name was used that does not exist; the message gives the nearest one that does."""

    code = "unknown-name"

    def __init__(
        self, kind: str, name: str, known: Iterable[str], *, field: str | None = None
    ) -> None:
        names = list(dict.fromkeys(known))
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        if not near and 0 < len(names) <= FEW:
            hint = f"; there is: {', '.join(names)}"
        if not names:
            hint = "; there is none yet"
        super().__init__(f"unknown {kind} '{name}'{hint}", field=field)
        self.nearest = near[0] if near else None


class BadInput(EtalageError):
    """A request or file is not what it should be."""

    code = "bad-input"


class BadJson(BadInput):
    """The body is not one JSON document in UTF-8."""

    code = "bad-json"


class TooLarge(BadInput):
    """A request, event or field is larger than its limit."""

    code = "too-large"
    status = 413


class Unauthorized(EtalageError):
    """The key is missing, unknown or not allowed to do this."""

    code = "unauthorized"
    status = 401


class Forbidden(EtalageError):
    """The key is known but may not do this."""

    code = "forbidden"
    status = 403


class NotFound(EtalageError):
    """What was asked for does not exist here."""

    code = "not-found"
    status = 404


class NotYet(NotFound):
    """A part of the public face that a later version brings."""

    code = "not-yet"


class NotAllowed(EtalageError):
    """The address exists, but not for this method."""

    code = "not-allowed"
    status = 405


class Conflict(EtalageError):
    """The change does not fit what is there now."""

    code = "conflict"
    status = 409


class Overloaded(EtalageError):
    """A queue is full or a disk is nearly so; try again later."""

    code = "overloaded"
    status = 503


class TooMany(Overloaded):
    """More events wait to be written than may wait; the caller keeps them and sends them a little later."""

    code = "too-many"
    status = 429


class BadSegment(BadInput):
    """A segment's tree breaks a rule of the language."""

    code = "bad-segment"


class BadExperience(BadInput):
    """An experience breaks a rule of design 7."""

    code = "bad-experience"


class BadFeed(BadInput):
    """A catalogue file is no catalogue, or a suspicious one; the last good one stays."""

    code = "bad-feed"


class NotApproved(EtalageError):
    """Something may not go live: not approved, approved by its author, or changed since."""

    code = "not-approved"
    status = 409


class NotGenuine(EtalageError):
    """A receipt is not one of this shop, or not as it was written."""

    code = "not-genuine"


class QuotaExceeded(EtalageError):
    """The shop asked or sent more than its quota allows just now; other shops notice nothing."""

    code = "over-quota"
    status = 429

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds  # until it is worth while to try again


class NoShop(EtalageError):
    """The data directory holds no shop, several, or not the one that was named."""

    code = "no-shop"
    status = 404


class KeysMissing(EtalageError):
    """The key directory that belongs to this data directory is not there."""

    code = "keys-missing"
    status = 500


class KeyDestroyed(EtalageError):
    """Something was to be written about a person who was erased; it is refused for ever."""

    code = "key-destroyed"
    status = 410

    def __init__(self, person: str) -> None:
        super().__init__(f"person {person} was erased; nothing can be kept about her any more")
        self.person = person


class Damaged(EtalageError):
    """A stored record does not have the digest it was written with."""

    code = "damaged"
    status = 500


class Internal(EtalageError):
    """Something broke that should not; the log has it under the id that the answer carries."""

    code = "internal"
    status = 500


class ReplayFailed(EtalageError):
    """A logged decision computes to another answer than was given."""

    code = "replay-failed"
