"""From an address to a store, or to what is wrong with the address."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.errors import Refusal, SpecError
from controller.model.record import Record
from controller.stores import files
from controller.stores.backend import Write
from controller.stores.codec import SCHEMA
from controller.stores.keys import SCHEMA_KEY, Schema
from controller.stores.open import lock_store, open_store, path_of
from controller.stores.sqlite import SqliteBackend
from tests.contracts import made
from tests.contracts.made import API, CODEC, PROD

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///trueup.db", "trueup.db"),
        ("sqlite:///state/trueup.db", "state/trueup.db"),
        ("sqlite:////var/lib/trueup/trueup.db", "/var/lib/trueup/trueup.db"),
        ("sqlite:///with space%20.db", "with space%20.db"),
    ],
)
def test_the_path_of_a_file_is_what_follows_three_slashes(url, path):
    assert path_of(url) == Path(path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "trueup.db",
        "sqlite:",
        "sqlite://",
        "sqlite://host/file.db",
        "sqlite:///",
        "sqlite:////",
        "sqlite:///folder/",
        "sqlite:///:memory:",
        "sqlite:///file.db?mode=ro",
        "sqlite:///a\0b",
        "memory",
        "memory:x",
        "dynamodb://table",
        "postgresql://host/db",
        "SQLITE:///trueup.db",
    ],
)
def test_any_other_address_is_refused_with_those_that_are_known(url):
    for ask in (lambda: path_of(url), lambda: open_store(url, CODEC), lambda: lock_store(url, NOW)):
        with pytest.raises(SpecError, match=r"known are sqlite:///FILE .* memory:"):
            ask()


def test_what_is_saved_at_an_address_is_there_the_next_time(tmp_path):
    url = f"sqlite:///{tmp_path}/trueup.db"
    with closing(open_store(url, CODEC)) as store:
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
    with closing(open_store(url, CODEC, create=False)) as store:
        assert set(store.load(PROD).targets) == {API}


def test_memory_is_new_every_time():
    with closing(open_store("memory:", CODEC)) as store:
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
    with closing(open_store("memory:", CODEC)) as store:
        assert store.load(PROD).targets == {}


def test_a_command_that_only_reads_makes_no_store(tmp_path):
    with pytest.raises(SpecError, match="there is no such file"):
        open_store(f"sqlite:///{tmp_path}/trueup.db", CODEC, create=False)
    assert list(tmp_path.iterdir()) == []


def test_one_controller_locks_the_store_and_commands_still_open_it(tmp_path):
    url = f"sqlite:///{tmp_path}/trueup.db"
    with lock_store(url, NOW), closing(open_store(url, CODEC)) as store:
        store.order(PROD, made.pause, made.an_entry())
        with pytest.raises(Refusal, match="in use by"):
            lock_store(url, NOW)


def test_a_store_in_memory_needs_no_lock():
    assert lock_store("memory:", NOW) is None


def test_a_store_on_a_network_file_system_is_not_locked(tmp_path, monkeypatch):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(files, "MOUNTS", mounts)
    with pytest.raises(Refusal, match=r"network file system \(nfs4\)"):
        lock_store(f"sqlite:///{tmp_path}/trueup.db", NOW)
    assert [file.name for file in tmp_path.iterdir()] == ["mounts"]


def test_a_store_of_a_newer_version_is_refused_and_let_go_of(tmp_path):
    url = f"sqlite:///{tmp_path}/trueup.db"
    newer = Write(key=SCHEMA_KEY, body=CODEC.write(Schema(schema=SCHEMA + 1)).text)
    with closing(SqliteBackend(tmp_path / "trueup.db")) as backend:
        backend.commit([newer])
    with pytest.raises(Refusal, match="newer trueup"):
        open_store(url, CODEC)
    # The last connection to a database takes its log away: none was left open.
    assert [file.name for file in tmp_path.iterdir()] == ["trueup.db"]
