"""Reading in a process of its own: what it gives, and what becomes of hostile and packed files."""

from __future__ import annotations

import gzip
import io
import os
import stat
import time
import zipfile
from pathlib import Path

import pytest

from etalage.collect.feed import Feed
from etalage.connect.catalogue.detect import read
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.child import Limits, read_catalogue, read_items
from etalage.connect.imports.items import ImportSettings
from etalage.errors import BadFeed, BadInput, TooLarge

FEEDS = Path(__file__).resolve().parents[2] / "examples" / "feeds"


def written(tmp_path: Path, content: bytes, name: str = "feed") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def zipped(content: bytes, *names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("feed.csv",):
            archive.writestr(name, content)
    return held.getvalue()


def read_by_child(path: Path, **limits: float) -> Feed:
    return read_catalogue(path, "auto", FeedSettings(), limits=Limits(**limits))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["merchant.xml", "merchant.tsv", "magento.csv", "woocommerce_nl.csv"]
)
def test_the_child_reads_what_the_parser_reads(name: str) -> None:
    assert read_by_child(FEEDS / name) == read(FEEDS / name, "auto", FeedSettings())


@pytest.mark.parametrize("pack", [gzip.compress, zipped])
def test_a_feed_packed_once_is_read(tmp_path: Path, pack: object) -> None:
    content = (FEEDS / "merchant.xml").read_bytes()

    feed = read_by_child(written(tmp_path, pack(content)))  # type: ignore[operator]

    assert [product.id for product in feed.products] == ["S-42", "T-7"]


def test_the_name_inside_a_zip_is_ignored(tmp_path: Path) -> None:
    content = (FEEDS / "merchant.xml").read_bytes()

    feed = read_by_child(written(tmp_path, zipped(content, "../../../escaped.xml")))

    assert len(feed.products) == 2
    assert not list(tmp_path.parent.rglob("escaped.xml"))


@pytest.mark.parametrize("pack", [gzip.compress, zipped])
def test_a_bomb_is_refused_by_what_comes_out(tmp_path: Path, pack: object) -> None:
    bomb = pack(b"0" * 50_000_000)  # type: ignore[operator]

    with pytest.raises(TooLarge, match="at most 100 times"):
        read_by_child(written(tmp_path, bomb))


@pytest.mark.parametrize("outer", [gzip.compress, zipped])
@pytest.mark.parametrize("inner", [gzip.compress, zipped])
def test_an_archive_in_an_archive_is_refused(tmp_path: Path, outer: object, inner: object) -> None:
    content = (FEEDS / "merchant.xml").read_bytes()

    with pytest.raises(BadFeed, match="another archive"):
        read_by_child(written(tmp_path, outer(inner(content))))  # type: ignore[operator]


def test_a_zip_with_several_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFeed, match="2 files"):
        read_by_child(written(tmp_path, zipped(b"id,title\n", "a.csv", "b.csv")))


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        link = zipfile.ZipInfo("feed.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")

    with pytest.raises(BadFeed, match="link"):
        read_by_child(written(tmp_path, held.getvalue()))


@pytest.mark.parametrize("pack", [gzip.compress, zipped])
def test_a_damaged_archive_is_refused(tmp_path: Path, pack: object) -> None:
    content = pack((FEEDS / "merchant.xml").read_bytes())  # type: ignore[operator]

    with pytest.raises(BadFeed, match="damaged"):
        read_by_child(written(tmp_path, content[: len(content) // 2]))


def test_a_refusal_of_the_parser_arrives_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(BadFeed, match="cut off"):
        read_by_child(written(tmp_path, (FEEDS / "merchant.xml").read_bytes()[:900]))


def test_a_mapping_that_does_not_fit_is_wrong_input_and_no_bad_feed() -> None:
    settings = FeedSettings(mapping={"Bedrag": "prce"})

    with pytest.raises(BadInput, match="did you mean 'price'") as refused:
        read_catalogue(FEEDS / "table.csv", "csv", settings)
    assert not isinstance(refused.value, BadFeed)


def test_a_file_larger_than_its_limit_is_not_read() -> None:
    with pytest.raises(TooLarge, match="at most 1000"):
        read_by_child(FEEDS / "merchant.xml", file_bytes=1_000)


def test_a_feed_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    content = b"id,title,price\n" + b"".join(b"%d,x,10\n" % n for n in range(200_000))
    began = time.monotonic()

    with pytest.raises(BadFeed, match=r"longer than 0\.3 seconds"):
        read_by_child(written(tmp_path, content), silent_seconds=0.3)

    assert time.monotonic() - began < 60


def test_a_feed_that_computes_too_long_is_ended(tmp_path: Path) -> None:
    content = b"id,title,price\n" + b"".join(b"%d,x,10\n" % n for n in range(400_000))

    with pytest.raises(BadFeed, match="1 seconds of computing"):
        read_by_child(written(tmp_path, content), cpu_seconds=1)


def test_a_feed_that_eats_memory_is_ended(tmp_path: Path) -> None:
    item = b"<item>" + b"<id>x</id>" * 1_500_000 + b"</item>"
    path = written(tmp_path, b"<rss><channel>" + item + b"</channel></rss>")

    with pytest.raises(BadFeed, match="memory"):
        read_by_child(path, memory_bytes=140 << 20)


def test_who_stops_reading_half_way_leaves_no_process_behind(tmp_path: Path) -> None:
    lines = b"".join(
        b'{"type":"track","event":"x","timestamp":%d,"messageId":"%d"}\n' % (1_790_000_000 + n, n)
        for n in range(20_000)
    )
    before = set(children())
    items = read_items(written(tmp_path, lines), "events", "auto", ImportSettings())

    next(items)
    during = set(children()) - before
    items.close()

    assert len(during) == 1
    assert not set(children()) - before


def children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
