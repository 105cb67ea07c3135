"""Step 1 of 8, the one way in which a step of intake says no: by raising a reason from the closed list."""

from __future__ import annotations

from etalage.domain.arrival import Outcome, Reason
from etalage.errors import BadInput

# Reasons for which nothing is kept. All others may be right but cannot be read: those are set aside, encrypted.
_REFUSED: frozenset[Reason] = frozenset(
    {
        "no_consent",
        "bot",
        "not_from_browser",
        "invalid_token",
        "erased",
        "conflicting_claim",
        "sensitive",
        "staff",
    }
)


class Refusal(BadInput):
    """One event does not get in; its neighbours are not touched by it. `field` is a name of ours, never a text."""

    def __init__(
        self, reason: Reason, field: str | None = None, *, detail: str | None = None
    ) -> None:
        said = detail or field
        super().__init__(reason if said is None else f"{reason}: {said}", field=field)
        self.reason: Reason = reason

    @property
    def outcome(self) -> Outcome:
        """Whether it is refused for good or set aside."""
        return "refused" if self.reason in _REFUSED else "quarantined"
