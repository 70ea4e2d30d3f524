"""`run`: the controller as a process, from its options to its exit code."""

import os
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, cast

from controller.app.audit import open_for_run
from controller.app.crashes import crashes_of
from controller.app.cycles import SaveCycles
from controller.app.notifiers import check_notifiers, telling_of
from controller.app.people import people_of
from controller.app.policy import policy_of
from controller.app.specs import source
from controller.app.world import Built, build, clock_of, visiting
from controller.codes import BLOCKED, DONE, NEGATIVE, UNREACHABLE, worst
from controller.errors import Conflict, PlatformError, Refusal, SpecError
from controller.loop.lease import Leases
from controller.loop.reconcile import look_only, preview, reconcile
from controller.loop.run import Rhythm, Runner
from controller.loop.survey import tells
from controller.loop.tell import name_of, tell
from controller.model.decision import Action
from controller.model.desired import GONE, Unread
from controller.model.names import EnvName
from controller.model.place import Place
from controller.model.rollout import MOVING, Phase
from controller.plan.remember import intend
from controller.plan.transitions import Move
from controller.plan.wanted import names_of
from controller.sources.keyring import read_keys
from controller.sources.specs import SpecSource
from controller.stores.open import lock_store
from controller.telemetry.decisions import LogDecisions
from controller.telemetry.logs import logger, set_up
from controller.telemetry.metrics import Metrics
from controller.web.health import Pulse
from controller.web.server import Server, application

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.loop.crashes import Crashes
    from controller.model.cycle import Cycle
    from controller.options import Options
    from controller.targets.ecs.client import OnCall

_ANY: Final = EnvName("any")
"""A name to ask the source by: what keeps it from being read is the same for every environment."""


class PolledSource:
    """A source whose polls are counted."""

    def __init__(self, source: SpecSource, metrics: Metrics, now: "Callable[[], datetime]") -> None:
        self._source, self._metrics, self._now = source, metrics, now
        self.environments, self.read = source.environments, source.read
        metrics.source_seen(source.name)

    def poll(self) -> None:
        """Poll, and count how it went."""
        self._source.poll()
        self._metrics.polled(self._source.name, self._source.is_fresh, self._now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Counts and logs what the loop meets that is not in a Cycle."""

    metrics: Metrics
    known: set[EnvName] = field(default_factory=set)

    def environments(self, names: frozenset[EnvName]) -> None:
        """Say which environments there are; what is counted of others is dropped."""
        for name in self.known - names:
            self.metrics.environment_left(name)
        for name in names - self.known:
            self.metrics.environment_seen(name)
        self.known.clear()
        self.known.update(names)

    def places(self, places: frozenset[Place]) -> None:
        """Say where targets live, before anything is called there: a first call that is denied counts from 0."""
        for account, region in {(place.account, place.region) for place in places}:
            self.metrics.aws_seen(account, region)

    def loop_failed(self, error: Exception) -> None:
        """Say that the loop itself met something it did not expect, and goes on."""
        logger().error("the loop stumbled", error=f"{type(error).__name__}: {error}", exc_info=error)

    def queue(self, depth: int) -> None:
        """Say how many targets are due and wait."""
        self.metrics.queue(depth)

    def lease(self, env: EnvName, *, held: bool) -> None:
        """Say whether an environment is ours."""
        self.metrics.lease(env, held)

    def turn_failed(self, env: EnvName, error: Exception) -> None:
        """Count a turn that raised, and say why."""
        self.metrics.turn_failed(env)
        logger().error("turn failed", environment=env, error=f"{type(error).__name__}: {error}", exc_info=error)

    def watcher_failed(self, watcher: str, error: Exception) -> None:
        """Count a watcher that raised."""
        self.metrics.watcher_failed(watcher)
        logger().error("watcher failed", watcher=watcher, error=f"{type(error).__name__}: {error}")

    def store_failed(self, error: Exception) -> None:
        """Count a store that is away."""
        self.metrics.store_failed()
        logger().warning("store is away: nothing is changed until it is back", error=str(error))


def run(options: "Options") -> int:
    """Keep converging until SIGTERM or SIGINT; with `once`, one turn for each environment. Gives the exit code.

    What may be refused (an address, a port, a store, who is who) is refused before anything is made.
    """
    _refuse_what_is_wrong(options)
    clock = clock_of(options)
    set_up(
        form=options.log_form(tty=sys.stderr.isatty()).value,
        level=options.log_level.value,
        now=clock.now,
        secrets=options.secrets,
    )
    metrics, pulse, stop = Metrics(version=version("trueup")), Pulse(clock.real), threading.Event()
    with ExitStack() as ending:
        specs = source(options, clock, acts=True)
        watchers = _watchers(options, metrics)
        server = None if options.once else _server(options, metrics, pulse)
        if server is not None:
            ending.callback(server.stop)
        lock = lock_store(options.store, clock.now())
        if lock is not None:
            ending.callback(lock.release)
        store = open_for_run(options.store)
        on_call = cast("OnCall", metrics.aws_call)
        built = build(options, store, clock, specs=specs, on_call=on_call, stop=stop, watchers=watchers)
        ending.callback(built.close)
        built, telling = telling_of(options, built, metrics, ending, stop)
        owner = f"{socket.gethostname()}:{os.getpid()}:{clock.now():%Y%m%dT%H%M%S}"
        leases = Leases(store, owner, options.lease.total_seconds(), clock.real, alone=lock is not None)
        ending.callback(leases.release)
        if server is None:
            return telling.drained(_once(built, leases, Reporter(metrics=metrics), options))
        crashes = crashes_of(options.store, metrics, clock.real, ending)
        runner = _runner(options, built, leases, metrics, pulse, crashes)
        server.start()
        logger().info("trueup began", listen=server.url, repo=options.repo, store=options.store)
        _until_asked_to_stop(runner, stop)
    logger().info("stopped")
    return DONE


def _refuse_what_is_wrong(options: "Options") -> None:
    if options.read_role:
        raise SpecError("TRUEUP_READ_ROLE is for commands that only read; run comes as the specs' roles: unset it")
    if options.people:
        people_of(options.people)
    if options.policy:
        policy_of(options.policy)
    if options.signers:
        read_keys(options.signers)
    check_notifiers(options)


def _server(options: "Options", metrics: Metrics, pulse: Pulse) -> Server:
    app = application(scrape=metrics.scrape, alive=pulse.alive, ready=pulse.ready, version=version("trueup"))
    return Server(app, host=options.listen.host, port=options.listen.port)


def _watchers(options: "Options", metrics: Metrics) -> "tuple[Callable[[Cycle], None], ...]":
    saving = (SaveCycles(options.save_cycles),) if options.save_cycles else ()
    watchers = (LogDecisions(logger()), metrics.watch, *saving)
    for watcher in watchers:
        metrics.watcher_seen(name_of(watcher))
    return watchers


def _runner(
    options: "Options", built: Built, leases: Leases, metrics: Metrics, pulse: Pulse, crashes: "Crashes"
) -> Runner:
    clock = built.clock
    rhythm = Rhythm(
        poll=options.poll.total_seconds(),
        renew=options.lease.total_seconds() / 6,
        workers=options.workers,
        speed=clock.speed,
    )
    world = replace(built.world, source=PolledSource(built.source, metrics, clock.now))
    return Runner(world, leases, rhythm, pulse, Reporter(metrics=metrics), clock.real, crashes)


def _until_asked_to_stop(runner: Runner, stop: threading.Event) -> None:
    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        del frame
        logger().info("stopping", signal=signal.Signals(number).name)
        stop.set()
        runner.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    runner.run()


def _once(built: Built, leases: Leases, reporter: Reporter, options: "Options") -> int:
    """Make one turn for each environment; what is left to do is told by the exit code."""
    built.source.poll()
    environments = sorted(built.source.environments() | built.store.environments())
    if not environments:
        logger().error("no environment could be read", why=_why_none(built, options))
        return UNREACHABLE
    return worst(_turn_once(env, built, leases, reporter) for env in environments)


def _turn_once(env: EnvName, built: Built, leases: Leases, reporter: Reporter) -> int:
    def still_ours(action: Action) -> None:
        if not leases.holds(env):
            raise Refusal(f"the lease of {env} is no longer ours; {action.target} is decided again next time")

    if not leases.keep(env):
        logger().warning("another trueup holds the lease", environment=env)
        return BLOCKED
    try:
        cycle = reconcile(env, None, built.world, still_ours)
    except Conflict as conflict:
        logger().warning("somebody else saved first", environment=env, error=str(conflict))
        return BLOCKED
    built.store.show(cycle.status)
    if tells(cycle.desired):
        built.store.withdraw(env, names_of(cycle.desired, cycle.after))
    tell(cycle, built.world, reporter)
    return code_of(cycle)


def code_of(cycle: "Cycle") -> int:
    """Say what is left after a turn: 0 nothing, 1 it acted or moves or failed, 4 only what is blocked, 5 unread."""
    if isinstance(cycle.desired, Unread) and not cycle.plan.decisions:
        return DONE if cycle.desired.reason == GONE else UNREACHABLE  # gone, with nothing left that is remembered
    decisions = cycle.plan.decisions.values()
    if cycle.outcomes or any(d.memory.phase in MOVING for d in decisions):
        return NEGATIVE
    if not all(status.seen for status in cycle.status):
        return UNREACHABLE
    return BLOCKED if any(d.blockers or d.memory.phase is Phase.STALLED for d in decisions) else DONE


def previews(options: "Options", env: str | None) -> "list[Cycle]":
    """Decide as turns would, for one environment or all, and change nothing."""
    built = visiting(options)
    try:
        built.source.poll()
        found = sorted(built.source.environments() | built.store.environments())
        if not found:
            raise PlatformError(_why_none(built, options))
        if env is not None and EnvName(env) not in found:
            if unread := _unread(EnvName(env), built):
                raise PlatformError(f"whether there is an environment {env!r} is not known: {unread}")
            raise SpecError(f"no environment {env!r}; there are: {', '.join(found)}")
        return [_preview(name, built) for name in found if env in {None, name}]
    finally:
        built.close()


def _preview(env: EnvName, built: Built) -> "Cycle":
    """Decide one turn; what is met for the first time is adopted in it, so decide the one after that as well."""
    cycle = preview(env, built.world)
    if not any(decision.move == Move.ADOPT.value for decision in cycle.plan.decisions.values()):
        return cycle
    return look_only(env, None, built.world, intend(cycle.before, cycle.plan, cycle.desired))


def _unread(env: EnvName, built: Built) -> str:
    """Say why nothing is known of an environment; empty if the source was read, and does not have it."""
    reading = built.source.read(env, None)
    return reading.why if isinstance(reading, Unread) and reading.reason != GONE else ""


def _why_none(built: Built, options: "Options") -> str:
    """Say why there is no environment at all."""
    unread = built.source.why or _unread(_ANY, built)
    if unread:
        return unread
    folder = Path(options.repo, options.path)
    if built.source.name == "folder" and not folder.is_dir():
        return f"there is no folder {folder}, and {options.repo} itself holds no environment"
    where = f"the folder {options.path}" if options.path else "the repository"
    return f"{where} holds no environment: neither <name>.yaml nor <name>/environment.yaml"
