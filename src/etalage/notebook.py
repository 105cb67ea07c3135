"""The Python face, for data scientists: a shop as an object that answers questions and shows itself.

Everything it answers comes from the same functions as the server and the command line; nothing is changed by asking.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from etalage import app
from etalage.config import load
from etalage.domain.context import Context
from etalage.domain.decision import Candidate, WireEntry, WireSkip
from etalage.domain.ids import VisitorKey, visitor_named
from etalage.domain.report import Effect, ExperienceReport
from etalage.domain.segment import Node
from etalage.flow.ask import decision_for, node_of, recommended, segment_named
from etalage.flow.groups import Group, group_of, people_of
from etalage.flow.report import report_all
from etalage.measure.lines import headline
from etalage.measure.shape import to_json
from etalage.segment.sentence import sentence

if TYPE_CHECKING:
    import duckdb


class ShopFace:
    """One shop, for questions. Reads what the server writes; may be open at the same time."""

    def __init__(self, directory: Path, shop: str | None = None) -> None:
        self.settings, self._ports = app.open_ports(
            directory, app.the_shop(directory, shop), settings=load(directory)
        )

    def __enter__(self) -> Self:
        """Open it for a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Release the stores."""
        self._ports.close()

    def __repr__(self) -> str:
        return f"<shop {self.settings.id}: {self._ports.log.head():,} events>"

    @property
    def events(self) -> duckdb.DuckDBPyRelation:
        """All events of the log as it stands now, as a DuckDB relation (columns: ports.EVENT_COLUMNS)."""
        relation: duckdb.DuckDBPyRelation = self._ports.warehouse.relation()
        return relation

    def segment(self, tree: Mapping[str, object] | str) -> SegmentFace:
        """Give a segment: a tree of design 6, or the name of one of the shop's."""
        if isinstance(tree, str):
            return SegmentFace(self, segment_named(self._ports, tree, self.settings))
        return SegmentFace(self, node_of(self._ports, tree, self.settings))

    def recommend(
        self, strategy: str = "popular_now", *, profile: str | None = None, n: int = 20
    ) -> Products:
        """List what a strategy recommends to a profile (`v-1`, `user:C-1001`), within all guards."""
        visitor = None if profile is None else self._visitor(profile)
        found = recommended(self._ports, strategy, visitor, most=n, now=_now())
        return Products(found.used, found.candidates, self._titles(found.candidates))

    def decide(
        self, profile: str, slots: Sequence[str], *, page: Context | None = None
    ) -> Answered:
        """Decide as the server would, with the reason for everything that is not shown; nothing is logged."""
        asked = page or Context(page_type="home")
        answer = decision_for(self._ports, self._visitor(profile), slots, asked, now=_now())
        return Answered(tuple(answer.decisions), tuple(answer.skipped or ()))

    def report(self, experience: str | None = None, *, now: int | None = None) -> Reports:
        """Report on all experiences, or on one; `now` in micros for a simulated shop."""
        return Reports(
            tuple(report_all(self._ports, now=now or _now(), name=experience, keep=False))
        )

    def _visitor(self, text: str) -> VisitorKey:
        return visitor_named(self._ports.keys.pepper, text)

    def _titles(self, candidates: Sequence[Candidate]) -> dict[str, str]:
        catalogue = self._ports.records.catalogue()
        products = {} if catalogue is None else catalogue.products
        return {c.product: products[c.product].title for c in candidates if c.product in products}


class SegmentFace:
    """A segment, asked over the whole log."""

    def __init__(self, shop: ShopFace, node: Node) -> None:
        self._shop, self._node = shop, node

    def size(self, *, now: int | None = None) -> Group:
        """Count its people; of fewer than ten, in it or outside it, the number is not told."""
        shop = self._shop
        return group_of(shop._ports, self._node, shop.settings, now=now or _now())  # noqa: SLF001  one face

    def members(self, limit: int = 1_000, *, now: int | None = None) -> Members:
        """Give its people by their pseudonyms; none where its size is not told."""
        shop = self._shop
        group, found = people_of(
            shop._ports,  # noqa: SLF001
            self._node,
            shop.settings,
            now=now or _now(),
            limit=limit,
        )
        return Members(group, found)

    def __repr__(self) -> str:
        return sentence(self._node, "en", currency=self._shop.settings.currency)


class Members(list[str]):
    """People by their pseudonyms; where it is empty because they are too few, it shows that."""

    def __init__(self, group: Group, people: Sequence[str]) -> None:
        super().__init__(people)
        self.group = group

    def __repr__(self) -> str:
        return super().__repr__() if self.group.is_told else repr(self.group)


class Products(msgspec.Struct, frozen=True):
    """A list of recommendations: which strategy found it, and the products with their reasons."""

    strategy: str
    candidates: tuple[Candidate, ...]
    titles: dict[str, str]

    def rows(self) -> list[tuple[object, ...]]:
        """Give the rows of the table it shows."""
        return [
            (c.product, self.titles.get(c.product, ""), c.because, c.score / 1_000_000)
            for c in self.candidates
        ]

    def _repr_html_(self) -> str:
        return _table(("product", "title", "because", "score"), self.rows())


class Answered(msgspec.Struct, frozen=True):
    """A decision: what would be shown, what is a ghost, and why the rest is not."""

    decisions: tuple[WireEntry, ...]
    skipped: tuple[WireSkip, ...]

    def rows(self) -> list[tuple[object, ...]]:
        """Give the rows of the table it shows."""
        shown = [
            (e.experience, e.slot, e.variant, "shown" if e.show else "ghost")
            for e in self.decisions
        ]
        return [*shown, *((s.experience, "", "", s.reason) for s in self.skipped)]

    def _repr_html_(self) -> str:
        return _table(("experience", "slot", "variant", "outcome"), self.rows())


class Reports(msgspec.Struct, frozen=True):
    """Reports of experiences; shown with the interval first."""

    reports: tuple[ExperienceReport, ...]

    def json(self) -> list[dict[str, object]]:
        """Give them in the shape of `etalage report --json`."""
        return [to_json(one) for one in self.reports]

    def __repr__(self) -> str:
        return "\n".join(headline(one, "en") for one in self.reports)

    def _repr_html_(self) -> str:
        return "".join(
            f"<h4>{escape(one.name)}</h4><p>{escape(headline(one, 'en'))}</p>{_interval_plot(one)}"
            for one in self.reports
        )


def _interval_plot(report: ExperienceReport) -> str:
    """Draw the interval of each variant's relative effect around zero; nothing where nothing is known."""
    drawn = [
        (arm.arm, arm.effect.lift_interval.low, arm.effect.lift_interval.high)
        for arm in report.arms
        if isinstance(arm.effect, Effect) and arm.effect.lift_interval is not None
    ]
    if not drawn:
        return ""
    reach = max(0.1, *(abs(bound) for _, low, high in drawn for bound in (low, high)))
    rows = "".join(
        f'<line x1="{200 + 180 * low / reach:.0f}" x2="{200 + 180 * high / reach:.0f}" y1="{y}" y2="{y}" '
        f'stroke="#0a5c43" stroke-width="8"/><text x="4" y="{y + 4}" font-size="12">{escape(name)}</text>'
        for y, (name, low, high) in zip(range(20, 20 + 26 * len(drawn), 26), drawn, strict=True)
    )
    height = 20 + 26 * len(drawn)
    zero = f'<line x1="200" x2="200" y1="0" y2="{height}" stroke="#767d7a" stroke-dasharray="3"/>'
    return (
        f'<svg width="400" height="{height}" role="img" aria-label="intervals">{zero}{rows}</svg>'
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{cells}</tr>{body}</table>"


def _now() -> int:
    return time.time_ns() // 1000
