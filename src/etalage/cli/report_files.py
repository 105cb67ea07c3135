"""`etalage report --html/--pdf/--mail FILE`: a report as a client reads it, in files.

The lay-outs are loaded only here: the other commands do not wait for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from etalage.cli.console import out
from etalage.domain.report import ExperienceReport
from etalage.domain.shop import Shop
from etalage.domain.time import ShopZone
from etalage.errors import BadInput
from etalage.measure.lines import Language
from etalage.unify.batch import view_statements

HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a web page of one file.")
]
PdfOption = Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write a PDF.")]
MailOption = Annotated[
    Path | None,
    typer.Option(
        "--mail", metavar="FILE", help="Write a short mail as HTML, and as text beside it."
    ),
]
LinkOption = Annotated[
    str | None, typer.Option("--link", metavar="URL", help="Where the mail says the rest is.")
]


class Files(Struct, frozen=True):
    """Where to write what; None is not written."""

    html: Path | None = None
    pdf: Path | None = None
    mail: Path | None = None
    link: str | None = None

    @property
    def asked(self) -> bool:
        """Whether any file is asked for."""
        return any((self.html, self.pdf, self.mail))


def write_files(
    reports: Sequence[ExperienceReport], files: Files, *, shop: Shop, lang: Language, now: int
) -> list[Path]:
    """Write the files that are asked for, and give their paths.

    Raises:
        BadInput: a file cannot be written, two are the same one, or the link is none.
    """
    from etalage.measure.page.build import page

    _check(files)
    built = page(
        reports,
        shop=shop.name,
        zone=ShopZone(shop.zone),
        language=lang,
        views=view_statements(),
        now=now,
    )
    written = []
    if files.html is not None:
        from etalage.measure.page.html import html

        written.append(_write(files.html, html(built).encode()))
    if files.pdf is not None:
        from etalage.measure.page.pdf import pdf

        written.append(_write(files.pdf, pdf(built)))
    if files.mail is not None:
        from etalage.measure.page.mail import mail

        made = mail(built, files.link)
        written.append(_write(files.mail, made.html.encode()))
        written.append(_write(files.mail.with_suffix(".txt"), made.text.encode()))
    return written


def say_written(paths: Sequence[Path]) -> None:
    """Print where the files are."""
    for path in paths:
        out.print(str(path), markup=False, highlight=False, soft_wrap=True)


def _check(files: Files) -> None:
    text = None if files.mail is None else files.mail.with_suffix(".txt")
    paths = [path for path in (files.html, files.pdf, files.mail, text) if path is not None]
    for path in paths:
        if not path.parent.is_dir():
            raise BadInput(f"there is no folder {path.parent}; make it first", field=path.name)
        if paths.count(path) > 1:
            raise BadInput("two files of this name would be written", field=path.name)
    if files.link is not None and not files.link.startswith(("https://", "http://")):
        raise BadInput("a link begins with https://", field="link")


def _write(path: Path, content: bytes) -> Path:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", field=path.name) from error
    return path
