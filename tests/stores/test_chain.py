"""The chain over the journal: the first row that does not fit is found, and two writers never fork it."""

import contextlib
import hashlib
import json
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from controller.errors import Refusal
from controller.model.story import ORIGIN, ChainHead
from controller.stores.backend import Row
from controller.stores.chain import START, Broken, fitting, line_of, link_of, linked, read_line, text_of
from controller.stores.layout import LAYOUT, UNCHAINED
from controller.stores.open import open_store, upgrade_store
from controller.stores.records import Records
from controller.stores.sqlite import SqliteBackend
from tests.contracts import made
from tests.contracts.made import CODEC, PROD
from tests.stores.test_sqlite import tampered, writer

ROWS = 12


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trueup.db"


def store_at(path):
    return contextlib.closing(Records(SqliteBackend(path), CODEC))


def links_in(path):
    with store_at(path) as store:
        return list(store.links())


def chain_of(*texts):
    rows = [Row(env="prod", target=None if at % 3 else "api", body=json.dumps(t)) for at, t in enumerate(texts)]
    return [link_of(row) for row in linked(START, rows)]


def misfit(links, after=START):
    with pytest.raises(Broken) as told:
        list(fitting(links, after))
    return told.value.number, told.value.why


def filled(path, rows=ROWS):
    with store_at(path) as store:
        for at in range(1, rows + 1):
            store.order(PROD, made.pause, made.an_entry(f"order {at}"))


def unchained(path, rows=ROWS):
    """A file as the version before wrote it."""
    filled(path, rows)
    drops = (f"ALTER TABLE journal DROP COLUMN {column}" for column in ("previous", "chain"))
    tampered(path, *drops, f"PRAGMA user_version = {UNCHAINED}")


# ---- what is hashed


def test_anybody_can_compute_the_chain_from_the_documented_rule():
    links = chain_of("one", "two")
    assert links[0].text == '{"number":1,"env":"prod","target":"api","row":"one"}'
    assert links[1].text == '{"number":2,"env":"prod","target":null,"row":"two"}'
    first = hashlib.sha256(("0" * 64 + links[0].text).encode()).hexdigest()
    second = hashlib.sha256((first + links[1].text).encode()).hexdigest()
    assert [(link.previous, link.chain) for link in links] == [(ORIGIN, first), (first, second)]


def test_the_text_of_a_row_is_json_that_says_all_of_it_in_one_line_of_ascii():
    row = Row(env="prod", target='a"\n\x1b', body=CODEC.write(made.an_entry("ü \x1b[31m\n")).text, number=7)
    told = json.loads(text_of(row))
    assert text_of(row).isascii() and text_of(row).isprintable()
    assert (told["number"], told["env"], told["target"]) == (7, "prod", 'a"\n\x1b')
    assert told["row"] == json.loads(row.body)


@pytest.mark.parametrize("change", [{"env": "stage"}, {"target": "web"}, {"target": None}, {"body": "2"}])
def test_everything_that_a_row_says_is_in_its_chain(change):
    row = Row(env="prod", target="api", body="1")
    assert linked(START, [row])[0].chain != linked(START, [replace(row, **change)])[0].chain
    assert linked(START, [row])[0].chain != linked(ChainHead(number=1, chain=ORIGIN), [row])[0].chain


# ---- what does not fit


def test_a_chain_that_nobody_touched_fits_whole_and_from_any_row_on():
    links = chain_of(*"abcdef")
    assert list(fitting(links)) == links
    for at, link in enumerate(links, start=1):
        head = ChainHead(number=link.number, chain=link.chain)
        assert list(fitting(links[at:], head)) == links[at:]


@pytest.mark.parametrize("at", range(6))
def test_a_row_that_was_changed_is_named(at):
    links = chain_of(*"abcdef")
    links[at] = replace(links[at], text=links[at].text.replace("row", "Row"))
    number, why = misfit(links)
    assert number == at + 1
    assert re.fullmatch(rf"row {number} was changed: its chain is {links[at].chain}, and .* [0-9a-f]{{64}}", why)


@pytest.mark.parametrize("at", range(5))
def test_a_row_that_was_taken_is_named_by_what_came_instead(at):
    links = chain_of(*"abcdef")
    del links[at]
    assert misfit(links) == (at + 2, f"row {at + 1} was expected after row {at}, and row {at + 2} came")


@pytest.mark.parametrize("at", range(5))
def test_a_row_put_in_between_is_found_though_it_fits_what_is_before_it(at):
    texts = [*"abcdef"]
    links, other = chain_of(*texts), chain_of(*texts[:at], "forged", *texts[at:])
    number, why = misfit([*links[:at], other[at], *(replace(link, number=link.number + 1) for link in links[at:])])
    assert number == at + 2
    assert why.startswith(f"row {number} does not follow row {at + 1}: it says that the chain before it is ")


def test_two_rows_that_changed_places_and_a_row_that_comes_twice_are_found():
    links = chain_of(*"abcd")
    assert misfit([links[0], links[2], links[1], links[3]])[0] == 3
    assert misfit([links[0], links[1], links[1]]) == (2, "row 3 was expected after row 2, and row 2 came")


# ---- lines


def test_a_line_is_read_as_it_was_written_and_to_the_letter():
    for link in chain_of("one", "two", '","previous":"x'):
        line = line_of(link)
        assert read_line(line) == link
        assert json.loads(line)["chain"] == link.chain
        for other in (f" {line}", line.replace(":", ": ", 1), line[:-1], line.replace(link.chain, link.chain[:-1])):
            assert read_line(other) is None


def test_a_row_with_a_line_break_in_it_is_not_written_as_a_line():
    (link,) = map(link_of, linked(START, [Row(env="prod", target=None, body="{\n}")]))
    with pytest.raises(Broken, match="row 1 is no JSON of ours"):
        line_of(link)


# ---- many writers


def test_processes_that_write_at_once_never_fork_the_chain(path):
    filled(path, 1)
    writers = [writer(path, "order", "15") for _ in range(3)]
    for process in writers:
        with process:
            process.stdout.read()
    assert [process.returncode for process in writers] == [0, 0, 0]
    links = links_in(path)
    assert [link.number for link in links] == list(range(1, 1 + 1 + 3 * 15))
    assert list(fitting(links)) == links
    assert len({link.previous for link in links}) == len(links)


def test_threads_that_write_at_once_never_fork_the_chain(path):
    def live(_at):
        with store_at(path) as mine:
            for turn in range(10):
                mine.order(PROD, made.pause, made.an_entry(f"{turn}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(live, range(4)))
    links = links_in(path)
    assert len(list(fitting(links))) == 40


def test_rows_that_are_appended_while_the_chain_is_read_are_read_too(path):
    filled(path, 3)
    with store_at(path) as store, store_at(path) as other:
        walked = fitting(store.links())
        seen = [next(walked)]
        other.order(PROD, made.pause, made.an_entry("late"))
        seen += walked
    assert [link.number for link in seen] == [1, 2, 3, 4]


# ---- a file of an older version


def test_an_old_file_is_chained_once_and_keeps_every_row(path):
    unchained(path)
    url = f"sqlite:///{path}"
    with contextlib.closing(open_store(url, CODEC)) as store:
        before = store.journal()
    assert upgrade_store(url) == ROWS
    assert upgrade_store(url) is None
    with contextlib.closing(open_store(url, CODEC)) as store:
        assert store.journal() == before
        assert len(list(fitting(store.links()))) == ROWS
        store.order(PROD, made.pause, made.an_entry("new"))
        assert len(list(fitting(store.links()))) == ROWS + 1
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (LAYOUT,)


def test_the_chain_of_an_upgraded_file_is_that_of_a_new_one(tmp_path):
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    unchained(old)
    filled(new)
    upgrade_store(f"sqlite:///{old}")
    assert links_in(old) == links_in(new)


def test_a_command_beside_an_older_controller_writes_as_that_one_does(path):
    unchained(path)
    with store_at(path) as store:
        store.order(PROD, made.pause, made.an_entry("beside"))
        assert [row.text for row in store.journal(limit=1)] == ["beside"]
        with pytest.raises(Refusal, match="its journal is not chained yet; `trueup run` does that when it starts"):
            next(store.links())
    tampered(path, "INSERT INTO journal VALUES (99, 'prod', NULL, '{}')")  # as the older one still can
    assert upgrade_store(f"sqlite:///{path}") == ROWS + 2
    assert misfit(links_in(path)) == (99, f"row {ROWS + 2} was expected after row {ROWS + 1}, and row 99 came")


def test_a_command_that_was_open_while_the_file_was_upgraded_writes_on(path):
    unchained(path)
    with store_at(path) as store:
        upgrade_store(f"sqlite:///{path}")
        store.order(PROD, made.pause, made.an_entry("after"))
    assert len(list(fitting(links_in(path)))) == ROWS + 1


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(path):
    unchained(path, 3)
    tampered(path, "CREATE TRIGGER full BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'no room'); END")
    with contextlib.closing(SqliteBackend(path)) as backend, pytest.raises(Exception, match="no room"):
        backend.upgrade()
    tampered(path, "DROP TRIGGER full")
    assert upgrade_store(f"sqlite:///{path}") == 3


def test_what_is_not_there_or_in_memory_needs_no_upgrade(path):
    assert upgrade_store(f"sqlite:///{path}") is upgrade_store("memory:") is None
    assert not path.exists()


# ---- effort


def test_a_long_chain_is_walked_a_few_rows_at_a_time_and_fast(path):
    rows = 50_000
    body = CODEC.write(made.an_entry("ensure v1.2.3 (forward), as the spec asks for it since the last commit")).text
    with contextlib.closing(SqliteBackend(path)) as backend:
        backend.commit([], rows=[Row(env="prod", target="api", body=body)] * rows)
    with store_at(path) as store:
        began = time.process_time()
        assert sum(1 for _ in fitting(store.links())) == rows
        assert time.process_time() - began < 5.0  # twenty times what it takes: a million rows in seconds
