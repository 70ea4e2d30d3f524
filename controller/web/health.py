"""Is the process alive, and may it be relied on? Facts with a pure judgement, and a thread-safe holder of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final, TypeAlias

from controller.model.names import EnvName

Answer: TypeAlias = tuple[bool, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, in real seconds, the loop may be silent, and a turn that is due may take to end."""

    beat: float = 60.0
    turn: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is known, in real seconds of one monotonic clock.

    `due` are the turns that are due or under way, since when; `source` and `store` say how the last attempt went
    (None: none yet); `read` that the source was once read whole. `leases` are those of every known environment.
    """

    beat: float
    due: Mapping[EnvName, float] = field(default_factory=dict)
    read: bool = False
    store: bool | None = None
    leases: Mapping[EnvName, bool] = field(default_factory=dict)

    def alive(self, now: float, limits: Limits) -> Answer:
        """Say whether turns go on; if not, only starting again helps."""
        reasons: list[str] = []
        silent = now - self.beat
        if silent > limits.beat:
            reasons.append(f"the loop has been silent for {silent:.0f}s, and may be for {limits.beat:.0f}s")
        for env, since in sorted(self.due.items(), key=lambda turn: turn[1]):
            if now - since > limits.turn:
                late = f"a turn of {env} has been due for {now - since:.0f}s, and may be for {limits.turn:.0f}s"
                reasons.append(late)
        return not reasons, tuple(reasons)

    def ready(self) -> Answer:
        """Say whether it can do its work: specs and memory are read, and something is ours to converge."""
        reasons: list[str] = []
        if not self.read:
            reasons.append("the source was not read yet")
        if self.store is None:
            reasons.append("the store was not read yet")
        elif not self.store:
            reasons.append("the store is away: nothing is changed until it is back")
        if self.leases and not any(self.leases.values()):
            reasons.append("no environment's lease is held here")
        return not reasons, tuple(reasons)


class Pulse:
    """What the loop tells of itself as it goes, and what a probe is answered. Any thread may call any method.

    `real` counts real seconds: a rehearsal that runs faster does not make the watchdog faster.
    """

    def __init__(self, real: Callable[[], float], limits: Limits | None = None) -> None:
        """Begin to count; the first beat is owed within the limit."""
        self._real: Final = real
        self._limits: Final = limits or Limits()
        self._lock: Final = Lock()
        self._health = Health(beat=real())

    def beat(self) -> None:
        """Say that the loop goes round."""
        with self._lock:
            self._health = replace(self._health, beat=self._real())

    def turn_due(self, env: EnvName) -> None:
        """Say that a turn is due; one that is due already has been so since then."""
        with self._lock:
            self._health = replace(self._health, due={env: self._real(), **self._health.due})

    def turn_started(self, env: EnvName) -> None:
        """Say that a turn began; it counts from when it was due, if that was said."""
        self.turn_due(env)

    def turn_finished(self, env: EnvName) -> None:
        """Say that a turn ended, well or not."""
        with self._lock:
            due = {name: since for name, since in self._health.due.items() if name != env}
            self._health = replace(self._health, due=due)

    def store_ok(self, ok: bool) -> None:  # noqa: FBT001 - the outcome is the point
        """Say how the last reading or writing of the store went."""
        with self._lock:
            self._health = replace(self._health, store=ok)

    def source_ok(self, ok: bool) -> None:  # noqa: FBT001 - the outcome is the point
        """Say how the last poll went; once it was read, a source that is away leaves us ready."""
        with self._lock:
            self._health = replace(self._health, read=self._health.read or ok)

    def environments(self, names: Iterable[EnvName]) -> None:
        """Say which environments there are; what is not among them is forgotten."""
        with self._lock:
            known = self._health
            leases = {name: known.leases.get(name, False) for name in names}
            due = {name: since for name, since in known.due.items() if name in leases}
            self._health = replace(known, leases=leases, due=due)

    def lease(self, env: EnvName, held: bool) -> None:  # noqa: FBT001 - it is held or it is not
        """Say whether the lease of an environment is held here; without it, its turns are not ours to take."""
        with self._lock:
            known = self._health
            due = known.due if held else {name: since for name, since in known.due.items() if name != env}
            self._health = replace(known, leases={**known.leases, env: held}, due=due)

    def alive(self, now: float | None = None) -> Answer:
        """Answer a liveness probe: whether turns go on at `now` (real seconds; None: at once), else why not."""
        return self._health.alive(self._real() if now is None else now, self._limits)

    def ready(self, now: float | None = None) -> Answer:
        """Answer a readiness probe: whether specs, memory and a lease are there, else why not."""
        del now  # readiness has no clock; both probes are asked alike
        return self._health.ready()
