"""Step 7 of 8, measure: what a report says, before it is laid out.

All text here is plain: who lays it out escapes it. Plots are drawings of our own (`svg`), whose text is escaped.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from etalage.domain.report import State
from etalage.measure.lines import Language

Sign = Literal["good", "wait", "look", "bad", "step", "not"]
SectionKey = Literal[
    "certain",
    "next",
    "not_this",
    "ran",
    "whom",
    "progress",
    "over_time",
    "cumulative",
    "variants",
    "trust",
    "funnel",
    "parts",
    "guardrails",
    "causes",
    "ratios",
]


class Fact(Struct, frozen=True):
    """A name and what it is."""

    label: str
    text: str


class Cell(Struct, frozen=True):
    """A place in a table: a line, a smaller one below it, or a drawing with its words as the line."""

    text: str
    small: str = ""
    drawing: str = ""
    state: State | None = None  # a verdict, which has a sign of its own


class Item(Struct, frozen=True):
    """Something to do, or to know: the point, and why."""

    point: str
    why: str = ""
    sign: Sign = "step"


class Prose(Struct, frozen=True, tag="prose"):
    """Paragraphs."""

    paragraphs: tuple[str, ...]


class Facts(Struct, frozen=True, tag="facts"):
    """Names with what they are, below each other."""

    rows: tuple[Fact, ...]


class Items(Struct, frozen=True, tag="items"):
    """A list of points."""

    items: tuple[Item, ...]


class Table(Struct, frozen=True, tag="table"):
    """A table; the first cell of a row names it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Plot(Struct, frozen=True, tag="plot"):
    """A drawing for a wide page, a narrow one and for paper; what it shows in words, how to read it, and the same as a table."""

    wide: str
    narrow: str
    paper: str
    shows: str
    reading: str
    table: Table


Block = Prose | Facts | Items | Table | Plot


class Section(Struct, frozen=True):
    """A part of a chapter with a title of its own, and the questions its figures come from."""

    key: SectionKey
    title: str
    blocks: tuple[Block, ...]
    questions: tuple[str, ...] = ()
    tag: str = ""  # "exploratory": how much it weighs, in a word


class Figure(Struct, frozen=True):
    """A key figure: the interval first, the best estimate small below it."""

    label: str
    between: str
    best: str = ""
    earned: bool = False  # money that was earned, with certainty: carries the price tag
    questions: tuple[str, ...] = ()


class Chapter(Struct, frozen=True):
    """All that is said about one experience, or about all of them together."""

    anchor: str
    title: str
    state: State
    verdict: str  # the state in words
    when: str  # since when it runs, and up to when is counted
    headline: tuple[str, str, str]  # the sentence; its middle is what matters most
    lead: str
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    is_total: bool = False

    @property
    def sentence(self) -> str:
        """Give the headline as one sentence."""
        return "".join(self.headline)


class Query(Struct, frozen=True):
    """A question to the warehouse: its name, the digest of its text, what it answers, and the text with its values."""

    name: str
    digest: str
    answers: str
    statement: str


class Page(Struct, frozen=True):
    """A whole report."""

    language: Language
    title: str
    shop: str
    about: str  # made when
    made: int  # micros
    intro: str
    chapters: tuple[Chapter, ...]
    method: tuple[Fact, ...]
    recompute: str
    command: str
    prepared: str  # what stands before each question, where it runs by itself
    queries: tuple[Query, ...]
    glossary: tuple[Fact, ...]
    words: dict[str, str]  # of the lay-out itself: titles, links
