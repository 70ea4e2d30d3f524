"""One lease an environment (reliability: a record that did not change for its time, on our own clock, is free).

The holder counts its deadline from before the renewal was sent, and it is two thirds of the lease: a clock that
runs half as fast again does no harm. No times are stored, so clocks need not agree.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from controller.errors import Conflict, PlatformError
from controller.model.names import EnvName
from controller.ports import Lease, Store

_SAFE: Final = 2 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Another's lease, and since when it has not changed."""

    stamp: str
    since: float


class Leases:
    """The leases that this process holds. `alone` says that a lock proves every other holder dead.

    `trouble` is why the store could not be asked for a lease the last time, None if it could.
    """

    def __init__(
        self, store: Store, owner: str, seconds: float, real: Callable[[], float], *, alone: bool = False
    ) -> None:
        self._store, self._owner, self._seconds, self._real = store, owner, seconds, real
        self._alone = alone
        self._held: dict[EnvName, tuple[Lease, float]] = {}
        self._seen: dict[EnvName, _Seen] = {}
        self._written = 0
        self.trouble: PlatformError | None = None
        self._lock = threading.Lock()

    def holds(self, env: EnvName) -> bool:
        """Whether we may act on an environment now."""
        held = self._held.get(env)
        return held is not None and self._real() < held[1]

    def held(self) -> tuple[EnvName, ...]:
        """Name the environments that we may act on now."""
        return tuple(env for env in tuple(self._held) if self.holds(env))

    def keep(self, env: EnvName) -> bool:
        """Take the lease if it is free, renew it if it is ours; whether we hold it afterwards."""
        with self._lock:
            try:
                self.trouble = None
                return self._keep(env)
            except Conflict:
                return self.holds(env)
            except PlatformError as error:
                self.trouble = error
                return self.holds(env)

    def _keep(self, env: EnvName) -> bool:
        began = self._real()
        stored = self._store.lease(env)
        mine = self._held.get(env)
        if stored is not None and stored.owner == self._owner:
            lease = self._stamped(stored)
        elif stored is None or self._is_free(env, stored, began):
            lease = self._stamped(
                Lease(owner=self._owner, epoch=(stored.epoch if stored else 0) + 1, stamp="", seconds=0)
            )
        else:
            self._held.pop(env, None)
            return False
        if not self._store.hold(env, lease, stored):
            if mine is not None and not self.holds(env):
                self._held.pop(env, None)
            return self.holds(env)
        self._held[env] = (lease, began + self._seconds * _SAFE)
        return True

    def _stamped(self, lease: Lease) -> Lease:
        self._written += 1
        return replace(lease, stamp=f"{self._owner}#{self._written}", seconds=self._seconds)

    def _is_free(self, env: EnvName, stored: Lease, now: float) -> bool:
        if self._alone:
            return True
        seen = self._seen.get(env)
        if seen is None or seen.stamp != stored.stamp:
            self._seen[env] = _Seen(stamp=stored.stamp, since=now)
            return False
        return now - seen.since >= stored.seconds

    def release(self) -> None:
        """Give every lease up, so that another need not wait."""
        with self._lock:
            for env, (lease, _) in tuple(self._held.items()):
                self._held.pop(env, None)
                try:
                    self._store.release(env, lease)
                except (Conflict, PlatformError):
                    continue  # it runs out by itself
