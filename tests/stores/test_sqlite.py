"""The SQLite file: what it survives, what it is shared with, and what it says when it cannot go on."""

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from controller.errors import Conflict, PlatformError, Refusal, SpecError
from controller.model.packed import Packed
from controller.model.record import Record
from controller.stores.records import Records
from controller.stores.sqlite import LAYOUT, SqliteBackend
from tests.contracts import made
from tests.contracts.made import API, CODEC, PROD

NOBODY = 65534
ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trueup.db"


@pytest.fixture
def backend(path):
    with contextlib.closing(SqliteBackend(path)) as made_here:
        yield made_here


@pytest.fixture
def store(backend):
    return Records(backend, CODEC)


def writer(path: Path, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.stores.writer", str(path), *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def tampered(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


# ---- other processes


@pytest.mark.parametrize("lines", [1, 2, 7])
def test_a_process_that_is_killed_while_it_writes_leaves_all_that_it_said_it_saved(path, lines):
    with writer(path, "save") as process:
        said = [int(process.stdout.readline()) for _ in range(lines)][-1]
        process.send_signal(signal.SIGKILL)
        said = max([said, *map(int, process.stdout.read().split())])
    with contextlib.closing(Records(SqliteBackend(path), CODEC)) as store:
        record = store.load(PROD)
        saved = record.targets[API].watermark
        # One more may have been committed and not been told yet; never one less, and never half of one.
        assert said <= saved <= said + 1
        assert [row.text for row in store.journal(limit=10**6)] == [
            str(at) for at in range(1, saved + 1) for _ in "ab"
        ]
        assert record.targets[API].current.release.version == f"v1.{saved}.0"
        memory = made.a_memory(watermark=0)
        assert store.save(record, made.having(record, api=memory), PROD).targets[API].watermark == 0


def test_commands_in_another_process_work_beside_a_loop_that_saves(path, store):
    record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory(watermark=0)), PROD)
    saved = refused = 0
    with writer(path, "order", "10") as process:
        while process.poll() is None or saved < 10:
            memory = made.a_memory(watermark=saved + 1)
            try:
                record = store.save(record, made.having(record, api=memory), PROD, [made.an_entry(f"save {saved}")])
                saved += 1
            except Conflict:
                refused += 1
                record = store.load(PROD)
                assert record.targets[API].watermark == saved
        assert process.returncode == 0
    assert store.load(PROD).orders.pause.reason == "order 10"
    assert refused > 0
    rows = store.journal(limit=10**6)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert [row.text for row in rows if row.text.startswith("order")] == [f"order {at}" for at in range(1, 11)]
    assert [row.text for row in rows if row.text.startswith("save")] == [f"save {at}" for at in range(saved)]


def test_what_another_process_saved_is_seen(path, store):
    store.save(store.load(PROD), made.having(Record(), api=made.a_memory(watermark=0)), PROD)
    with writer(path, "save", "3") as process:
        assert process.wait() == 0
    assert store.load(PROD).targets[API].watermark == 3


def test_many_may_make_the_same_file_at_once(path):
    def begin(_at: int) -> int:
        with contextlib.closing(Records(SqliteBackend(path), CODEC)) as mine:
            return mine.order(PROD, made.pause, made.an_entry()).pause is not None

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(begin, range(16)))
    with contextlib.closing(Records(SqliteBackend(path), CODEC)) as store:
        assert [row.number for row in store.journal()] == list(range(1, 17))


def test_whoever_comes_while_the_file_is_being_made_does_not_take_it_for_somebody_elses(path):
    files = [path.with_name(f"{number}.db") for number in range(40)]

    def begin(_at: int) -> None:
        for file in files:
            SqliteBackend(file).close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(begin, range(4)))


# ---- what is on the disk


def test_only_the_owner_can_read_the_file_and_its_log(path, store):
    store.order(PROD, made.pause, made.an_entry())
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(("trueup.db", "trueup.db-shm", "trueup.db-wal"), 0o600)


def test_every_commit_is_flushed_to_a_write_ahead_log(backend):
    db = backend._writer
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_the_etags_of_a_part_are_read_from_the_index_alone(backend):
    sql = "EXPLAIN QUERY PLAN SELECT name, etag FROM items WHERE part = 'x' ORDER BY name"
    ((*_, plan),) = backend._reader.execute(sql).fetchall()
    assert "COVERING INDEX" in plan


@pytest.mark.parametrize("where", ["env = 'x'", "env = 'x' AND target = 'y'"])
def test_the_journal_of_one_environment_or_target_is_found_without_reading_all(backend, where):
    sql = f"EXPLAIN QUERY PLAN SELECT * FROM journal WHERE {where} AND number > 7 ORDER BY number DESC"  # noqa: S608 - from the list above
    plan = " ".join(row[-1] for row in backend._reader.execute(sql).fetchall())
    assert "USING INDEX journal_env" in plan


# ---- what it says when it cannot go on


@contextlib.contextmanager
def files_up_to(size: int):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def big(watermark: int):
    """A memory that takes more than a few pages."""
    memory = made.a_memory("api-service", *(f"v1.{at}.0" for at in range(10)), watermark=watermark)
    return replace(memory, goods=tuple(replace(good, release=heavy(good.release)) for good in memory.goods))


def heavy(release):
    return replace(release, shape=Packed.of("x" * 20_000))


def test_a_full_disk_refuses_the_save_writes_nothing_of_it_and_is_got_over(path, store, backend):
    record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD, [made.an_entry("kept")])
    pages = backend._writer.execute("PRAGMA page_count").fetchone()[0]
    backend._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(PlatformError, match=r"trueup\.db: the disk is full"):
        store.save(record, made.having(record, api=big(2)), PROD, [made.an_entry("lost")])
    assert store.load(PROD).targets[API].watermark == 1
    assert [row.text for row in store.journal()] == ["kept"]
    backend._writer.execute("PRAGMA max_page_count = 1000000")
    record = store.load(PROD)
    assert store.save(record, made.having(record, api=big(3)), PROD).targets[API].watermark == 3


def test_a_disk_that_fails_to_write_refuses_the_save_and_is_got_over(path, store):
    record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD, [made.an_entry("kept")])
    with files_up_to(100_000), pytest.raises(PlatformError, match="the disk"):
        store.save(record, made.having(record, api=big(2)), PROD, [made.an_entry("lost")])
    with contextlib.closing(Records(SqliteBackend(path), CODEC)) as other:
        assert other.load(PROD).targets[API].watermark == store.load(PROD).targets[API].watermark == 1
        assert [row.text for row in other.journal()] == ["kept"]
    record = store.load(PROD)
    assert store.save(record, made.having(record, api=big(3)), PROD).targets[API].watermark == 3


def test_a_file_that_can_only_be_read_refuses_the_save_and_is_still_read(store, backend):
    record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
    backend._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(PlatformError, match="can only be read"):
        store.save(record, made.having(record, api=made.a_memory(watermark=2)), PROD)
    with pytest.raises(PlatformError, match="can only be read"):
        store.order(PROD, made.pause, made.an_entry())
    assert store.load(PROD).targets[API].watermark == 1


@pytest.fixture
def unprivileged():
    """A folder of somebody for whom modes count: root may write whatever they say."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


def test_a_file_without_leave_to_write_can_be_read_and_nothing_more(unprivileged):
    path = unprivileged / "trueup.db"
    with contextlib.closing(Records(SqliteBackend(path), CODEC)) as store:
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
    path.chmod(0o400)
    with contextlib.closing(Records(SqliteBackend(path), CODEC)) as store:
        assert set(store.load(PROD).targets) == {API}
        with pytest.raises(PlatformError, match="can only be read"):
            store.order(PROD, made.pause, made.an_entry())


def test_a_folder_without_leave_to_write_gets_no_store(unprivileged):
    unprivileged.chmod(0o500)
    with pytest.raises(PlatformError, match=r"trueup\.db: the file cannot be made \(Permission denied\)"):
        SqliteBackend(unprivileged / "trueup.db")


def test_who_waits_too_long_for_another_writer_says_so(path, store, backend):
    record = store.load(PROD)
    backend._writer.execute("PRAGMA busy_timeout = 20")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as rude:
        rude.execute("BEGIN IMMEDIATE")
        with pytest.raises(PlatformError, match="another process has kept it locked"):
            store.save(record, made.having(record, api=made.a_memory()), PROD)
        rude.execute("ROLLBACK")
    record = store.load(PROD)
    store.save(record, made.having(record, api=made.a_memory()), PROD)


def test_a_damaged_page_is_said_to_be_damage(path, backend, store):
    store.save(store.load(PROD), made.having(Record(), api=big(1)), PROD)
    size = backend._writer.execute("PRAGMA page_size").fetchone()[0]
    backend.close()
    with path.open("r+b") as file:
        file.seek(size)
        file.write(b"\xff" * (path.stat().st_size - size))
    with pytest.raises(PlatformError, match="the file is damaged"):
        Records(SqliteBackend(path), CODEC).load(PROD)


def test_a_file_of_something_else_is_left_alone(path):
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(PlatformError, match="no SQLite database"):
        SqliteBackend(path)
    assert path.read_bytes() == b"no database at all" * 1000


def test_a_database_of_something_else_is_left_alone(path):
    tampered(path, "CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()
    with pytest.raises(SpecError, match="a database of something else"):
        SqliteBackend(path)
    assert path.read_bytes() == before, "not even its journal mode is changed"
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]


def test_a_file_that_a_newer_version_laid_out_is_refused(path, backend):
    backend.close()
    tampered(path, f"PRAGMA user_version = {LAYOUT + 1}")
    with pytest.raises(Refusal, match=f"number {LAYOUT + 1}; this one knows {LAYOUT}"):
        SqliteBackend(path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"the folder .*/nowhere does not exist"):
        SqliteBackend(tmp_path / "nowhere" / "trueup.db")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(PlatformError, match="cannot be opened"):
        SqliteBackend(tmp_path)


def test_a_store_that_was_closed_says_so(store, backend):
    store.close()
    with pytest.raises(PlatformError, match="closed"):
        store.load(PROD)
    with pytest.raises(PlatformError, match="closed"):
        store.order(PROD, made.pause, made.an_entry())
    store.close()
