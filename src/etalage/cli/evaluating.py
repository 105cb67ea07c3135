"""`etalage evaluate`: how good a method is on known data, under an exact protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import typer
from rich.table import Table

from etalage.cli.console import (
    JsonOption,
    NowOption,
    ShopOption,
    mapping_of,
    out,
    print_json,
    progress,
)
from etalage.cli.evaluating_trials import TrialOptions, bandit, show, uplift
from etalage.errors import BadInput, Unknown
from etalage.evaluate.sessions import Switches
from etalage.evaluate.tables import Table as FileTable

Task = Literal["session", "basket", "profile", "person", "bandit", "uplift"]
Row = dict[str, Any]
PLOT_WIDTH = 40  # characters
LARGEST = 1e9  # of a parameter


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(
        epilog="Example: etalage evaluate session train.parquet test.parquet "
        "--switches exclude_current=false,collapse_repeats=false --json"
    )(evaluate)


def evaluate(
    task: Annotated[
        Task,
        typer.Argument(
            help="session: next item (session, item, time or pos). basket: next basket (user, order, item). "
            "profile: new items (user, item, time). "
            "person: next item, of whom the past is known (session, item, time or pos, and user if there is). "
            "bandit: another policy, from a log (action, reward, propensity, and context if there is). "
            "uplift: for whom a treatment does more, from a random trial (--treatment, --outcome)."
        ),
    ],
    train: Annotated[
        Path,
        typer.Argument(help="CSV or Parquet to learn from; with --data the name of an experience."),
    ],
    test: Annotated[
        Path | None, typer.Argument(help="To predict; without it the newest part is held out.")
    ] = None,
    strategy: Annotated[
        str | None, typer.Option(help="Measure one method beside the baselines.")
    ] = None,
    parameters: Annotated[
        str | None,
        typer.Option(help="Of that method: sample=1502,neighbours=288.", metavar="NAME=VALUE,..."),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option("--map", help="Columns of another name.", metavar="COLUMN=FIELD,..."),
    ] = None,
    switches: Annotated[
        str | None,
        typer.Option(
            help="Of a session: exclude_current and collapse_repeats, true by default.",
            metavar="NAME=BOOL,...",
        ),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the intervals.")] = False,
    policy: Annotated[
        str | None,
        typer.Option(
            help="Of a bandit: uniform, or a file (action, probability).", metavar="uniform|FILE"
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Of a bandit: the log of a shop's own experience.", metavar="DIR"),
    ] = None,
    treatment: Annotated[
        str | None, typer.Option(help="Of uplift: what was done.", metavar="COLUMN")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Of uplift: what came of it.", metavar="COLUMN")
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            help="Of uplift: what was known before; by default every other column that may be.",
            metavar="COLUMN,...",
        ),
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(help="Of uplift: the value of the treatment that is none.", metavar="VALUE"),
    ] = None,
    cost: Annotated[
        float | None,
        typer.Option(
            help="Of uplift: of treating one, in the unit of the outcome; the average effect by default."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of uplift: who is in which fold.", min=0)] = 0,
    shop: ShopOption = None,
    json: JsonOption = False,
    lang: Annotated[
        Literal["nl", "en"],
        typer.Option(help="Of a bandit and of uplift: language of the words; JSON is English."),
    ] = "nl",
    now: NowOption = None,
) -> None:
    """Measure methods and baselines on data whose outcome is known."""
    if task in {"bandit", "uplift"}:
        options = TrialOptions(
            *(policy, data, shop, now, treatment, outcome, features, control, cost, seed),
            language="en" if json else lang,
        )
        _trial(task, train, mapping_of(columns), options, json=json)
        return
    asked = Asking(train, test, strategy, _numbers(parameters), mapping_of(columns))
    match task:
        case "session":
            answer = _session(asked, _switches(switches), quiet=json)
        case "basket":
            answer = _basket(asked, quiet=json)
        case "profile":
            answer = _profile(asked, quiet=json)
        case "person":
            answer = _person(asked, quiet=json)
    if switches and task != "session":
        raise BadInput("--switches are those of a session", field="switches")
    if json:
        print_json(answer._asdict())
        return
    _show(answer)
    if plot:
        _draw(answer)


def _trial(
    task: Task, train: Path, mapping: dict[str, str], options: TrialOptions, *, json: bool
) -> None:
    if task == "bandit":
        protocol, rows = bandit(train, mapping, options, quiet=json)
    else:
        protocol, rows = uplift(train, options, quiet=json)
    if json:
        print_json({"task": task, "protocol": protocol, "rows": rows})
    else:
        show(protocol, rows, options.language)


class Answer(NamedTuple):
    """What `evaluate` prints."""

    task: Task
    protocol: dict[str, Any]
    rows: list[Row]


class Asking(NamedTuple):
    """What every task is asked with."""

    train: Path
    test: Path | None
    strategy: str | None
    parameters: dict[str, float]
    mapping: dict[str, str]


def _session(asked: Asking, switches: Switches, *, quiet: bool) -> Answer:
    from etalage.evaluate.session_methods import session_rankers
    from etalage.evaluate.sessions import protocol, session_rows, session_task
    from etalage.evaluate.tables import read_table

    def read(path: Path) -> FileTable:
        return read_table(path, ("session", "item"), either=("time", "pos"), mapping=asked.mapping)

    task = session_task(read(asked.train), read(asked.test) if asked.test else None, switches)
    rankers = session_rankers(task, only=asked.strategy, parameters=asked.parameters)
    rules = protocol(task)
    total = rules["predictions"] * len(rankers)
    with progress("predicting", total, quiet=quiet) as bar:
        rows = session_rows(task, rankers, done=lambda count: bar.advance(bar.task_ids[0], count))
    return Answer("session", rules, rows)


def _basket(asked: Asking, *, quiet: bool) -> Answer:
    from etalage.evaluate.baskets import basket_rows, basket_task, protocol
    from etalage.evaluate.tables import read_table

    def read(path: Path) -> FileTable:
        return read_table(path, ("user", "order", "item"), also=("time",), mapping=asked.mapping)

    task = basket_task(read(asked.train), read(asked.test) if asked.test else None)
    with progress("predicting", None, quiet=quiet):
        rows = basket_rows(task, only=asked.strategy, parameters=asked.parameters)
    return Answer("basket", protocol(task), rows)


def _profile(asked: Asking, *, quiet: bool) -> Answer:
    from etalage.evaluate.profiles import profile_rows, profile_task, protocol
    from etalage.evaluate.tables import read_table

    def read(path: Path) -> FileTable:
        return read_table(path, ("user", "item", "time"), mapping=asked.mapping)

    task = profile_task(read(asked.train), read(asked.test) if asked.test else None)
    with progress("predicting", None, quiet=quiet):
        rows = profile_rows(task, only=asked.strategy, parameters=asked.parameters)
    return Answer("profile", protocol(task), rows)


def _person(asked: Asking, *, quiet: bool) -> Answer:
    from etalage.evaluate.persons import person_rows, person_task, protocol
    from etalage.evaluate.tables import read_table

    def read(path: Path) -> FileTable:
        return read_table(
            path,
            ("session", "item"),
            either=("time", "pos"),
            also=("user",),
            mapping=asked.mapping,
        )

    task = person_task(read(asked.train), read(asked.test) if asked.test else None)
    with progress("predicting", None, quiet=quiet):
        rows = person_rows(task, only=asked.strategy, parameters=asked.parameters)
    return Answer("person", protocol(task), rows)


def _switches(text: str | None) -> Switches:
    """Read `--switches exclude_current=false,collapse_repeats=false`."""
    said = Switches()
    for name, value in _pairs(text, "switches"):
        if name not in Switches._fields:
            raise Unknown("switch", name, Switches._fields, field="switches")
        if value not in {"true", "false"}:
            raise BadInput(f"{name} is true or false, not '{value}'", field="switches")
        said = said._replace(**{name: value == "true"})
    return said


def _numbers(text: str | None) -> dict[str, float]:
    """Read `--parameters sample=1502,neighbours=288`."""
    found: dict[str, float] = {}
    for name, value in _pairs(text, "parameters"):
        try:
            found[name] = float(value)
        except ValueError as error:
            raise BadInput(f"{name} is a number, not '{value}'", field="parameters") from error
        if not 0 <= found[name] < LARGEST:
            raise BadInput(f"{name} lies between 0 and a billion", field="parameters")
    return found


def _pairs(text: str | None, option: str) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in (text or "").split(",") if part.strip()]
    for name, sign, _ in parts:
        if not sign:
            raise BadInput(f"--{option} wants name=value,name=value; '{name}' has no value")
    return [(name.strip(), value.strip().lower()) for name, _, value in parts]


def _show(answer: Answer) -> None:
    rows = answer.rows
    for name, value in answer.protocol.items():
        out.print(f"[dim]{name}:[/dim] {value}", highlight=False)
    table = Table(box=None, pad_edge=False)
    labels = [name for name in ("method", "items") if name in rows[0]]
    for name in (*labels, *_measures(rows)):
        table.add_column(name, justify="left" if name in labels else "right", no_wrap=True)
    for row in rows:
        table.add_row(
            *(str(row[name]) for name in labels), *(_said(row, m) for m in _measures(rows))
        )
    out.print(table)


def _draw(answer: Answer) -> None:
    """Draw the first measure of each row: the interval as a line, the mean as a dot."""
    rows = answer.rows
    measure = _measures(rows)[0]
    highest = max(_interval(row, measure)[1] for row in rows) or 1.0
    out.print(f"\n{measure}, 0 to {highest:.3f}", highlight=False)
    for row in rows:
        low, high = (round(one / highest * PLOT_WIDTH) for one in _interval(row, measure))
        mean = round(row[measure] / highest * PLOT_WIDTH)
        line = "".join(
            "●" if at == mean else "─" if low <= at <= high else " " for at in range(PLOT_WIDTH + 1)
        )
        label = " ".join(str(row[name]) for name in ("method", "items") if name in row)
        out.print(f"{label:<24} {line}", highlight=False, markup=False)


def _said(row: Row, measure: str) -> str:
    """Write a figure with half the width of its interval; both ends stand in the JSON and in the plot."""
    low, high = _interval(row, measure)
    return f"{row[measure]:.4f} ±{(high - low) / 2:.3f}"


def _measures(rows: list[Row]) -> list[str]:
    return [name for name in rows[0] if "@" in name]


def _interval(row: Row, measure: str) -> tuple[float, float]:
    low, high = row["interval"][measure]
    return float(low), float(high)
