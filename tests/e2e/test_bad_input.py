"""Bad input to `trueup run`: one clear message, the right exit code, and nothing written or sent."""

import socket
import sqlite3
from collections.abc import Iterator

import pytest

from tests.e2e.process import Said, trueup
from tests.e2e.stage import Stage

pytestmark = pytest.mark.e2e

WRONG, BLOCKED = 2, 4


def refused(said: Said, code: int, *words: str) -> None:
    """One line, from us, that says these things; nothing on standard output, and no traceback."""
    assert said.code == code, said
    assert said.out == "", said
    lines = [line for line in said.err.splitlines() if line]
    assert len(lines) == 1, said
    assert lines[0].startswith("trueup: "), said
    for word in words:
        assert word in lines[0], said


def nothing_was_done(stage: Stage) -> None:
    assert sorted(path.name for path in stage.folder.iterdir()) == ["specs.git"]
    assert stage.cloud.changes() == []


OPTIONS = {
    "no repository": ({"repo": ""}, "--repo"),
    "a repository that would run a program": ({"repo": "ext::sh -c date"}, "run a program"),
    "a repository that git would take for an option": ({"repo": "--upload-pack=date"}, "option"),
    "a repository with credentials": ({"repo": "https://ada:hunter2@example.com/specs.git"}, "TRUEUP_GIT_TOKEN"),
    "a protocol that is not spoken": ({"repo": "git://example.com/specs.git"}, "https://"),
    "a branch that is none": ({"branch": "a..b"}, "branch"),
    "a path that leaves the repository": ({"path": "../other"}, "path"),
    "a store of no kind": ({"store": "trueup.db"}, "sqlite:///"),
    "a store of an unknown kind": ({"store": "redis://here"}, "sqlite:///"),
    "a store without a file": ({"store": "sqlite:///"}, "file"),
    "an address without a port": ({"listen": "127.0.0.1"}, "127.0.0.1:9102"),
    "a port that is none": ({"listen": "127.0.0.1:99999"}, "99999"),
    "an address of another machine": ({"listen": "192.0.2.1:9102"}, "192.0.2.1"),
    "a poll of no time": ({"poll": "0s"}, "--poll"),
    "a poll that is no time": ({"poll": "often"}, "--poll"),
    "an endpoint that is none": ({"endpoint-url": "localhost"}, "--endpoint-url"),
    "an unknown form of log": ({"log": "xml"}, "--log"),
}


@pytest.mark.parametrize(("flags", "word"), OPTIONS.values(), ids=OPTIONS)
def test_run_refuses(stage: Stage, flags: dict[str, str], word: str):
    said = trueup("run", *stage.words(save_cycles="", **flags), **stage.variables)
    refused(said, WRONG, word)
    assert "hunter2" not in said.err
    nothing_was_done(stage)


@pytest.mark.parametrize(
    ("variables", "endpoint", "word"),
    [
        ({"TRUEUP_CLOCK": "now*60"}, False, "--endpoint-url"),
        ({"TRUEUP_CLOCK": "soon*60"}, True, "soon"),
        ({"TRUEUP_CLOCK": "now*-1"}, True, "speed"),
        ({"TRUEUP_WORKERS": "many"}, True, "TRUEUP_WORKERS"),
    ],
    ids=["a clock without an endpoint", "a clock of no time", "a clock that goes back", "a number that is none"],
)
def test_run_refuses_the_variable_of(stage: Stage, variables: dict[str, str], endpoint: bool, word: str):
    words = stage.words(save_cycles="", **({} if endpoint else {"endpoint-url": ""}))
    refused(trueup("run", *words, **variables), WRONG, word)
    nothing_was_done(stage)


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_port_that_is_in_use_is_refused_before_anything_begins(stage: Stage, taken: str):
    said = trueup("run", *stage.words(listen=taken, save_cycles=""), **stage.variables)
    refused(said, WRONG, taken, "in use")
    nothing_was_done(stage)


def test_a_file_in_the_place_of_the_folder_for_saved_turns_is_refused(stage: Stage):
    stage.cycles.write_text("notes")
    said = trueup("run", *stage.words(), **stage.variables)
    refused(said, WRONG, "--save-cycles", "not a folder")
    stage.cycles.unlink()
    nothing_was_done(stage)


def test_a_store_in_a_folder_that_is_not_there_is_refused(stage: Stage):
    store = f"sqlite:///{stage.folder}/nowhere/trueup.db"
    said = trueup("run", *stage.words(store=store, save_cycles=""), **stage.variables)
    refused(said, said.code, "nowhere")
    assert said.code in {WRONG, 5}
    nothing_was_done(stage)


def test_a_database_of_something_else_is_refused_and_left_alone(stage: Stage):
    other = stage.folder / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE theirs (word TEXT)")
    db.close()
    before = other.read_bytes()
    said = trueup("run", *stage.words(store=f"sqlite:///{other}", save_cycles=""), **stage.variables)
    refused(said, WRONG, "something else")
    assert other.read_bytes() == before
    assert stage.cloud.changes() == []


def test_a_second_controller_on_the_same_store_is_refused_and_the_first_goes_on(stage: Stage):
    first = stage.begin()
    said = trueup("run", *stage.words(save_cycles=""), **stage.variables)
    refused(said, BLOCKED, "is in use by", f"process {first.pid}")
    said = stage.once(save_cycles="")
    refused(said, BLOCKED, "is in use by")
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")
    assert stage.told() == ["v1.2.3"]


def test_a_store_is_free_again_when_its_controller_was_killed(stage: Stage):
    stage.begin()
    stage.kill()
    again = stage.start()
    stage.until("it is ready", lambda: again.is_ready)


def test_a_command_for_a_store_that_is_not_there_makes_none(stage: Stage):
    for words in (("status",), ("pause", "prod", "--reason", "no"), ("history",)):
        said = trueup(*words, "--store", stage.url)
        refused(said, WRONG, "no such file")
    nothing_was_done(stage)
