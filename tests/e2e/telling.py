"""`trueup demo` as a user starts it: a group of processes of its own, and what it said."""

import os
import signal
import subprocess
from pathlib import Path

from tests.e2e.process import TRUEUP, wait_until


class Telling:
    """`trueup demo` as a group of processes of its own, with a temporary folder of its own."""

    def __init__(self, folder: Path, *words: str, **variables: str) -> None:
        self.said, self.scratch = folder / "said", folder / "scratch"
        self.scratch.mkdir()
        with self.said.open("wb") as into:
            self._process = subprocess.Popen(
                [*TRUEUP, "demo", *words],
                env={**os.environ, **variables, "TMPDIR": str(self.scratch)},
                stdin=subprocess.DEVNULL,
                stdout=into,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.said.read_text(encoding="utf-8")

    def until(self, said: str, seconds: float = 200.0) -> None:
        wait_until(said, lambda: said in self.text or self._process.poll() is not None, seconds, lambda: self.text)
        assert said in self.text, self.text[-3000:]

    def ends(self, number: int | None = None) -> int:
        """Wait for its end, after a signal to it alone; gives the exit code."""
        if number is not None:
            self._process.send_signal(number)
        return self._process.wait(timeout=60)

    @property
    def has_left_processes(self) -> bool:
        """Whether any of its group lives on; to be asked after its end."""
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def clear(self) -> None:
        if self._process.poll() is None or self.has_left_processes:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)


def is_all_over(told: Telling) -> bool:
    return not told.has_left_processes and not list(told.scratch.iterdir())
