"""What people decided is kept: one suite for every database that Records may stand on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from msgspec.structs import replace
from sqlalchemy import URL, create_engine, delete, inspect, text, update

from etalage.domain.alert import Alert
from etalage.domain.canonical import digest
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import DAY
from etalage.errors import Conflict, Damaged, NotApproved, NotFound
from etalage.ports import ApiKey, Document, Records
from etalage.store.sql import catalogues
from etalage.store.sql.engine import NEWEST
from etalage.store.sql.records import SqlRecords
from etalage.store.sql.tables import METADATA, audit, documents
from etalage.store.sql.tables import catalogues as catalogue_table

NOW = 1_795_000_000_000_000
POSTGRES = os.environ.get("ETALAGE_TEST_POSTGRES")  # the URL of a database that may be emptied
LASTING = ["file", "postgres"] if POSTGRES else ["file"]
LOYAL = {"tree": {"trait": "country", "is": "NL"}, "title": {"nl": "Trouw", "en": "Loyal"}}
WRITE_KEY = ApiKey(hash="ab" * 32, kind="write", label="wk_ab12")


def emptied(url: str) -> str:
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in inspect(connection).get_table_names():
            connection.execute(text(f'DROP TABLE "{table}"'))
    engine.dispose()
    return url


def address(database: str, directory: Path) -> str:
    if database == "file":
        return URL.create("sqlite", database=str(directory / "records.db")).render_as_string()
    return "sqlite://" if database == "memory" else emptied(POSTGRES or "")


@pytest.fixture(params=LASTING)
def lasting_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return address(request.param, tmp_path)


@pytest.fixture(params=["memory", *LASTING])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlRecords]:
    opened_records = opened(address(request.param, tmp_path))
    yield opened_records
    opened_records.close()


def opened(url: str) -> SqlRecords:
    records = SqlRecords(url)
    records.upgrade()
    return records


def draft(records: SqlRecords, name: str = "loyal", **body: object) -> Document:
    return records.add_draft("segment", name, body or LOYAL, author="ann", now=NOW)


def live(records: SqlRecords, document: Document) -> Document:
    approved = records.set_state(document, "approved", actor="bob", now=NOW, approved_hash="h")
    return records.set_state(approved, "live", actor="bob", now=NOW)


def catalogue(version: str, price: int = 7995) -> Catalogue:
    coat = Product(
        id=ProductId("S-42"),
        title="Regenjas Noord",
        offers=(Offer(id="S-42-M", price=price, stock=3, size="M"),),
        categories=(("Dames", "Jassen"),),
        labels={"seizoen": "herfst"},
    )
    return Catalogue(version=version, currency="EUR", products={coat.id: coat})


# ---- the database itself ----


def test_the_store_is_what_the_port_asks_for(records: SqlRecords) -> None:
    port: Records = records

    assert port.generation() == 0


def test_the_migrations_make_exactly_the_tables_of_this_version(records: SqlRecords) -> None:
    with records._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})

        assert compare_metadata(context, METADATA) == []


def test_the_migrations_make_the_same_checks_as_the_tables(tmp_path: Path) -> None:
    def definitions(path: Path) -> set[str]:
        engine = create_engine(URL.create("sqlite", database=str(path)))
        query = "SELECT sql FROM sqlite_master WHERE sql NOT LIKE '%alembic_version%'"
        with engine.connect() as connection:
            found = {" ".join(sql.split()) for sql in connection.execute(text(query)).scalars()}
        engine.dispose()
        return found

    migrated = opened(f"sqlite:///{tmp_path / 'migrated.db'}")
    migrated.close()
    made = create_engine(URL.create("sqlite", database=str(tmp_path / "made.db")))
    METADATA.create_all(made)
    made.dispose()

    assert len(definitions(tmp_path / "made.db")) == len(METADATA.tables)
    assert definitions(tmp_path / "migrated.db") == definitions(tmp_path / "made.db")


def test_upgrading_twice_changes_nothing(records: SqlRecords) -> None:
    draft(records)

    records.upgrade()

    assert records.generation() == 1
    assert len(records.documents()) == 1


def test_the_step_that_counts_as_newest_is_the_last_one_there_is(tmp_path: Path) -> None:
    records = opened(f"sqlite:///{tmp_path / 'records.db'}")
    with records._engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == NEWEST
    records.close()


def test_records_of_this_version_are_opened_without_the_tool_that_changes_them(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    opened(url).close()
    program = (
        "import sys; from etalage.store.sql.records import SqlRecords; "
        "SqlRecords(sys.argv[1]).upgrade(); print('alembic' in sys.modules)"
    )

    said = subprocess.run(
        [sys.executable, "-c", program, url], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "False"


def test_records_of_a_later_version_are_refused_and_left_as_they_are(lasting_url: str) -> None:
    records = opened(lasting_url)
    draft(records)
    with records._writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Conflict, match="another version"):
        records.upgrade()

    assert len(records.documents()) == 1
    records.close()


def test_a_database_file_waits_syncs_and_overwrites_what_is_deleted(tmp_path: Path) -> None:
    records = opened(f"sqlite:///{tmp_path / 'records.db'}")
    asked = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")

    with records._engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked}
    records.close()

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 30_000,
    }


def test_all_is_there_after_reopening(lasting_url: str) -> None:
    first = opened(lasting_url)
    first.change_shop({"name": "Noord", "origins": ["https://shop.example"]}, actor="ann", now=NOW)
    first.add_key(WRITE_KEY, actor="ann", now=NOW)
    segment = live(first, draft(first))
    first.put_catalogue(catalogue("c1"), source="feed.xml", actor="ann", now=NOW)
    lines, generation = first.audit_lines(), first.generation()
    first.close()

    again = opened(lasting_url)

    assert again.shop() == {"name": "Noord", "origins": ["https://shop.example"]}
    assert again.keys() == [WRITE_KEY]
    assert again.live("segment") == [segment]
    assert again.catalogue() == catalogue("c1")
    assert (again.audit_lines(), again.generation()) == (lines, generation)
    again.close()


# ---- settings and keys ----


def test_a_changed_setting_leaves_the_others(records: SqlRecords) -> None:
    records.change_shop({"name": "Noord", "zone": "Europe/Amsterdam"}, actor="ann", now=NOW)
    records.change_shop({"name": "Zuid"}, actor="bob", now=NOW + 1)

    assert records.shop() == {"name": "Zuid", "zone": "Europe/Amsterdam"}
    last = records.audit_lines()[-1]
    assert (last.actor, last.object, last.before, last.after) == (
        "bob",
        "shop/name",
        '"Noord"',
        '"Zuid"',
    )


def test_setting_what_is_set_already_is_no_change(records: SqlRecords) -> None:
    records.change_shop({"name": "Noord"}, actor="ann", now=NOW)
    before = records.generation()

    records.change_shop({"name": "Noord"}, actor="ann", now=NOW)

    assert records.generation() == before
    assert len(records.audit_lines()) == 1


def test_keys_keep_their_purposes_and_their_order(records: SqlRecords) -> None:
    server = ApiKey(
        hash="00" * 32,
        kind="server",
        label="sk_00",
        purposes=("measure", "personalise"),
        basis="contract",
    )
    records.add_key(WRITE_KEY, actor="ann", now=NOW)
    records.add_key(server, actor="ann", now=NOW)

    assert records.keys() == [WRITE_KEY, server]
    with pytest.raises(Conflict):
        records.add_key(server, actor="ann", now=NOW)


def test_a_revoked_key_stays_revoked_from_that_moment(records: SqlRecords) -> None:
    records.add_key(WRITE_KEY, actor="ann", now=NOW)

    records.revoke_key(WRITE_KEY.hash, actor="bob", now=NOW + 1)
    records.revoke_key(WRITE_KEY.hash, actor="bob", now=NOW + 2)

    assert records.keys() == [replace(WRITE_KEY, revoked=NOW + 1)]
    with pytest.raises(NotFound):
        records.revoke_key("no such", actor="bob", now=NOW)


# ---- documents ----


def test_a_new_text_is_a_new_version_and_the_old_one_stays(records: SqlRecords) -> None:
    first = draft(records)
    second = draft(records, tree=2)

    assert (first.version, second.version, second.state) == (1, 2, "draft")
    assert first.hash == digest(LOYAL)
    assert records.document("segment", "loyal") == second
    assert records.document("segment", "loyal", 1) == first
    assert records.document("segment", "loyal", 3) is None
    assert records.document("experience", "loyal") is None


def test_the_same_text_again_is_the_same_version_in_whatever_order(records: SqlRecords) -> None:
    first = draft(records, a=1, b={"c": 2, "d": 3})
    before = records.generation()

    again = records.add_draft(
        "segment", "loyal", {"b": {"d": 3, "c": 2}, "a": 1}, author="bob", now=NOW + 9
    )

    assert again == first
    assert records.generation() == before


def test_a_body_keeps_the_order_in_which_it_was_written(records: SqlRecords) -> None:
    draft(records, tree=1, allocation=2)

    found = records.document("segment", "loyal")

    assert found is not None
    assert list(found.body) == ["tree", "allocation"]


def test_what_was_ended_comes_back_only_as_a_new_draft(records: SqlRecords) -> None:
    records.set_state(live(records, draft(records)), "ended", actor="bob", now=NOW)

    again = draft(records)

    assert (again.version, again.state, again.approved_hash) == (2, "draft", None)


def test_documents_are_the_newest_versions_by_kind_and_name(records: SqlRecords) -> None:
    draft(records, "loyal", tree=1)
    draft(records, "loyal", tree=2)
    draft(records, "away", tree=1)
    records.add_draft("experience", "welcome", {}, author="ann", now=NOW)

    found = [(d.kind, d.name, d.version) for d in records.documents()]

    assert found == [("experience", "welcome", 1), ("segment", "away", 1), ("segment", "loyal", 2)]
    assert [d.name for d in records.documents("segment")] == ["away", "loyal"]


def test_a_newer_draft_leaves_the_live_version_live(records: SqlRecords) -> None:
    first = live(records, draft(records, tree=1))
    draft(records, tree=2)

    assert records.live("segment") == [first]
    assert records.live("experience") == []


def test_pausing_the_version_that_went_live_last_brings_no_older_one_back(
    records: SqlRecords,
) -> None:
    live(records, draft(records, tree=1))
    second = live(records, draft(records, tree=2))
    both = records.live("segment")

    paused = records.set_state(second, "paused", actor="bob", now=NOW)
    while_paused = records.live("segment")
    resumed = records.set_state(paused, "live", actor="bob", now=NOW)

    assert (both, while_paused, records.live("segment")) == ([second], [], [resumed])


def test_approval_is_kept_with_who_when_and_of_what(records: SqlRecords) -> None:
    document = draft(records)

    records.set_state(document, "approved", actor="bob", now=NOW + 5, approved_hash="h")

    found = records.document("segment", "loyal")
    assert found is not None
    assert (found.approved_by, found.approved, found.approved_hash) == ("bob", NOW + 5, "h")


def test_back_to_draft_withdraws_the_approval(records: SqlRecords) -> None:
    reviewed = records.set_state(draft(records), "in_review", actor="ann", now=NOW)
    approved = records.set_state(reviewed, "approved", actor="bob", now=NOW, approved_hash="h")

    back = records.set_state(approved, "draft", actor="ann", now=NOW)

    assert (back.approved_by, back.approved, back.approved_hash) == (None, None, None)
    assert records.document("segment", "loyal") == back


def test_nothing_goes_live_without_the_approval_of_another(records: SqlRecords) -> None:
    document = draft(records)

    with pytest.raises(NotApproved):
        records.set_state(document, "live", actor="bob", now=NOW)
    with pytest.raises(NotApproved):
        records.set_state(document, "approved", actor="ann", now=NOW, approved_hash="h")

    assert records.document("segment", "loyal") == document
    assert records.live("segment") == []
    assert len(records.audit_lines()) == 1


def test_who_saw_an_older_state_changes_nothing(records: SqlRecords) -> None:
    document = draft(records)
    approved = records.set_state(document, "approved", actor="bob", now=NOW, approved_hash="h")
    again = records.set_state(approved, "approved", actor="bob", now=NOW, approved_hash="h2")

    with pytest.raises(Conflict, match="no longer draft"):
        records.set_state(document, "ended", actor="carl", now=NOW)
    with pytest.raises(Conflict):
        records.set_state(approved, "live", actor="carl", now=NOW)

    assert records.document("segment", "loyal") == again


def test_a_document_changed_behind_our_back_is_not_read(records: SqlRecords) -> None:
    live(records, draft(records))
    with records._writer.begin() as connection:
        connection.execute(update(documents).values(body='{"tree": "everybody"}'))

    with pytest.raises(Damaged):
        records.live("segment")


# ---- catalogue ----


def test_the_newest_catalogue_is_given_and_the_older_stays(records: SqlRecords) -> None:
    assert records.catalogue() is None
    records.put_catalogue(catalogue("c1"), source="feed.xml", actor="ann", now=NOW)
    records.put_catalogue(catalogue("c2", price=6995), source="feed.xml", actor="ann", now=NOW)

    assert records.catalogue() == catalogue("c2", price=6995)
    assert records.catalogue("c1") == catalogue("c1")
    assert records.catalogue("c3") is None


def test_the_newest_catalogue_is_decoded_once(records: SqlRecords) -> None:
    records.put_catalogue(catalogue("c1"), source="feed.xml", actor="ann", now=NOW)

    first = records.catalogue()
    records.catalogue("unknown")

    assert records.catalogue() is first
    assert records.catalogue("c1") is first


def test_a_catalogue_of_another_process_is_seen(lasting_url: str) -> None:
    mine, other = opened(lasting_url), SqlRecords(lasting_url)
    mine.put_catalogue(catalogue("c1"), source="feed.xml", actor="ann", now=NOW)
    mine.catalogue()

    other.put_catalogue(catalogue("c2"), source="feed.xml", actor="ann", now=NOW)

    assert mine.catalogue() == catalogue("c2")
    mine.close()
    other.close()


def test_importing_an_older_catalogue_again_makes_it_the_newest(records: SqlRecords) -> None:
    for version in ("c1", "c2", "c1"):
        records.put_catalogue(catalogue(version), source="feed.xml", actor="ann", now=NOW)

    assert records.catalogue() == catalogue("c1")
    assert records.prune_catalogues(NOW + catalogues.KEPT + 1) == 1
    assert records.catalogue("c2") is None


def test_a_catalogue_is_kept_for_thirty_days_after_it_was_replaced(records: SqlRecords) -> None:
    records.put_catalogue(catalogue("c1"), source="feed.xml", actor="ann", now=NOW)
    replaced = NOW + 90 * DAY
    records.put_catalogue(catalogue("c2"), source="feed.xml", actor="ann", now=replaced)

    early = records.prune_catalogues(replaced + 30 * DAY)
    late = records.prune_catalogues(replaced + 30 * DAY + 1)

    assert (early, late) == (0, 1)
    assert records.catalogue("c1") is None
    assert records.catalogue() == catalogue("c2")


def test_a_damaged_catalogue_is_not_read(records: SqlRecords) -> None:
    records.put_catalogue(catalogue("c1"), source="feed.xml", actor="ann", now=NOW)
    with records._writer.begin() as connection:
        connection.execute(update(catalogue_table).values(body=b"x"))

    with pytest.raises(Damaged, match="import it again"):
        records.catalogue()


# ---- audit ----


def audited(records: SqlRecords) -> None:
    live(records, draft(records))
    records.audit("carl", "profile.read", "profile/12ab", now=NOW)


def test_every_change_tells_who_did_what(records: SqlRecords) -> None:
    audited(records)

    told = [(line.number, line.actor, line.action, line.object) for line in records.audit_lines()]

    assert told == [
        (1, "ann", "document.draft", "segment/loyal@1"),
        (2, "bob", "document.approved", "segment/loyal@1"),
        (3, "bob", "document.live", "segment/loyal@1"),
        (4, "carl", "profile.read", "profile/12ab"),
    ]
    assert records.verify_audit() is None


def test_the_generation_grows_with_changes_and_not_with_what_was_only_seen(
    records: SqlRecords,
) -> None:
    before = records.generation()
    draft(records)
    changed = records.generation()
    records.audit("carl", "profile.read", "profile/12ab", now=NOW)

    assert (changed - before, records.generation() - changed) == (1, 0)


@pytest.mark.parametrize("field", ["at", "actor", "action", "object", "before", "after", "chain"])
def test_a_changed_line_of_the_audit_is_found(records: SqlRecords, field: str) -> None:
    audited(records)
    with records._writer.begin() as connection:
        changed = {"at": NOW + 1}.get(field, "another")
        connection.execute(update(audit).where(audit.c.number == 2).values({field: changed}))

    assert records.verify_audit() == 2


def test_a_removed_line_of_the_audit_is_found(records: SqlRecords) -> None:
    audited(records)
    with records._writer.begin() as connection:
        connection.execute(delete(audit).where(audit.c.number == 3))

    assert records.verify_audit() == 3


def test_a_removed_tail_is_found_with_an_anchor_kept_elsewhere(records: SqlRecords) -> None:
    audited(records)
    anchor = records.audit_lines()[-1]
    whole = records.verify_audit(anchor)
    with records._writer.begin() as connection:
        connection.execute(delete(audit).where(audit.c.number >= 3))

    assert (whole, records.verify_audit(), records.verify_audit(anchor)) == (None, None, 3)
    for _ in range(3):  # and one that was written anew does not pass for it
        records.audit("mallory", "profile.read", "profile/12ab", now=NOW)
    assert (records.verify_audit(), records.verify_audit(anchor)) == (None, 4)


def test_a_change_that_fails_leaves_neither_trace_nor_generation(records: SqlRecords) -> None:
    document = draft(records)
    before = (records.generation(), records.audit_lines())

    with pytest.raises(Conflict):
        records.set_state(replace(document, state="paused"), "live", actor="bob", now=NOW)

    assert (records.generation(), records.audit_lines()) == before


# ---- several at once ----

ADD_DRAFTS = """
import sys
from etalage.store.sql.records import SqlRecords
records = SqlRecords(sys.argv[1])
for number in range(40):
    body = {"from": sys.argv[2], "number": number}
    print(records.add_draft("segment", "loyal", body, author="ann", now=number).version)
records.close()
"""


def test_two_processes_never_give_the_same_version_twice(lasting_url: str) -> None:
    records = opened(lasting_url)
    command = [sys.executable, "-c", ADD_DRAFTS, lasting_url]

    both = [subprocess.Popen([*command, who], stdout=subprocess.PIPE) for who in ("a", "b")]
    printed = [process.communicate(timeout=60)[0] for process in both]

    given = [[int(number) for number in output.split()] for output in printed]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(given[0] + given[1]) == list(range(1, 81))
    assert [given[0], given[1]] == [sorted(given[0]), sorted(given[1])]
    assert records.generation() == 80
    assert records.verify_audit() is None
    records.close()


def test_of_many_who_approve_at_once_one_succeeds(records: SqlRecords) -> None:
    document = draft(records)
    outcomes: list[str] = []

    def approve(actor: str) -> None:
        try:
            records.set_state(document, "approved", actor=actor, now=NOW, approved_hash="h")
        except Conflict:
            outcomes.append("conflict")
        else:
            outcomes.append(actor)

    threads = [threading.Thread(target=approve, args=(f"bob{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    approved = records.document("segment", "loyal")
    assert approved is not None
    assert sorted(outcomes) == sorted([str(approved.approved_by), *["conflict"] * 5])
    assert records.verify_audit() is None


# ---- alerts ------------------------------------------------------------------------------------------


def _alert(since: int, **fields: object) -> Alert:
    made = Alert(key="figure:orders:down", kind="figure", name="orders", since=since, last=since)
    return replace(made, details={"z": -4.25, "day": since}, **fields)


def test_alerts_are_replaced_together_and_read_back_open_ones_first(records: SqlRecords) -> None:
    kept = [_alert(5, state="over", told=7), _alert(9, last=12)]

    assert records.alerts() == []
    assert records.change_alerts(lambda known: [*known, *kept]) == kept

    assert records.alerts() == kept[::-1]
    assert records.change_alerts(lambda known: known[:1]) == kept[1:]
    assert records.alerts() == kept[1:]


def test_a_change_of_alerts_that_fails_leaves_them_as_they_were(records: SqlRecords) -> None:
    records.change_alerts(lambda _: [_alert(5)])

    def fails(_: list[Alert]) -> list[Alert]:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        records.change_alerts(fails)

    assert records.alerts() == [_alert(5)]


def test_alerts_are_nobodys_decision(records: SqlRecords) -> None:
    before = records.generation(), records.audit_lines()

    records.change_alerts(lambda _: [_alert(5)])

    assert (records.generation(), records.audit_lines()) == before


def test_an_alert_that_was_changed_by_hand_is_damage_until_the_next_night(
    records: SqlRecords,
) -> None:
    records.change_alerts(lambda _: [_alert(5)])
    with records._writer.begin() as connection:
        connection.execute(text("UPDATE alerts SET last = 6"))

    with pytest.raises(Damaged, match="figure:orders:down"):
        records.alerts()
    assert records.change_alerts(lambda known: [*known, _alert(8)]) == [_alert(8)]
    assert records.alerts() == [_alert(8)]
