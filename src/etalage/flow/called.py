"""What to call who is signed in: the name that the shop's page says in this very call, and no other.

In:   the events that come with a question, their door, and the person as she was read.
Out:  a first name for this one answer; None, and then a message stays neutral.
Idea: names lie encrypted in the log and are not opened to decide; the page knows whom it greets. It is believed only
      where the shop signed who is signed in for this browser, now, and she allows what is personal. It is in no
      record of a decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etalage.collect.call import Item
from etalage.collect.fields import text
from etalage.collect.identity import is_signed
from etalage.collect.intake import Door
from etalage.collect.names import snake_case
from etalage.collect.refusal import Refusal
from etalage.domain.profile import Person


def first_name(items: Sequence[Item], door: Door, person: Person | None) -> str | None:
    """Give the first name in the newest signed `identify` of a call; None where we are not sure, or may not."""
    if person is None or "personalise" not in person.open:
        return None
    for item in reversed(items):
        if b'"identify"' in item.raw and (said := _signed(item, door)) is not None:
            traits = said.get("traits")
            told = traits if isinstance(traits, Mapping) else {}
            named = {snake_case(name): value for name, value in told.items()}.get("first_name")
            return text(named) if isinstance(named, str) else None
    return None


def _signed(item: Item, door: Door) -> Mapping[str, object] | None:
    """Read an `identify` that the shop signed for the browser of this call; None for any other event."""
    try:
        said = item.fields()
    except Refusal:
        return None
    is_hers = (
        said.get("type") == "identify"
        and door.visitor_id is not None
        and is_signed(
            said.get("signature"),
            door.settings.identify_secret,
            shop=door.settings.shop,
            user=str(said.get("userId")),
            visitor=door.visitor_id,
            now=door.received.now,
        )
    )
    return said if is_hers else None
