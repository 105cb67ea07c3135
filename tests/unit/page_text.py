"""What a reader sees of a page of HTML: its words, its tags, its links."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_UNSEEN = {"style", "title", "head"}
_VOID = {"meta", "link", "br", "img", "use", "path", "rect", "circle", "input", "hr", "col"}


class Seen(HTMLParser):
    """Reads a page as a browser would, roughly."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.labels: list[str] = []
        self.headings: list[int] = []
        self._open: list[str] = []
        self._words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in _VOID:
            self._open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id" and value:
                self.ids.append(value)
            if name == "href" and value:
                self.links.append(value)
            if name == "aria-label" and value:
                self.labels.append(value)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not _UNSEEN & set(self._open):
            self._words.append(data)

    @property
    def text(self) -> str:
        """All that can be read, on one line, with plain spaces."""
        return re.sub(r"\s+", " ", " ".join(self._words))
