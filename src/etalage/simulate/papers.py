"""The demo's report as its client would get it: a web page and a PDF, in both languages.

In:   a shop whose world was played, and the moment of its end.
Out:  files in its data directory.
"""

from __future__ import annotations

from pathlib import Path

from etalage.domain.experience import LANGUAGES
from etalage.domain.ids import ShopId
from etalage.domain.shop import shop_from
from etalage.domain.time import ShopZone

FOLDER = "reports"


def write_papers(directory: Path, shop: ShopId, *, now: int) -> list[Path]:
    """Make the report of a shop, as `etalage report --html FILE --pdf FILE` does, and give where it is."""
    from etalage.app import open_ports
    from etalage.config import load
    from etalage.flow.report import report_all
    from etalage.measure.page.build import page
    from etalage.measure.page.html import html
    from etalage.measure.page.pdf import pdf
    from etalage.unify.batch import view_statements

    _, ports = open_ports(directory, shop, settings=load(directory))
    try:
        known = shop_from(ports.records.shop())
        reports = report_all(ports, now=now)
    finally:
        ports.close()
    folder = directory / FOLDER
    folder.mkdir(exist_ok=True)
    written = []
    for language in LANGUAGES:
        built = page(
            reports,
            shop=known.name,
            zone=ShopZone(known.zone),
            language=language,
            views=view_statements(),
            now=now,
        )
        for ending, content in (("html", html(built).encode()), ("pdf", pdf(built))):
            path = folder / f"report-{language}.{ending}"
            path.write_bytes(content)
            written.append(path)
    return written
