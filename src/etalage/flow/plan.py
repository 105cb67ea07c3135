"""What can be known before anyone asks, of one configuration: who may stand where, what is asked of whom, what is said.

In:   the live experiences and segments, the catalogue, and the shop's settings.
Out:  a `Plan`, made once per configuration; it fills as pages of a kind are asked for the first time.
Idea: a decision should only do what depends on who asks. Nothing here changes an answer: whatever is remembered was
      made by the same functions that would make it now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from etalage.decide import plan
from etalage.decide.gather import Rules
from etalage.decide.parse_experience import uses
from etalage.deliver.answer import Window
from etalage.deliver.merge_fields import QUERY
from etalage.deliver.message import Messages, messages_of
from etalage.domain.context import Context
from etalage.domain.decision import Holdout
from etalage.domain.experience import MILLION, Experience, Texts
from etalage.domain.ids import ExperienceName, SegmentName
from etalage.domain.policy import Policies
from etalage.domain.product import Catalogue
from etalage.domain.segment import Node
from etalage.domain.shop import Shop
from etalage.segment.live import AreIn, IsIn


class LiveSegment(Struct, frozen=True):
    """A segment that decisions may ask for."""

    name: SegmentName
    version: int
    node: Node
    holds: IsIn
    is_warm: bool  # False: it still counts the past and matches nobody
    is_contextual: bool  # asks of the moment only, nothing of her past
    sentences: Texts
    titles: Mapping[str, str] = {}  # by language, as the shop calls it


class Relevant(Struct, frozen=True):
    """The segments of the experiences for one kind of place, each in order of name."""

    asked: AreIn
    warming: tuple[SegmentName, ...]
    contextual: tuple[SegmentName, ...]


class Plan:
    """The live experiences of one configuration, with all that can be worked out beforehand."""

    __slots__ = (
        "_relevant",
        "_segments",
        "choices",
        "has_pictures",
        "messages",
        "places",
        "rules",
        "says_query",
        "window",
    )

    def __init__(
        self,
        experiences: Iterable[Experience],
        segments: Mapping[SegmentName, LiveSegment],
        catalogue: Catalogue,
        shop: Shop,
        policies: Policies | None = None,
    ) -> None:
        self.choices = plan.Plan(experiences, policies)
        live = self.experiences.values()
        self.places = frozenset(experience.slot for experience in live)
        sentences = {name: segment.sentences for name, segment in segments.items()}
        self.messages: Messages = messages_of(live, sentences)
        self.has_pictures = any(v.artwork for e in live for v in e.variants)
        self.says_query = any(QUERY in message.fields for message in self.messages.values())
        self.window = Window(catalogue, shop.add_link)
        self.rules = Rules(
            zone=shop.zone,
            holdout=Holdout(round(shop.holdout_share * MILLION), f"{shop.salt}:holdout"),
            protected_segments=frozenset(shop.protected_pages),
            context=frozenset(asked for e in live for asked in e.allocation.context),
        )
        self._segments = segments
        self._relevant: dict[plan.Key, Relevant] = {}

    @property
    def experiences(self) -> Mapping[ExperienceName, Experience]:
        """The live experiences by name, in order of arbitration."""
        return self.choices.experiences

    def relevant(self, page: Context, slots: tuple[str, ...]) -> Relevant:
        """Give the segments to ask on this page: those of live experiences that are for this place."""
        key = (self.choices.kind_of(page), slots)
        known = self._relevant.get(key)
        if known is None:
            if len(self._relevant) >= plan.REMEMBERED:
                self._relevant.clear()
            known = self._relevant[key] = self._worked_out(page, slots)
        return known

    def _worked_out(self, page: Context, slots: tuple[str, ...]) -> Relevant:
        here = self.choices.here(page, slots)
        used = {SegmentName(named) for e in here for _, named in uses(e)}
        segments = [self._segments[name] for name in sorted(used) if name in self._segments]
        return Relevant(
            asked=AreIn({s.name: s.holds for s in segments if s.is_warm}),
            warming=tuple(s.name for s in segments if not s.is_warm),
            contextual=tuple(s.name for s in segments if s.is_contextual),
        )
