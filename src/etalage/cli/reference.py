"""The pages of docs/reference that are made from code: settings, reasons, errors, HTTP. `make docs` writes them.

A test compares what is written with what the code says, so that they cannot drift apart.
"""

from __future__ import annotations

import sys
from pathlib import Path

from etalage.api.described import ROUTES
from etalage.api.pages import error_texts, reason_texts
from etalage.config import table

MADE = "<!-- Made from code by `make docs`; change the code instead. -->"


def pages() -> dict[str, str]:
    """Give the name and text of each page."""
    return {
        "settings.md": _settings(),
        "reasons.md": _reasons(),
        "errors.md": _errors(),
        "http.md": _http(),
    }


def _settings() -> str:
    rows = [
        f"| `{name}` | {kind} | `{default}` | {unit} | {says} |"
        for name, kind, default, unit, says in table()
    ]
    return _page(
        "Settings",
        "Read from `etalage.toml` in the data directory, then from the environment (`ETALAGE_` + the name in capitals). "
        "An unknown name is an error.",
        ["| name | type | default | unit | meaning |", "|---|---|---|---|---|", *rows],
    )


def _reasons() -> str:
    lines: list[str] = []
    texts = reason_texts()
    titles = texts["page"]["en"]
    for group, reasons in texts.items():
        if group == "page":
            continue
        lines += [f"## {titles.get(group, group)}", "", "| reason | meaning |", "|---|---|"]
        english = reasons["en"]
        lines += [f"| `{name}` | {english[name]} |" for name in sorted(english)]
        lines.append("")
    return _page("Reasons", titles["means"], lines[:-1])


def _errors() -> str:
    rows = [
        f"| `{code}` | {said['en']['title']} | {said['en']['means']} {said['en']['do']} |"
        for code, said in sorted(error_texts().items())
        if "title" in said.get("en", {}) and code != "page"
    ]
    intro = (
        'Errors are JSON: `{"error": {"code", "message", "field", "docs"}}`, never a stack trace.'
    )
    return _page(
        "Errors", intro, ["| code | title | meaning, and what to do |", "|---|---|---|", *rows]
    )


def _http() -> str:
    rows = [
        f"| {route.method} | `{route.path}` | {route.summary or route.later} | {route.key} | "
        f"{'later' if route.later else 'now'} |"
        for route in ROUTES
    ]
    intro = (
        "Port 8400. A key may stand in Basic (as user), `X-API-Key`, Bearer, or as `writeKey` in the body or address. "
        "The machine-readable form is `/openapi.json`."
    )
    return _page(
        "HTTP",
        intro,
        ["| method | address | what for | key | there |", "|---|---|---|---|---|", *rows],
    )


def _page(title: str, intro: str, lines: list[str]) -> str:
    return "\n".join([f"# {title}", "", MADE, "", intro, "", *lines]) + "\n"


def write(directory: Path) -> None:
    """Write all pages."""
    for name, text in pages().items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
