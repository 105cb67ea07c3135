"""How often a customer may be linked to a visitor in one day: a number that everybody sends is nobody's.

In:   an event that says who a visitor is, and the links that are there.
Out:  whether it is one too many; then it is set aside, and nothing is linked.
Idea: nobody takes ten new browsers into use in a day. A till, a fault in an app or somebody with a stolen server
      key does. Days are those of the events, so that an import of years links as often as those years did.
From: safety.md 3 "Public key, origins, identity".
"""

from __future__ import annotations

from etalage.domain.event import Event
from etalage.domain.ids import VisitorKey
from etalage.domain.time import ShopZone
from etalage.ports import Profiles

LINKS_A_DAY = 10
FAR_TOO_MANY = 200  # visitors of one customer, on whatever days: no more are looked at
_LINKING = frozenset({"identify", "link"})


class MergeLimit:
    """The links of one call, beside those that are there."""

    def __init__(self, profiles: Profiles, zone: ShopZone) -> None:
        self._profiles, self._zone = profiles, zone
        self._days: dict[VisitorKey, dict[VisitorKey, int]] = {}  # customer -> visitor -> day

    def is_passed(self, event: Event) -> bool:
        """Tell whether an event would link one visitor too many; if not, it counts from now on."""
        customer, visitor = event.customer, event.visitor
        if customer is None or visitor is None or event.name not in _LINKING:
            return False
        known = self._days.get(customer)
        if known is None:
            known = self._days[customer] = self._linked(customer)
        if visitor in known:
            return False
        day = self._zone.day(event.time)
        if len(known) >= FAR_TOO_MANY or sum(one == day for one in known.values()) >= LINKS_A_DAY:
            return True
        known[visitor] = day
        return False

    def _linked(self, customer: VisitorKey) -> dict[VisitorKey, int]:
        days: dict[VisitorKey, int] = {}
        for visitor in self._profiles.linked_to(customer)[:FAR_TOO_MANY]:
            head = self._profiles.head(visitor)
            if head is not None and head.link is not None:
                days[visitor] = self._zone.day(head.link.time)
        return days
