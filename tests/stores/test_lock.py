"""The lock beside the store: one running controller, however it ends."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.errors import PlatformError, Refusal
from controller.stores.sqlite import lock

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOLDS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from controller.stores.sqlite import lock
held = lock(Path(sys.argv[1]), datetime(2026, 1, 1, tzinfo=UTC))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trueup.db"


@pytest.fixture
def holder(path):
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_is_refused_and_told_who_holds_it_and_since_when(path, holder):
    with pytest.raises(Refusal, match=rf"in use by process {holder.pid} on .+, since 2026-01-01T00:00:00\+00:00;"):
        lock(path, NOW)


def test_a_second_in_the_same_process_is_refused_too(path):
    with lock(path, NOW), pytest.raises(Refusal, match="in use by process"):
        lock(path, NOW)


def test_a_holder_that_is_killed_leaves_the_lock_free(path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock(path, NOW).release()


def test_a_lock_that_was_released_can_be_taken_again_and_names_nobody(path):
    held = lock(path, NOW)
    held.release()
    held.release()
    assert (path.parent / "trueup.db.lock").read_bytes() == b""
    with lock(path, NOW):
        assert "since 2026-03-01T12:00:00+00:00" in (path.parent / "trueup.db.lock").read_text()


def test_a_process_that_the_holder_starts_does_not_keep_the_lock(path):
    held = lock(path, NOW)
    with subprocess.Popen(["sleep", "30"], close_fds=False) as child:
        held.release()
        lock(path, NOW).release()
        child.kill()


def test_a_refused_lock_does_not_disturb_the_holder(path, holder):
    for _ in range(3):
        with pytest.raises(Refusal, match=f"process {holder.pid}"):
            lock(path, NOW)


def test_the_store_itself_is_not_touched(path):
    with lock(path, NOW):
        assert [file.name for file in path.parent.iterdir()] == ["trueup.db.lock"]


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(PlatformError, match=r"nowhere/trueup\.db\.lock: the file cannot be made"):
        lock(tmp_path / "nowhere" / "trueup.db", NOW)
