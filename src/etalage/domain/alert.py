"""Alerts: something that a person should look at, one per cause however many days it goes on."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from etalage.domain.event import Scalar

AlertKind = Literal["figure", "tracking", "harmful"]
AlertState = Literal["open", "over"]


class Alert(Struct, frozen=True):
    """One cause, from the day it began until the day it was last seen.

    `key` names the cause without its day: the same cause goes on under the same key, and one that comes back after
    it was over is another alert of that key.
    """

    key: str  # "figure:orders:down", "tracking:stopped:event:add_to_cart", "harmful:welcome-back"
    kind: AlertKind
    name: str  # of the figure, of what stopped, of the experience
    since: int  # shop day
    last: int  # shop day on which it was last seen
    grade: Literal["alert", "watch"] = (
        "alert"  # watch: three days a little off, weaker than an alert
    )
    state: AlertState = "open"
    told: int | None = None  # micros: when it was given to somebody to pass on
    details: dict[str, Scalar | float] = {}
