"""`etalage report`: what the messages were worth."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.padding import Padding
from rich.text import Text

from etalage.cli.console import (
    DataOption,
    JsonOption,
    NowOption,
    ShopOption,
    opened,
    out,
    print_json,
)
from etalage.cli.report_files import (
    Files,
    HtmlOption,
    LinkOption,
    MailOption,
    PdfOption,
    say_written,
    write_files,
)
from etalage.cli.report_sql import named_question, told_script
from etalage.flow.report import report_all
from etalage.measure.lines import headline, lines, title, words
from etalage.measure.shape import to_json


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(epilog="Example: etalage report welcome-back --data shop --json")(report)


def report(
    data: DataOption,
    experience: Annotated[
        str | None, typer.Argument(help="One experience; all by default.")
    ] = None,
    shop: ShopOption = None,
    json: JsonOption = False,
    lang: Annotated[Literal["nl", "en"], typer.Option(help="Language of the sentences.")] = "nl",
    sql: Annotated[
        str | None,
        typer.Option(
            metavar="QUESTION",
            help="Print the question behind figures as a script for DuckDB that runs by itself, and stop.",
        ),
    ] = None,
    html: HtmlOption = None,
    pdf: PdfOption = None,
    mail: MailOption = None,
    link: LinkOption = None,
    now: NowOption = None,
) -> None:
    """Report on experiences: interval first, and what is not known yet as such."""
    if sql is not None:
        asked = named_question(sql)
        with opened(data, shop, now=now) as (_, ports, moment):
            reports = report_all(ports, now=moment, name=experience, keep=False)
            typer.echo(told_script(asked, reports, ports.warehouse.in_files()))
        return
    with opened(data, shop, now=now) as (known, ports, moment):
        reports = report_all(ports, now=moment, name=experience)
        files = Files(html=html, pdf=pdf, mail=mail, link=link)
        if files.asked:
            written = write_files(reports, files, shop=known, lang=lang, now=moment)
            say_written(written if not json else [])
        if json:
            print_json([to_json(one) for one in reports])
            return
        if files.asked:
            return
        for one in reports:
            said = Text(headline(one, lang))
            said.highlight_words([f"{title(one, lang)}:"], style="bold")
            out.print(said)
            for line in lines(one, lang):
                out.print(Padding(Text(line, style="dim"), (0, 0, 0, 2)))
        if not reports:
            out.print(words()[lang]["nothing"])
