"""Turns in which the process died, as when it is out of memory: after a start their environments begin later.

A turn that raises is caught and put off by the loop; one that takes the process with it would do so again after
every start, and no other environment would be served either.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from controller.loop.agenda import Agenda
from controller.model.names import EnvName, TargetName

Due: TypeAlias = dict[EnvName, frozenset[TargetName]]

LONGEST: Final = 900.0
"""How long, in real seconds, an environment waits at most after a start."""
LOUD: Final = 3
"""From so many crashes in a row on it is no chance any more."""


class Marks(Protocol):
    """What the next process reads of this one, however it ends."""

    def crashes(self) -> Mapping[EnvName, int]:
        """Count for each environment the processes in a row that died while it was under way, the last included."""
        ...

    def write(self, env: EnvName, crashes: int, *, under_way: bool) -> None:
        """Keep how many there were, and whether it is under way now. It never raises, and waits for no disk."""
        ...


class Told(Protocol):
    """Who hears of it; waits are in real seconds."""

    def crashed(self, env: EnvName, crashes: int, wait: float) -> None:
        """Say at the start that so many processes in a row died, and how long after it the environment begins."""
        ...

    def tried(self, env: EnvName, crashes: int) -> None:
        """Say that a turn of an environment begins in which `LOUD` processes or more died."""
        ...

    def survived(self, env: EnvName) -> None:
        """Say that a turn of a suspected environment ended."""
        ...


def wait_after(crashes: int) -> float:
    """Say how many real seconds after a start an environment begins."""
    return min(2.0 ** min(crashes, 10), LONGEST) if crashes else 0.0


class Crashes:
    """Which environments are suspected, and what is under way now. Any thread may call any method.

    The suspected are tried one at a time, the least suspected first: one that only was under way beside another is
    cleared by its next turn, and does not die with the other again.
    """

    def __init__(self, marks: Marks, told: Told, real: Callable[[], float]) -> None:
        self._marks, self._told, self._real = marks, told, real
        self._began: Final = real()
        self._counts = {env: crashes for env, crashes in marks.crashes().items() if crashes}
        self._untold = set(self._counts)
        self._under_way: Counter[EnvName] = Counter()
        self._trying: EnvName | None = None
        self._is_stopping = False
        self._lock = threading.Lock()

    def tell(self, environments: Iterable[EnvName]) -> None:
        """Name those of these environments that are suspected, each once."""
        for env in sorted(self._untold.intersection(environments)):
            self._untold.discard(env)
            crashes = self._counts.get(env, 0)
            self._told.crashed(env, crashes, wait_after(crashes))

    def waits(self, env: EnvName) -> bool:
        """Whether it is too early after the start for this environment."""
        return self._real() - self._began < wait_after(self._counts.get(env, 0))

    def free(self, environments: Iterable[EnvName]) -> tuple[EnvName, ...]:
        """Name those that may begin a turn now."""
        busy = self._trying is not None
        return tuple(env for env in environments if not self.waits(env) and not (busy and env in self._counts))

    def take(self, agenda: Agenda, now: datetime, allowed: Iterable[EnvName]) -> Due:
        """Take what is due from the agenda, of the suspected environments one at most."""
        free = self.free(allowed)
        suspected = {env: crashes for env in free if (crashes := self._counts.get(env, 0))}
        ready = agenda.take(now, [env for env in free if env not in suspected])
        for env in sorted(suspected, key=lambda env: (suspected[env], env)):
            if due := agenda.take(now, (env,)):
                self._trying = env
                return {**ready, **due}
        return ready

    def begin(self, env: EnvName) -> None:
        """Mark that a turn of it is under way."""
        crashes = self._counts.get(env, 0)
        self._count(env, +1)
        if crashes >= LOUD:
            self._told.tried(env, crashes)

    def end(self, env: EnvName) -> None:
        """Say that its turn ended, well or not: the process lives, so whatever happened before is forgotten."""
        with self._lock:
            was_suspected = self._counts.pop(env, 0)
            self._untold.discard(env)
            if self._trying == env:
                self._trying = None
        self._count(env, -1)
        if was_suspected:
            self._told.survived(env)

    @contextmanager
    def looking(self, env: EnvName) -> Iterator[None]:
        """Mark that its spec is being read outside a turn. That this ends well says nothing of its turns."""
        self._count(env, +1)
        try:
            yield
        finally:
            self._count(env, -1)

    def stop(self) -> None:
        """Take the marks of what is under way away: whoever asks to stop may kill what does not end in time."""
        with self._lock:
            self._is_stopping = True
            for env in self._under_way:
                self._marks.write(env, self._counts.get(env, 0), under_way=False)

    def _count(self, env: EnvName, step: int) -> None:
        with self._lock:
            self._under_way[env] += step
            under_way = self._under_way[env] > 0 and not self._is_stopping
            self._marks.write(env, self._counts.get(env, 0), under_way=under_way)
