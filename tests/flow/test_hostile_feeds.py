"""Hostile and broken feeds through the real command and its child process: the last good catalogue stays.

Each is refused with a reason, and nothing else changes: no file beside it, nothing left in the scratch place, not the
shop. A feed that is a catalogue but says impossible things of single products gives these products unsold.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from test_catalogue_commands import Run, products, run, version

from etalage.connect import child
from etalage.connect.catalogue.detect import read
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.child import Limits, read_catalogue
from etalage.recommend import guards

__all__ = ["run"]  # the fixture

GIB = 1 << 30
ROWS = 100


def table(rows: int = ROWS, *, first: int = 0) -> bytes:
    """A good catalogue."""
    lines = [f"P-{n},Jas {n},{10 + n % 37},in_stock,5" for n in range(first, first + rows)]
    return "\n".join(["id,title,price,availability,stock", *lines, ""]).encode()


def xml(inside: str, before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<rss><channel>{inside}</channel></rss>'.encode()


def bomb() -> bytes:
    lines = [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12)]
    return xml("<item><id>&l11;</id></item>", f"<!DOCTYPE rss [{''.join(lines)}]>")


def zipped(*members: tuple[str, bytes], mode: int = 0) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return held.getvalue()


def priced(price: str) -> bytes:
    """A catalogue in which everything has this price."""
    lines = [f"P-{n},Jas {n},{price},in_stock,5" for n in range(ROWS)]
    return "\n".join(["id,title,price,availability,stock", *lines, ""]).encode()


NULS = bytes(8 << 20)
LOCAL = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "XML bomb": (bomb, "bad-feed: .*entities"),
    "XML that reads our files": (lambda: xml("<item>&x;</item>", LOCAL), "bad-feed: .*entities"),
    "XML of 65 levels": (lambda: xml("<a>" * 65 + "</a>" * 65), "bad-feed: .*64 levels"),
    "XML of a million levels": (lambda: xml("<a>" * 1_000_000), "bad-feed: .*64 levels"),
    "XML cut off": (lambda: xml("<item><id>1</id></item>")[:-20], "bad-feed: .*cut off"),
    "gzip bomb": (lambda: gzip.compress(NULS), "too-large: .*100 times"),
    "zip bomb": (lambda: zipped(("feed.csv", NULS)), "too-large: .*100 times"),
    "zip in a zip": (lambda: zipped(("a.zip", zipped(("b.csv", table())))), "bad-feed: .*another"),
    "gzip in a gzip": (lambda: gzip.compress(gzip.compress(table())), "bad-feed: .*another"),
    "zip of two": (lambda: zipped(("a", table()), ("b", b"")), "bad-feed: .*holds 2 files"),
    "zip of a link": (
        lambda: zipped(("feed.csv", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777),
        "bad-feed: .*a link",
    ),
    "zip cut off": (lambda: zipped(("feed.csv", table()))[:-40], "bad-feed: .*damaged"),
    "wrong encoding": (
        lambda: table() + "A;Café".encode()[:-1] + b"\n" + b"B,caf\xe9 \x81,1\n",
        "bad-feed: ",
    ),
    "XML in another encoding than it says": (
        lambda: '<?xml version="1.0" encoding="utf-8"?><rss><item><id>é</id></item></rss>'.encode(
            "latin-1"
        ),
        "bad-feed: ",
    ),
    "CSV with NUL": (lambda: table().replace(b"Jas 50", b"Jas\x0050"), "bad-feed: "),
    "nothing but NUL": (lambda: bytes(5_000), "bad-feed: "),
    "endless line": (lambda: b"id,title,price\n1," + b"x" * (40 << 20), "bad-feed: "),
    "endless first line": (lambda: b"x" * (40 << 20), "bad-feed: "),
    "endless quote": (lambda: table() + b'X,"' + b"x,\n" * 500_000, "bad-feed: "),
    "endless text in XML": (
        lambda: xml("<item><title>" + "x" * (40 << 20) + "</title></item>"),
        "bad-feed: ",
    ),
    "ids not unique": (lambda: table() + table(20).split(b"\n", 1)[1], "bad-feed: ids are not"),
    "31% fewer rows": (lambda: table(69), "bad-feed: the feed shrank from 100 to 69"),
    "prices NaN": (lambda: priced("NaN"), "bad-feed: no row has a readable price"),
    "prices infinite": (lambda: priced("Infinity"), "bad-feed: no row has a readable price"),
    "prices negative": (lambda: priced("-5.00"), "bad-feed: no row has a readable price"),
    "prices of 1e400": (lambda: priced("1e400"), "bad-feed: no row has a readable price"),
    "prices too large": (lambda: priced("9" * 40), "bad-feed: no row has a readable price"),
    "prices all alike": (lambda: priced("12.00"), "bad-feed: all 100 products have the same"),
    "everything sold out": (
        lambda: table().replace(b"in_stock,5", b"out_of_stock,0"),
        "bad-feed: nothing is in stock",
    ),
}


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scratch place of our own: in the machine's others work at the same time."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("scratch")))


@pytest.fixture
def shop(run: Run, tmp_path: Path) -> Path:
    """A shop with a good catalogue of a hundred products."""
    assert run("init", tmp_path / "shop", "--name", "Noord", "--domain", "noord.example")[0] == 0
    (tmp_path / "good.csv").write_bytes(table())
    assert run("import", "catalogue", tmp_path / "good.csv", "--data", tmp_path / "shop")[0] == 0
    return tmp_path / "shop"


def around(tmp_path: Path) -> set[str]:
    """Name every file of the shop and beside it, and what readers left in the scratch place."""
    here = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    here = {name for name in here if not name.endswith((".lock", "-wal", "-shm"))}
    return here | {str(path) for path in Path(tempfile.gettempdir()).glob("etalage-*/*")}


def test_every_hostile_feed_is_refused_with_its_reason_and_nothing_else_changes(
    run: Run,
    shop: Path,
    tmp_path: Path,
) -> None:
    before = version(shop)
    feed = tmp_path / "feed"
    feed.write_bytes(b"")
    files = around(tmp_path)
    wrong: list[str] = []

    for name, (content, words) in HOSTILE.items():
        feed.write_bytes(content())
        code, output, errors = run("import", "catalogue", feed, "--data", shop, "--json")
        is_refused = code == 1 and output == "" and bool(re.match(words, errors))
        if not is_refused or len(errors) > 600:
            wrong.append(f"{name}: {code} {output[:200]} {errors[:300]}")
        if version(shop) != before:
            wrong.append(f"{name}: the catalogue changed")
        if new := around(tmp_path) - files:
            wrong.append(f"{name}: left {new}")

    assert wrong == []
    assert products(run, shop) == ROWS


@pytest.mark.parametrize("beyond", [0, 1])
def test_two_gibibytes_of_nothing_are_refused_at_once(
    run: Run,
    shop: Path,
    tmp_path: Path,
    beyond: int,
) -> None:
    before = version(shop)
    feed = tmp_path / "sparse"
    with feed.open("wb") as file:
        file.write(table(3))
        file.truncate(2 * GIB + beyond)

    code, _, errors = run("import", "catalogue", feed, "--data", shop)

    assert code == 1
    assert errors.startswith("too-large" if beyond else "bad-feed")
    assert version(shop) == before


@pytest.mark.parametrize("name", ["../../evil.csv", "/tmp/evil.csv", "..\\evil", "a/../../b\x01"])  # noqa: S108
def test_the_names_in_an_archive_lead_nowhere(
    run: Run,
    shop: Path,
    tmp_path: Path,
    name: str,
) -> None:
    feed = tmp_path / "feed.zip"
    feed.write_bytes(zipped((name, table(90))))
    files = around(tmp_path)

    code, output, _ = run("import", "catalogue", feed, "--data", shop, "--json")

    assert (code, json.loads(output)["products"]) == (0, 90)
    assert around(tmp_path) == files
    assert not Path("/tmp/evil.csv").exists()  # noqa: S108


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(cpu_seconds=1), "1 seconds of computing"),
        (Limits(silent_seconds=0.2), r"longer than 0\.2 seconds"),
        (Limits(memory_bytes=140 << 20), "memory"),
        (Limits(file_bytes=1_000), "at most 1000"),
    ],
)
def test_a_feed_that_breaks_a_limit_takes_only_its_reader_with_it(
    run: Run,
    shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    limits: Limits,
    words: str,
) -> None:
    before = version(shop)
    feed = tmp_path / "feed"
    feed.write_bytes(table(300_000))
    monkeypatch.setattr(child, "FEED_LIMITS", limits)
    files = around(tmp_path)

    code, _, errors = run("import", "catalogue", feed, "--data", shop)

    assert code == 1
    assert re.search(words, errors), errors
    assert version(shop) == before
    assert around(tmp_path) == files


# ---- Uncertain price or stock is not recommended -----------------------------------------------------------

UNCERTAIN = {  # price, availability, stock
    "no price": ",in_stock,5",
    "price NaN": "NaN,in_stock,5",
    "price negative": "-3,in_stock,5",
    "price zero": "0,in_stock,5",
    "price of words": "op aanvraag,in_stock,5",
    "price too large": "999999999999999999999,in_stock,5",
    "no word of stock": "12,,",
    "availability of words": "12,misschien,",
    "availability of words beside a count": "12,misschien,5",
    "stock of words": "12,,veel",
    "stock negative": "12,in_stock,-5",
    "stock NaN": "12,,NaN",
    "stock of words beside in stock": "12,in_stock,veel",
    "stock zero beside in stock": "12,in_stock,0",
    "not yet for sale": "12,preorder,5",
}


def test_what_is_uncertain_of_price_or_stock_is_never_recommended(tmp_path: Path) -> None:
    lines = [f"U-{n},{name},{rest}" for n, (name, rest) in enumerate(UNCERTAIN.items())]
    feed = tmp_path / "feed.csv"
    feed.write_bytes(table(30) + "\n".join([*lines, ""]).encode())

    found = read_catalogue(feed, "auto", FeedSettings())

    assert found == read(feed, "auto", FeedSettings())
    judged = {one.title: guards.broken_for_all(one, guards.Limits(now=1)) for one in found.products}
    allowed = {name for name in UNCERTAIN if judged.get(name, "left out") is None}
    assert allowed == set()
    assert sum(reason is None for reason in judged.values()) == 30
