"""No silent corruption: one flipped bit anywhere is named by `etalage doctor --verify`, or changes nothing.

A flip that is not named must leave every answer as it was: all events, the account, folds, links, orders, documents,
settings, keys, encrypted fields, questions in SQL. "Silently wrong" is an answer that differs and was not named.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from children import asked
from figures import tell, times
from furnished import NOORD, SETTINGS, answers, data_files, furnish, keys_of

from etalage import keeping

FLIPS = times(8, 500)
KINDS = ("named", "harmless", "silently wrong", "not named")
SHARES = times(1, 4)  # parts that may run beside each other


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("flips"))


@pytest.fixture
def copy(shop: Path, tmp_path: Path) -> Iterator[Path]:
    to = tmp_path / "copy" / "data"
    yield copied(shop, to)
    shutil.rmtree(to.parent)


def copied(shop: Path, to: Path) -> Path:
    shutil.rmtree(to.parent, ignore_errors=True)
    shutil.copytree(shop, to)
    shutil.copytree(keys_of(shop), keys_of(to))
    return to


def flip(path: Path, bit: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[bit // 8] ^= 1 << bit % 8
    path.write_bytes(raw)


def drawn(shop: Path, rng: random.Random) -> tuple[Path, int]:
    """Draw a bit: half of them by size, half with the same chance for every file, however small."""
    files = data_files(shop)
    sizes = [path.stat().st_size for path in files]
    by_size = rng.random() < 0.5
    path = rng.choices(files, sizes)[0] if by_size else rng.choice(files)
    return path, rng.randrange(path.stat().st_size * 8)


def look(directory: Path) -> list[str]:
    """What `etalage doctor --verify` names."""
    return [str(one) for one in keeping.verify(directory, NOORD, settings=SETTINGS).damage]


@pytest.fixture(scope="module")
def truth(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> object:
    kind, said = asked(answers, copied(shop, tmp_path_factory.mktemp("whole") / "copy" / "data"))
    assert kind == "said", said
    return said


def test_a_whole_shop_has_no_damage_and_answers_the_same_twice(copy: Path, truth: object) -> None:
    assert asked(look, copy) == ("said", [])
    assert asked(answers, copy) == ("said", truth)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_one_flipped_bit_is_named_or_changes_nothing(
    shop: Path, tmp_path: Path, truth: object, share: int
) -> None:
    rng = random.Random(f"flips {share}")
    became: Counter[str] = Counter()
    wrong: list[str] = []
    for _ in range(FLIPS // SHARES):
        path, bit = drawn(shop, rng)
        place = path.relative_to(shop.parent)
        directory = copied(shop, tmp_path / "copy" / "data")
        flip(directory.parent / place, bit)

        kind, said = asked(look, directory)

        if kind == "said" and said:
            became["named"] += 1
            if not any(is_of(line, path) for line in said):
                wrong.append(f"{place} bit {bit}: another file was named: {said[0]}")
        elif kind == "failed":
            became["not named"] += 1
            wrong.append(f"{place} bit {bit}: verify failed: {said}")
        else:
            after = asked(answers, directory)
            became["harmless" if after == ("said", truth) else "silently wrong"] += 1
            if after != ("said", truth):
                wrong.append(f"{place} bit {bit}: {differences(after, truth)}")
    tell(
        "One flipped bit is named by doctor --verify or changes nothing",
        "silently wrong 0, not named 0",
        flips=FLIPS // SHARES,
        **{kind.replace(" ", "_"): became[kind] for kind in KINDS},
    )
    assert wrong == []


def is_of(line: str, path: Path) -> bool:
    """Tell whether a line names the file; keys, and a log with its memory, are looked at together."""
    together = {"master.key": "data.keys", "persons.keys": "data.keys"}
    wanted = together.get(path.name) or path.name
    return wanted in line or path.parent.name in line


def differences(after: tuple[str, object], truth: object) -> str:
    kind, said = after
    if kind != "said" or not isinstance(said, dict) or not isinstance(truth, dict):
        return f"was not named, and reading it fails: {said}"
    return f"was not named, and differs in {[name for name in truth if said[name] != truth[name]]}"
