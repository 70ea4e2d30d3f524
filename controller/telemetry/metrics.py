"""The metrics of trueup: what the loop and the composition root tell, and what a scrape is answered."""

from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from typing import Final

from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from controller.model.cycle import Cycle
from controller.model.desired import Desired, Reading
from controller.model.gate import OnShut
from controller.model.names import EnvName, TargetName
from controller.plan.watching import newly_shut
from controller.telemetry.accept import OPENMETRICS, TEXT, takes_gzip, wants_openmetrics
from controller.telemetry.families import RESULTS
from controller.telemetry.series import AWS_RESULTS, OPERATIONS, REASONS, Series
from controller.telemetry.squeeze import gather, squeeze
from controller.telemetry.table import Table
from controller.telemetry.visible import LABEL, visible

_EOF: Final = b"# EOF\n"


class Metrics:
    """Every metric of this process. Any thread may call any method."""

    def __init__(self, *, version: str, operations: Iterable[str] = OPERATIONS) -> None:
        """Begin to count; `operations` are the AWS operations whose series exist before their first call."""
        self._series: Final = Series(version)
        self._table: Final = Table()
        self._operations: Final = tuple(operations)
        self._lock: Final = Lock()
        self._called: set[tuple[str, str, str]] = set()
        self._read: dict[EnvName, Reading] = {}

    # Each turn

    def watch(self, cycle: Cycle) -> None:
        """Take over one turn: a watcher. Raises ValueError for a rollout that ended in a way nobody knows."""
        env = cycle.plan.env
        self.environment_seen(env)
        for account, region in {(s.account, s.region) for s in cycle.status if s.account}:
            self.aws_seen(account, region)
        self._series.environments.turn(cycle)
        self._series.turns.labels(_label(env), "ok").inc()
        self._series.turn_seconds.labels(_label(env)).observe(cycle.seconds)
        self._table.show(cycle.status)
        # Which targets there are changes with the spec and the record alone, and few of thousands are looked at.
        if cycle.after is not cycle.before or self._read.get(env) is not cycle.desired:
            self._table.keep(env, _staying(cycle))
            self._read[env] = cycle.desired
        self._count_guards(env, cycle)
        self._count_rollouts(env, cycle)

    def turn_failed(self, env: EnvName) -> None:
        """Count a turn that raised."""
        self.environment_seen(env)
        self._series.turns.labels(_label(env), "error").inc()

    def crashed(self, env: EnvName, crashes: int) -> None:
        """Say in how many turns in a row of an environment a process died; 0 when one has ended."""
        self.environment_seen(env)
        self._series.environments.crash(env, crashes)

    # What comes and goes

    def environment_seen(self, env: EnvName) -> None:
        """Make the series of an environment, once."""
        if env not in self._series.environments and self._series.environments.seen(env):
            self._series.begin_environment(env)

    def environment_left(self, env: EnvName) -> None:
        """Drop the series of an environment and of its targets."""
        self._series.environments.left(env)
        self._read.pop(env, None)
        self._series.end_environment(env)
        self._table.keep(env, ())

    def source_seen(self, source: str) -> None:
        """Make the series of a source; a URL may not carry credentials here."""
        self._series.begin_source(_label(source))

    def watcher_seen(self, name: str) -> None:
        """Make the series of a watcher."""
        self._series.watcher_errors.labels(_label(name))

    def aws_seen(self, account: str, region: str) -> None:
        """Make the series of every operation that may be called in one account and region."""
        for operation in self._operations:
            self._operation_seen(account, region, operation)

    # What happened

    def polled(self, source: str, ok: bool, at: datetime) -> None:  # noqa: FBT001 - the outcome is the point
        """Count a poll of a source, and note when it last succeeded."""
        self.source_seen(source)
        self._series.polls.labels(_label(source), "ok" if ok else "error").inc()
        if ok:
            self._series.polled_at.labels(_label(source)).set(at.timestamp())

    def aws_call(self, account: str, region: str, operation: str, result: str) -> None:
        """Count one call as it was answered (ok, throttled, denied, refused, else failed), tries again included."""
        self._operation_seen(account, region, operation)
        known = result if result in AWS_RESULTS else "failed"
        self._series.aws_calls.labels(_label(account), _label(region), _label(operation), known).inc()
        if result == "throttled":
            self._series.aws_throttles.labels(_label(account), _label(region), _label(operation)).inc()

    def queue(self, depth: int) -> None:
        """Say how many targets are due and wait."""
        self._series.queue.set(depth)

    def lease(self, env: EnvName, held: bool) -> None:  # noqa: FBT001 - it is held or it is not
        """Say whether the lease of an environment is held here."""
        self.environment_seen(env)
        self._series.environments.hold(env, held=held)

    def watcher_failed(self, name: str) -> None:
        """Count a watcher that raised."""
        self._series.watcher_errors.labels(_label(name)).inc()

    def notifier_seen(self, name: str) -> None:
        """Make the series of a notifier."""
        self._series.begin_notifier(_label(name))

    def notified(self, name: str, result: str) -> None:
        """Count a message of a notifier: sent, failed (it is tried again) or dead."""
        self._series.notifications.labels(_label(name), result).inc()

    def notifier_waits(self, name: str, since: datetime | None) -> None:
        """Say since when the oldest message of a notifier waits; None: none does."""
        self._series.notifier_waits.labels(_label(name)).set(since.timestamp() if since else 0)

    def store_failed(self) -> None:
        """Count a store that could not be read or written."""
        self._series.store_errors.inc()

    # What is asked

    def scrape(self, accept: str = "", accept_encoding: str = "") -> tuple[bytes, dict[str, str]]:
        """Write everything in the form that these request headers ask for; gives the body and its headers."""
        openmetrics = wants_openmetrics(accept)
        headers = {"Content-Type": OPENMETRICS if openmetrics else TEXT, "Vary": "Accept, Accept-Encoding"}
        head, tail = self._head(openmetrics=openmetrics), _EOF if openmetrics else b""
        if not takes_gzip(accept_encoding):
            return b"".join((head, self._table.text(openmetrics=openmetrics), tail)), headers
        parts = (squeeze(head), *self._table.parts(openmetrics=openmetrics), squeeze(tail))
        return gather(parts), {**headers, "Content-Encoding": "gzip"}

    def _head(self, *, openmetrics: bool) -> bytes:
        registry = self._series.registry
        if not openmetrics:
            return generate_latest(registry)
        written: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]  # the library says no types here
        return written.removesuffix(_EOF)

    def _operation_seen(self, account: str, region: str, operation: str) -> None:
        key = (account, region, operation)
        with self._lock:
            new = key not in self._called
            self._called.add(key)
        if new:
            self._series.begin_operation(_label(account), _label(region), _label(operation))

    def _count_guards(self, env: EnvName, cycle: Cycle) -> None:
        for target, decision in cycle.plan.decisions.items():
            before = cycle.before.targets.get(target)
            for _, guard, _ in newly_shut(before, decision.memory) if before else ():
                does = f"would_{guard.action}" if guard.shadow and guard.action is not OnShut.WARN else guard.action
                self._series.guards.labels(_label(env), str(does)).inc()

    def _count_rollouts(self, env: EnvName, cycle: Cycle) -> None:
        unknown = []
        for target, decision in cycle.plan.decisions.items():
            result, _, reason = decision.ended.partition(":")
            if result in RESULTS:
                self._count_rollout(cycle, env, target, result, reason or "none")
            elif result:
                unknown.append(f"{env}/{target}: {result}")
        if unknown:
            raise ValueError(f"a rollout ended in a way that has no name: {', '.join(unknown)}")

    def _count_rollout(self, cycle: Cycle, env: EnvName, target: TargetName, result: str, reason: str) -> None:
        known = reason if reason in REASONS else "other"
        self._series.rollouts.labels(_label(env), result, known).inc()
        self._table.count((env, target), result)
        memory = cycle.before.targets.get(target)
        if memory is not None and memory.rollout is not None:
            seconds = (cycle.now - memory.rollout.opened).total_seconds()
            self._series.rollout_seconds.labels(_label(env), result).observe(seconds)


def _staying(cycle: Cycle) -> set[TargetName]:
    """Name the targets whose series stay: those told of now, and those that are only not due."""
    told = {status.target for status in cycle.status}
    wanted = cycle.desired.targets if isinstance(cycle.desired, Desired) else None
    resting = {
        name
        for name, memory in cycle.after.targets.items()
        if wanted is None or name in wanted or memory.rollout is not None
    }
    return (told | resting) - cycle.plan.dropped


def _label(text: str) -> str:
    return visible(text, LABEL)
