"""The real `trueup`, as processes: `run` with all that it logs, and commands beside it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRUEUP = (sys.executable, "-m", "controller")
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
STEP = 0.02
TAIL = 40


def wait_until(what: str, condition: Any, seconds: float = 60.0, story: Any = str) -> Any:
    """Wait for the first true answer, and give it; fail loudly, with a story, when it does not come."""
    ends = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > ends:
            raise AssertionError(f"after {seconds:g} s still not: {what}\n{story()}")
        time.sleep(STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def items(self) -> list[dict[str, Any]]:
        """What it listed with `-o json`."""
        return json.loads(self.out)["items"]


def trueup(*words: str, cwd: Path | None = None, seconds: float = 60.0, **variables: str) -> Said:
    """Run one command to its end."""
    done = subprocess.run(
        [*TRUEUP, *words],
        env={**os.environ, **KEYS, **variables},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return Said(code=done.returncode, out=done.stdout, err=done.stderr)


class Controller:
    """`trueup run`, from its start to its end."""

    def __init__(self, words: Sequence[str], variables: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as into:
            self._process = subprocess.Popen(
                [*TRUEUP, "run", *words],
                env={**os.environ, **KEYS, **variables},
                stdin=subprocess.DEVNULL,
                stdout=into,
                stderr=into,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        """Where it serves metrics and health, once it does."""
        return wait_until("it serves", self._listening, story=self.tail)

    def _listening(self) -> str:
        if self._process.poll() is not None:
            raise AssertionError(f"it ended with {self._process.returncode}:\n{self.tail()}")
        return next((line["listen"] for line in self.lines() if line.get("event") == "trueup began"), "")

    def lines(self) -> list[dict[str, Any]]:
        """Every whole line of its log so far."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line.get("event") == event]

    def tail(self) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return f"--- {self.log.name}\n" + "\n".join(text.splitlines()[-TAIL:])

    def get(self, path: str) -> tuple[int, str]:
        """Ask its port; gives status and body."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:  # noqa: S310 - our own loopback
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    @property
    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        """SIGKILL: it has no time for anything."""
        self._process.kill()
        self._process.wait(timeout=30)

    def ask_to_stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def ends(self, seconds: float = 30.0) -> int:
        """Wait for its end; gives the exit code."""
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end within {seconds:g} s\n{self.tail()}") from None

    def stop(self) -> int:
        self.ask_to_stop()
        return self.ends()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it stand still, as a machine that is out of breath would."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)
