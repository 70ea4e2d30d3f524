"""The marks beside the store: what one process leaves under way, however it ends, the next one counts."""

import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from controller.errors import PlatformError
from controller.stores.marks import SIZE, NoMarks, open_marks

ROOT = Path(__file__).parents[2]
WRITES = """
import itertools, sys
from pathlib import Path
from controller.stores.marks import open_marks
marks = open_marks(Path(sys.argv[1]))
marks.write("prod", 7, under_way=True)
print("begun", flush=True)
for number in itertools.count():
    marks.write("stage", number % 2, under_way=False)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trueup.db"


def left(path):
    """What a process finds that starts now."""
    with closing(open_marks(path)) as marks:
        return dict(marks.crashes())


def test_what_was_under_way_is_counted_once_a_start_and_what_was_not_stays_as_it_was(path):
    with closing(open_marks(path)) as marks:
        assert marks.crashes() == {}
        marks.write("prod", 0, under_way=True)
        marks.write("stage", 2, under_way=False)
        marks.write("dev", 0, under_way=False)
    assert left(path) == {"prod": 1, "stage": 2}
    assert left(path) == {"prod": 1, "stage": 2}


def test_a_process_that_is_killed_leaves_its_marks(path):
    command = [sys.executable, "-c", WRITES, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    found = left(path)
    assert found.pop("prod") == 8
    assert found in ({}, {"stage": 1})


def test_an_environment_has_one_line_that_is_written_over(path):
    with closing(open_marks(path)) as marks:
        for number in range(100):
            marks.write("prod", number, under_way=True)
            marks.write("a" * 40, 999_999, under_way=False)
        text = path.with_name("trueup.db.turns").read_bytes()
    assert len(text) == 2 * SIZE
    assert [line.split() for line in text.splitlines()] == [[b"+", b"99", b"prod"], [b"-", b"999999", b"a" * 40]]
    assert left(path) == {"prod": 100, "a" * 40: 999_999}


@pytest.mark.parametrize(
    "damage", [b"", b"\0" * 200, b"\xff\xfe\n", b"+ x prod\n", b"+      1 prod extra\n", b"+      1 PROD"]
)
def test_a_line_that_is_damaged_is_passed_over(path, damage):
    path.with_name("trueup.db.turns").write_bytes(damage + b"\n+      4 stage\n")
    assert left(path) == {"stage": 5}


def test_the_file_is_ours_alone_and_of_those_that_are_suspected(path):
    with closing(open_marks(path)) as marks:
        marks.write("prod", 1, under_way=True)
        marks.write("dev", 0, under_way=False)
    beside = path.with_name("trueup.db.turns")
    assert left(path) == {"prod": 2}
    assert beside.read_text().split() == ["-", "2", "prod"]
    assert beside.stat().st_mode & 0o777 == 0o600


def test_a_place_where_no_file_can_be_is_refused(tmp_path):
    with pytest.raises(PlatformError, match=r"marks .*db\.turns: the file cannot be used"):
        open_marks(tmp_path / "nowhere" / "trueup.db")
    (tmp_path / "trueup.db.turns").mkdir()
    with pytest.raises(PlatformError, match="the file cannot be used"):
        open_marks(tmp_path / "trueup.db")


def test_what_is_written_after_the_end_is_passed_over(path):
    marks = open_marks(path)
    marks.close()
    marks.close()
    marks.write("prod", 0, under_way=True)
    assert left(path) == {}


def test_without_a_file_nothing_is_remembered():
    marks = NoMarks()
    marks.write("prod", 3, under_way=True)
    assert marks.crashes() == {}
