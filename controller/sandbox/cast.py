"""The demos' cast: the sandbox and the controller as processes, and real git repositories."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

AUTHOR: Final = "developer@unifocus.example.com"
_IDENTITY: Final = {
    "GIT_AUTHOR_NAME": "a developer",
    "GIT_AUTHOR_EMAIL": AUTHOR,
    "GIT_COMMITTER_NAME": "a developer",
    "GIT_COMMITTER_EMAIL": AUTHOR,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
_STEP: Final = 0.02  # seconds between two looks at a process
_PATIENCE: Final = 60.0  # seconds for a command


class Failed(Exception):
    """The demo did not go as it must; the text says what was expected and what was found."""


class Process:
    """One of our own commands as a process, its output read line by line as it comes.

    While it is waited for, `wait` lets the seconds pass, and may raise.
    """

    def __init__(
        self, args: Sequence[str], environment: Mapping[str, str], wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._name, self._wait = args[0], wait
        self._process = subprocess.Popen(
            [sys.executable, "-m", "controller", *args],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._errors: queue.SimpleQueue[str] = queue.SimpleQueue()
        streams = ((self._process.stdout, self._lines), (self._process.stderr, self._errors))
        self._pumps = [threading.Thread(target=_pump, args=pair, daemon=True) for pair in streams]
        for pump in self._pumps:
            pump.start()

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def first_line(self, seconds: float) -> str:
        """Wait for the first line of its output; raises Failed with its errors when none comes."""
        ends = time.monotonic() + seconds
        while True:
            over = self.ended or time.monotonic() > ends
            try:
                return self._lines.get(timeout=_STEP)
            except queue.Empty:
                self._wait(0)
            if over:
                said = "\n".join(self.complaints()[-10:])
                raise Failed(f"trueup {self._name} did not begin: {said}")

    def finished(self) -> int:
        """Wait for it to end by itself, and for all that it said; gives its exit code."""
        ends = time.monotonic() + _PATIENCE
        while (code := self._process.poll()) is None:
            if time.monotonic() > ends:
                raise Failed(f"trueup {self._name} did not end within {_PATIENCE:.0f} s")
            self._wait(_STEP)
        for pump in self._pumps:
            pump.join(timeout=5)
        return code

    def said(self) -> list[str]:
        """Take the lines of its output that have come since the last time."""
        return _drain(self._lines)

    def complaints(self) -> list[str]:
        """Take the lines of its errors, which is where it logs, that have come since the last time."""
        return _drain(self._errors)

    def stop(self) -> int:
        """Ask it to stop, and make it stop if it does not; gives its exit code."""
        if not self.ended:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _pump(stream: Any, into: "queue.SimpleQueue[str]") -> None:  # noqa: ANN401  a text stream of subprocess
    with stream:
        for line in stream:
            into.put(line.rstrip("\n"))


def _drain(lines: "queue.SimpleQueue[str]") -> list[str]:
    found: list[str] = []
    while True:
        try:
            found.append(lines.get_nowait())
        except queue.Empty:
            return found


class Repository:
    """A real git repository, with the specs of a folder if there is one, changed as a team would change it."""

    def __init__(self, folder: Path, specs: Path | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._git("init", "-q", "-b", "main")
        if specs is not None:
            self._copy(specs)

    def _copy(self, specs: Path) -> None:
        for file in sorted(specs.rglob("*.yaml")):
            copy = self.folder / "specs" / file.relative_to(specs)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())

    def edit(self, file: str, changes: Mapping[str, str]) -> None:
        """Replace text in one file; raises Failed if it is not there exactly once."""
        path = self.folder / "specs" / file
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            if text.count(old) != 1:
                raise Failed(f"specs/{file} holds {old!r} {text.count(old)} times; the demo expects it once")
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def commit(self, message: str) -> str:
        """Commit everything; gives the commit."""
        self._git("add", "-A")
        self._git("commit", "-q", "-m", message)
        return self._git("rev-parse", "HEAD").strip()

    def write(self, file: str, text: str) -> None:
        """Write one file."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def tag(self, name: str, commit: str) -> None:
        """Let a new tag stand for a commit."""
        self._git("tag", name, commit)

    def branch(self, name: str, commit: str) -> None:
        """Begin a branch at a commit, and work on it from now on."""
        self._git("checkout", "-q", "-b", name, commit)

    def switch(self, branch: str) -> None:
        """Work on a branch that there is."""
        self._git("checkout", "-q", branch)

    def squash(self, branch: str, message: str) -> str:
        """Bring what a branch has here as one commit, as hosts do with pull requests; gives the commit."""
        self._git("merge", "-q", "--squash", branch)
        return self.commit(message)

    def push(self, address: str) -> str:
        """Bring what was committed here to where everybody pushes, after what others pushed; gives the commit."""
        self._git("pull", "-q", "--rebase", address, "main")
        self._git("push", "-q", address, "main")
        return self._git("rev-parse", "HEAD").strip()

    def published(self, folder: Path) -> str:
        """Put a bare copy into a folder, to which everybody pushes; gives its address."""
        self._git("clone", "-q", "--bare", ".", str(folder))
        return f"file://{folder}"

    def _git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=self.folder,
            env={**os.environ, **_IDENTITY},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"git {args[0]}: {done.stderr.strip()}")
        return done.stdout
