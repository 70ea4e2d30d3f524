"""`trueup run` as a process, as an operator starts it, seen from outside."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import fleet
from benchmarks.process import CLIENT_CORE, cpu_seconds, environment, peak_memory, started
from controller.app.memory import open_store

if TYPE_CHECKING:
    from controller.model.names import TargetName
    from controller.model.status import TargetStatus

_PATIENCE: Final = 240.0
_STEP: Final = 0.1
_JUDGED: Final = frozenset({"baking", "idle"})


class Running:
    """A controller process, and what it says of itself in its store."""

    def __init__(self, process: subprocess.Popen[bytes], store: str, log: Path) -> None:
        self._process, self._store, self._log = process, store, log
        self._began = time.monotonic()

    @property
    def cpu(self) -> tuple[float, float]:
        """CPU seconds so far: its own, and those of git."""
        return cpu_seconds(self._process.pid)

    @property
    def peak(self) -> float:
        """The most memory that it ever held, in MB."""
        return peak_memory(self._process.pid)

    def statuses(self) -> "Sequence[TargetStatus]":
        """Give how every target stands."""
        if not Path(self._store.removeprefix("sqlite:///")).exists():
            return ()
        store = open_store(self._store, must_exist=True)
        try:
            return store.shown()
        finally:
            store.close()

    def rest(self, count: int) -> float:
        """Wait until all of a fleet is seen and at rest; gives the seconds since the start."""
        self.until(lambda seen: len(seen) == count and all(_rests(one) for one in seen), step=1.0)
        return time.monotonic() - self._began

    def judged(self, wanted: Mapping[int, str]) -> None:
        """Wait until ECS's verdict about each of these releases is known: what follows is their bake."""
        self.until(lambda seen: _all(wanted, {one.target: one.live for one in seen if one.phase.value in _JUDGED}))

    def good(self, wanted: Mapping[int, str]) -> None:
        """Wait until each of these releases has survived its bake."""
        self.until(lambda seen: _all(wanted, {one.target: one.last_good for one in seen if _rests(one)}))

    def until(self, fulfilled: "Callable[[Sequence[TargetStatus]], bool]", step: float = _STEP) -> None:
        """Wait until the statuses are as they should be."""
        ends = time.monotonic() + _PATIENCE
        while not fulfilled(self.statuses()):
            if self._process.poll() is not None or time.monotonic() > ends:
                tail = self._log.read_text(encoding="utf-8").splitlines()[-5:]
                raise RuntimeError("trueup run did not get there:\n" + "\n".join(tail))
            time.sleep(step)


def _all(wanted: Mapping[int, str], there: "Mapping[TargetName, str]") -> bool:
    found = {str(name): version for name, version in there.items()}
    return all(found.get(fleet.service_name(index)) == version for index, version in wanted.items())


def _rests(one: "TargetStatus") -> bool:
    return one.seen and one.synced and one.phase.value == "idle" and bool(one.last_good)


@contextmanager
def trueup(repo: str, endpoint: str, folder: Path, *, clock: str = "", poll: str = "1s") -> Iterator[Running]:
    """Run the controller for as long as this lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    store, log = f"sqlite:///{folder}/trueup.db", folder / "trueup.log"
    command = [sys.executable, "-m", "controller", "run", "--repo", repo, "--endpoint-url", endpoint]
    command += ["--store", store, "--cache", str(folder / "cache"), "--listen", "127.0.0.1:0", "--poll", poll]
    env = environment(TRUEUP_LOG="json", **({"TRUEUP_CLOCK": clock} if clock else {}))
    with log.open("wb") as lines, started(command, CLIENT_CORE, env=env, log=lines) as process:
        yield Running(process, store, log)
