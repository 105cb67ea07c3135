"""`etalage evaluate bandit` and `evaluate uplift`: what a log or a random trial says of policies and of effects."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from etalage.cli.console import opened, out, progress
from etalage.domain.experience import Language
from etalage.errors import BadInput

Row = dict[str, Any]
Found = tuple[dict[str, Any], list[Row]]  # protocol, rows
UNIFORM = "uniform"


class TrialOptions(NamedTuple):
    """The options that only these two tasks have."""

    policy: str | None = None
    data: Path | None = None
    shop: str | None = None
    now: str | None = None
    treatment: str | None = None
    outcome: str | None = None
    features: str | None = None
    control: str | None = None
    cost: float | None = None
    seed: int = 0
    language: Language = "en"  # of refusals


def bandit(log: Path, mapping: Mapping[str, str], options: TrialOptions, *, quiet: bool) -> Found:
    """Evaluate a policy from a file, or from what a shop's own experience did."""
    from etalage.evaluate.bandit import (
        NEEDED,
        bandit_rows,
        protocol,
        read_log,
        read_policy,
        uniform,
    )
    from etalage.evaluate.tables import read_table

    with progress("estimating", None, quiet=quiet):
        if options.data is None:
            table = read_table(log, NEEDED, also=("context",), mapping=mapping)
            rows = read_log(table)
        else:
            from etalage.evaluate.shop_log import shop_log

            with opened(options.data, options.shop, now=options.now) as (_, ports, moment):
                rows = shop_log(ports, str(log), now=moment)
        chosen = options.policy or UNIFORM
        policy = uniform(rows) if chosen == UNIFORM else read_policy(Path(chosen), rows)
        return protocol(rows), bandit_rows(rows, [policy], options.language)


def uplift(trial: Path, options: TrialOptions, *, quiet: bool) -> Found:
    """Try uplift models on a random trial."""
    from etalage.evaluate.uplift import protocol, uplift_rows, uplift_tasks

    if options.treatment is None or options.outcome is None:
        raise BadInput("uplift wants --treatment COLUMN and --outcome COLUMN", field="treatment")
    if options.cost is not None and not isfinite(options.cost):
        raise BadInput("what treating one person costs is no number", field="cost")
    tasks = uplift_tasks(
        trial,
        treatment=options.treatment,
        outcome=options.outcome,
        features=[name.strip() for name in (options.features or "").split(",") if name.strip()],
        control=options.control,
    )
    rows: list[Row] = []
    with progress("learning", len(tasks), quiet=quiet) as bar:
        for task in tasks:
            rows += uplift_rows(
                task, cost=options.cost, seed=options.seed, language=options.language
            )
            bar.advance(bar.task_ids[0])
    return protocol(tasks, cost=options.cost, seed=options.seed), rows


def show(protocol: Mapping[str, Any], rows: list[Row], lang: Language) -> None:
    """Print the figures that decide as a table, and under it every refusal in words; all of them stand in the JSON."""
    from etalage.evaluate.trial_lines import refusals, rules, table

    for line in rules(protocol, lang):
        out.print(line, style="dim", highlight=False, markup=False)
    heads, *cells = table(rows, lang)
    drawn = Table(box=None, pad_edge=False)
    for at, head in enumerate(heads):
        is_name = at == 0 or (isinstance(rows[0].get("treatment"), str) and at == 1)
        drawn.add_column(Text(head), justify="left" if is_name else "right", no_wrap=True)
    for row in cells:
        drawn.add_row(*map(Text, row))
    out.print(drawn)
    for line in refusals(rows, lang):
        out.print(line, highlight=False, markup=False)
