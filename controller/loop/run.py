"""The loop: an agenda, a pool of turns, leases, and a watch on what changes outside."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from controller.errors import Conflict, PlatformError, Refusal
from controller.loop.agenda import Agenda
from controller.loop.crashes import Crashes
from controller.loop.lease import Leases
from controller.loop.reconcile import look_only, reconcile
from controller.loop.survey import Survey
from controller.loop.tell import tell
from controller.model.cycle import Cycle
from controller.model.decision import Action
from controller.model.desired import Desired
from controller.model.names import EnvName, TargetName
from controller.model.record import Record
from controller.ports import Gauges, Pulse, World

AGAIN: Final = timedelta(seconds=1)
STORE_AWAY: Final = timedelta(seconds=10)
UNDECIDED: Final = timedelta(seconds=10)
"""How long a target that nobody knows any more, and that is still on the agenda, is left alone."""
FIRST_PENALTY: Final = timedelta(seconds=5)
LONGEST_PENALTY: Final = timedelta(minutes=5)
NOTICE_SECONDS: Final = 0.5
STOP_SECONDS: Final = 7.0
"""How long turns may take to end; with what is let go after them, a stop takes less than ten seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often, in real seconds, the source is polled and leases are renewed; how many turns run at once.

    `speed` is how many seconds of the world's time pass in a real one.
    """

    poll: float
    renew: float
    workers: int = 8
    speed: float = 1.0


class Runner:
    """Keeps converging until it is told to stop."""

    def __init__(
        self,
        world: World,
        leases: Leases,
        rhythm: Rhythm,
        pulse: Pulse,
        gauges: Gauges,
        real: Callable[[], float],
        crashes: Crashes,
    ) -> None:
        self._world, self._leases, self._rhythm = world, leases, rhythm
        self._pulse, self._gauges, self._real, self._crashes = pulse, gauges, real, crashes
        self._agenda = Agenda()
        self._survey = Survey(world=world, agenda=self._agenda)
        self._wake, self._stop = threading.Event(), threading.Event()
        self._records: dict[EnvName, Record] = {}
        self._failures: dict[EnvName, int] = {}
        self._pool = ThreadPoolExecutor(max_workers=rhythm.workers + 1, thread_name_prefix="turn")
        self._running: set[Future[None]] = set()
        self._polling: Future[None] | None = None
        self._polled = self._noticed = self._renewed = float("-inf")
        self._is_store_away = False

    def stop(self) -> None:
        """Ask it to stop; what is being sent is finished, nothing more is begun."""
        self._stop.set()
        self._wake.set()

    def run(self) -> None:
        """Turn the handle until `stop`; returns when no turn is left, or after some seconds."""
        try:
            while not self._stop.is_set():
                self._pulse.beat()
                self._outside()
                self._begin_turns()
                self._rest()
        finally:
            self._wind_up()

    def _outside(self) -> None:
        real = self._real()
        if self._polling is None and real - self._polled >= self._rhythm.poll:
            self._polled = real
            self._polling = self._pool.submit(self._poll)
        if self._polling is not None and self._polling.done():
            self._polling = None
        if real - self._noticed >= NOTICE_SECONDS:
            self._noticed = real
            self._notice()

    def _poll(self) -> None:
        self._world.source.poll()
        self._noticed = float("-inf")
        self._wake.set()

    def _notice(self) -> None:
        try:
            environments = self._survey.environments()
            self._pulse.environments(environments)
            self._gauges.environments(environments)
            self._crashes.tell(environments)
            wrote = self._renew(environments)
            for env in sorted(environments):
                self._survey_one(env)
        except (PlatformError, Conflict) as error:
            self._store_away(error)
        except Exception as error:  # noqa: BLE001  whatever the outside says, the loop goes on
            self._gauges.loop_failed(error)
        else:
            if wrote or not self._is_store_away:  # a disk that is full can still be read
                self._is_store_away = False
                self._pulse.store_ok(ok=True)
            self._pulse.source_ok(ok=bool(self._world.source.environments()))

    def _survey_one(self, env: EnvName) -> None:
        """Notice what is new in one environment; one that cannot be surveyed hides no other."""
        if self._crashes.waits(env):
            return
        before = self._survey.readings.get(env)
        try:
            with self._crashes.looking(env):
                self._survey.look(env, self._world.now())
        except (PlatformError, Conflict):
            raise
        except Exception as error:  # noqa: BLE001  a poisoned environment stops no other
            self._gauges.turn_failed(env, error)
        reading = self._survey.readings.get(env)
        if reading is not before and isinstance(reading, Desired):
            self._gauges.places(frozenset(target.place for target in reading.targets.values()))

    def _renew(self, environments: frozenset[EnvName]) -> bool:
        """Renew leases when it is time; whether one was written. Raises PlatformError if one could not be."""
        real = self._real()
        due = real - self._renewed >= self._rhythm.renew
        self._renewed = real if due else self._renewed
        lacking = environments if due else {env for env in environments if not self._leases.holds(env)}
        for env in environments:
            held = self._leases.keep(env) if env in lacking else self._leases.holds(env)
            self._gauges.lease(env, held=held)
            self._pulse.lease(env, held=held)
        if lacking and self._leases.trouble is not None:
            raise self._leases.trouble
        return bool(lacking) or not environments

    def _store_away(self, error: Exception) -> None:
        self._is_store_away = True
        self._pulse.store_ok(ok=False)
        self._gauges.store_failed(error)

    def _begin_turns(self) -> None:
        now = self._world.now()
        self._gauges.queue(self._agenda.overdue(now))
        self._running = {future for future in self._running if not future.done()}
        for env, due in self._crashes.take(self._agenda, now, self._allowed()).items():
            self._pulse.turn_started(env)
            self._running.add(self._pool.submit(self._turn, env, due))

    def _allowed(self) -> tuple[EnvName, ...]:
        """Name the environments that may have turns: with the store away those that can at least be looked at."""
        return tuple(self._records) if self._is_store_away else self._leases.held()

    def _turn(self, env: EnvName, due: frozenset[TargetName]) -> None:
        try:
            self._crashes.begin(env)
            cycle = reconcile(env, due, self._world, partial(self._last_check, env))
        except Conflict:
            self._put_off(env, due, AGAIN)
        except PlatformError as error:
            self._store_away(error)
            self._put_off(env, due, STORE_AWAY)
            self._look_only(env, due)
        except Exception as error:  # noqa: BLE001  a poisoned environment stops no other
            self._poisoned(env, due, error)
        else:
            self._failures.pop(env, None)
            self._records[env] = cycle.after
            self._finish(env, due, cycle)
        finally:
            self._pulse.turn_finished(env)  # before the next that is suspected may begin
            self._crashes.end(env)
            self._agenda.done(env)
            self._wake.set()

    def _last_check(self, env: EnvName, action: Action) -> None:
        """Refuse just before the send what may no longer be sent."""
        if self._stop.is_set():
            raise Refusal(f"trueup is stopping; {env}/{action.target} is decided again after the start")
        if not self._leases.holds(env):
            raise Refusal(f"the lease of {env} is no longer ours")

    def _finish(self, env: EnvName, due: frozenset[TargetName], cycle: Cycle) -> None:
        for name, decision in cycle.plan.decisions.items():
            self._agenda.put(env, name, decision.again)
        self._put_off(env, due - cycle.plan.decisions.keys(), UNDECIDED)
        self._agenda.drop(env, cycle.plan.dropped)
        try:
            self._world.store.show(cycle.status)
        except (PlatformError, Conflict) as error:
            self._store_away(error)
        except Exception as error:  # noqa: BLE001  statuses are a view; the watchers are told all the same
            self._gauges.store_failed(error)
        tell(cycle, self._world, self._gauges)

    def _look_only(self, env: EnvName, due: frozenset[TargetName]) -> None:
        """Go on looking, and telling, while nothing may be changed because nothing can be written down."""
        record = self._records.get(env)
        if record is None:
            return
        try:
            tell(look_only(env, due, self._world, record), self._world, self._gauges)
        except Exception as error:  # noqa: BLE001  it was only a look
            self._gauges.turn_failed(env, error)

    def _poisoned(self, env: EnvName, due: frozenset[TargetName], error: Exception) -> None:
        failures = self._failures.get(env, 0)
        self._failures[env] = failures + 1
        self._put_off(env, due, min(FIRST_PENALTY * 2 ** min(failures, 10), LONGEST_PENALTY))
        self._gauges.turn_failed(env, error)

    def _put_off(self, env: EnvName, due: frozenset[TargetName], span: timedelta) -> None:
        at = self._world.now() + span
        for name in due:
            self._agenda.put(env, name, at)

    def _rest(self) -> None:
        """Wait until something is due, or something happened, but never longer than to the next notice."""
        due = self._agenda.next(self._crashes.free(self._allowed()))
        seconds = (due - self._world.now()).total_seconds() / self._rhythm.speed if due else NOTICE_SECONDS
        left = NOTICE_SECONDS - (self._real() - self._noticed)
        self._wake.wait(max(0.005, min(seconds, left)))
        self._wake.clear()

    def _wind_up(self) -> None:
        self._crashes.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait([turn for turn in self._running if not turn.cancelled()], timeout=STOP_SECONDS)
        self._leases.release()
