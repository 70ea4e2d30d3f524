"""When each target is due: one entry a target, and never the same environment in two turns at once."""

import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from controller.model.names import EnvName, TargetName

Entry = tuple[EnvName, TargetName]

A_TURN: Final = 100
"""How many targets one turn takes at most: what is hurried must not wait for a look at a whole fleet."""


class Agenda:
    """Due times by target. A target made due while its turn runs stays due when the turn has put it off."""

    def __init__(self) -> None:
        self._due: dict[EnvName, dict[TargetName, datetime]] = {}
        self._hurried: set[Entry] = set()
        self._urgent: set[Entry] = set()
        self._busy: set[EnvName] = set()
        self._lock = threading.Lock()

    def put(self, env: EnvName, target: TargetName, at: datetime) -> None:
        """Say when a target is due next; one that was hurried meanwhile keeps its earlier time."""
        with self._lock:
            times = self._due.setdefault(env, {})
            if (env, target) in self._hurried:
                self._hurried.discard((env, target))
                at = min(at, times.get(target, at))
            times[target] = at

    def hurry(self, env: EnvName, targets: Iterable[TargetName], now: datetime) -> None:
        """Make targets due now, whatever their turn says that is running."""
        with self._lock:
            times = self._due.setdefault(env, {})
            for target in targets:
                times[target] = min(now, times.get(target, now))
                self._urgent.add((env, target))
                if env in self._busy:
                    self._hurried.add((env, target))

    def drop(self, env: EnvName, targets: Iterable[TargetName]) -> None:
        """Forget targets that are gone."""
        with self._lock:
            for target in targets:
                self._due.get(env, {}).pop(target, None)

    def take(self, now: datetime, allowed: Iterable[EnvName]) -> dict[EnvName, frozenset[TargetName]]:
        """Give the targets that are due in environments that have no turn, and mark those as busy.

        Of very many the hurried ones come first, then those that have waited longest.
        """
        with self._lock:
            ready: dict[EnvName, frozenset[TargetName]] = {}
            for env in allowed:
                due = self._first(env, now) if env not in self._busy else frozenset()
                if due:
                    ready[env] = due
                    self._urgent -= {(env, name) for name in due}
            self._busy.update(ready)
            return ready

    def _first(self, env: EnvName, now: datetime) -> frozenset[TargetName]:
        due = [(at, name) for name, at in self._due.get(env, {}).items() if at <= now]
        if len(due) > A_TURN:
            due.sort(key=lambda one: ((env, one[1]) not in self._urgent, *one))
        return frozenset(name for _, name in due[:A_TURN])

    def done(self, env: EnvName) -> None:
        """Say that an environment's turn is over."""
        with self._lock:
            self._busy.discard(env)
            self._hurried -= {entry for entry in self._hurried if entry[0] == env}

    def targets(self, env: EnvName) -> frozenset[TargetName]:
        """Name the targets of an environment."""
        with self._lock:
            return frozenset(self._due.get(env, {}))

    def next(self, allowed: Iterable[EnvName]) -> datetime | None:
        """When the next target of an allowed environment without a turn is due."""
        with self._lock:
            idle = [env for env in allowed if env not in self._busy]
            return min((at for env in idle for at in self._due.get(env, {}).values()), default=None)

    def overdue(self, now: datetime) -> int:
        """Count the targets that are due and wait."""
        with self._lock:
            return sum(at <= now for due in self._due.values() for at in due.values())
