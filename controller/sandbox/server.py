"""The sandbox as a server: `Sandbox` for tests and programs, `serve` for the command line."""

import random
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Self

from controller.sandbox import admin, alarm_history, border, logs, oneoff, policies, scaling, scheduler, seed
from controller.sandbox.calls import CHANGING
from controller.sandbox.clock import Clock
from controller.sandbox.dispatch import Desk
from controller.sandbox.door import Door, Reply, Routes
from controller.sandbox.faults import changed
from controller.sandbox.native import Refused
from controller.sandbox.pace import Pace
from controller.sandbox.registry import Registry
from controller.sandbox.seed import Seed
from controller.sandbox.trail import LOOKUP, Caller
from controller.sandbox.wire import Asked
from controller.sandbox.world import World

_STEP = 1.0  # simulated seconds
_TICKS = 50  # a real second, at most
_MOST_STEPS = 3600  # in one go; what the machine slept beyond that is skipped
_TIDY = 60.0  # simulated seconds between two looks for what is old enough to forget
_ONE = threading.Lock()


class Sandbox:
    """The embedded ECS on an HTTP port. One at a time in a process, because moto's state is the process's.

    `speed` is simulated seconds a real second; 0 stands still until `tick`. `start` is the real instant at which
    simulated and real time are equal, in seconds of the epoch; by default when the sandbox is made.
    """

    def __init__(
        self,
        *,
        listen: str = "127.0.0.1:0",
        speed: float = 1.0,
        start: float | None = None,
        pace: Pace | None = None,
        faults: Mapping[str, object] | None = None,
    ) -> None:
        clock = Clock(start, speed)
        # Ids repeat in a sandbox moved by hand, so that a test sees the same ones each time; else they are new.
        chance = random.Random(1 if speed == 0 else None)  # noqa: S311 - ids, not secrets
        self.world = World(clock=clock, pace=pace or Pace(), ringing=border.ringing, chance=chance)
        self.desk = Desk(world=self.world, catch_up=self._advance)
        self.seeds: tuple[Seed, ...] = ()
        self._listen = listen
        self._door: Door | None = None
        self._undo: list[Callable[[], None]] = []
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None
        self._stepped = self._tidied = clock.now()
        self._accounts: dict[str, str] = {}
        self.set_faults(faults or {})

    @property
    def clock(self) -> Clock:
        """The sandbox's time."""
        return self.world.clock

    @property
    def endpoint_url(self) -> str:
        """Where AWS clients are pointed at; RuntimeError before `start`."""
        if self._door is None:
            raise RuntimeError("the sandbox is not started")
        host, port = self._door.host, self._door.port
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> Self:
        """Listen and serve. OSError: the address can't be had. RuntimeError: another one runs in this process."""
        if not _ONE.acquire(blocking=False):
            raise RuntimeError("a sandbox already runs in this process; moto's state can't be shared")
        try:
            self._open()
        except BaseException:
            _ONE.release()
            raise
        return self

    def _open(self) -> None:
        host, _, port = self._listen.rpartition(":")
        border.reset()
        routes = Routes(
            ecs=self._serve,
            ecr=self._registry,
            images=self.desk.images,
            admin=lambda method, path, body: admin.serve(self, method, path, body),
            other=self._other,
            moto=border.application(),
            heard=self._heard,
            own={LOOKUP: self._lookup, logs.GET: self._logs},
        )
        self._door = Door(host.strip("[]") or "127.0.0.1", int(port), routes)
        self._undo = [border.follow(self.clock.now), alarm_history.install(), scaling.install(self.world)]
        self._door.open()
        if self.clock.speed:
            self._ticker = threading.Thread(target=self._run, name="sandbox-ticker", daemon=True)
            self._ticker.start()

    def stop(self) -> None:
        """Close the port, end the threads, put moto back as it was. Stopping twice is nothing."""
        if self._door is None:
            return
        self._stop.set()
        if self._ticker is not None:
            self._ticker.join()
        self._door.close()
        self._door = None
        for undo in self._undo:
            undo()
        border.reset()
        _ONE.release()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _serve(self, operation: str, access_key: str, region: str, body: bytes) -> Reply:
        return self.desk.serve(operation, self._account(access_key), region, body)

    def _registry(self, operation: str, access_key: str, region: str, body: bytes) -> Reply | None:
        return self.desk.registry(operation, (self._account(access_key), region), self.endpoint_url, body)

    def _account(self, access_key: str) -> str:
        account = self._accounts.get(access_key)
        if account is None:
            account = border.account_of(access_key)
            if account != border.default_account():
                self._accounts[access_key] = account  # a key never changes its account
        return account

    def _heard(self, operation: str, access_key: str, region: str, body: bytes, reply: Reply, agent: str) -> None:
        if operation in CHANGING:
            account = self._account(access_key)
            arn = border.principal_of(access_key, account)
            caller = Caller(account=account, arn=arn, access_key=access_key, agent=agent)
            self.desk.trail.note(operation, caller, region, self.clock.now(), body, reply)

    def _lookup(self, access_key: str, region: str, body: bytes) -> Reply:
        seen_until = self.clock.now() - self.desk.faults.trail_lag
        return self.desk.trail.lookup(self._account(access_key), region, body, seen_until)

    def _logs(self, access_key: str, region: str, body: bytes) -> Reply:
        return self.desk.logs(self._account(access_key), region, body)

    def _other(self, request: Asked) -> Reply | None:
        reply = self.desk.other(request)
        if reply is None and request.operation == policies.SIMULATE:
            return policies.simulate(border.account_of(request.access_key), request.form)
        return reply

    def seed(self, seeds: Iterable[Seed]) -> None:
        """Make what the seeds describe, each service steady. Refused, and nothing made: what AWS would not take."""
        chosen = tuple(seeds)
        for one in chosen:
            seed.check(one)
        with self.world.lock:
            for one in chosen:
                for name in seed.alarms_of(one):
                    border.make_alarm(one.account, one.region, name)
                seed.plant(self.world, one)
                self.seeds = (*self.seeds, one)
            self.desk.past.record(self.world)

    def set_faults(self, document: Mapping[str, object]) -> None:
        """Set the switches that the document names; ValueError, and nothing changed, if it is wrong."""
        with self.world.lock:
            before = self.desk.faults
            self.desk.faults = faults = changed(before, document)
            if faults.trouble != self.world.trouble:
                self.world.trouble = faults.trouble
                for _, service in self.world.services():
                    service.moving = True
            if faults.lag != before.lag:
                self.desk.past.set(faults.lag, self.world)

    def reset(self, *, world: bool = False) -> None:
        """Forget faults and calls; with `world` also everything in ECS, and plant the seeds again."""
        with self.world.lock:
            self.desk.clear()
            self.set_faults({})
            if world:
                self.world.regions.clear()
                self.world.registry = Registry()
                seeds, self.seeds = self.seeds, ()
                for one in seeds:
                    for name in seed.alarms_of(one):
                        border.quiet(one.account, one.region, name)
                self.seed(seeds)

    def about(self) -> dict[str, object]:
        """Say what somebody has to know to use it: endpoint, accounts, clusters and the controller's clock."""
        with self.world.lock:
            regions = [region for region in self.world.regions.values() if region.clusters]
            return {
                "endpoint": self.endpoint_url,
                "accounts": sorted({region.account for region in regions}),
                "clusters": sorted(cluster.arn for region in regions for cluster in region.clusters.values()),
                "clock": self.clock.setting(),
            }

    def tick(self, seconds: float = 1.0) -> None:
        """Move a sandbox of speed 0 on by simulated seconds, in steps of one; ValueError otherwise."""
        with self.world.lock:
            remaining = seconds
            while remaining > 0:
                self.clock.advance(min(_STEP, remaining))
                remaining -= _STEP
                self._advance()

    def _run(self) -> None:
        pause = max(1.0 / _TICKS, min(0.25, _STEP / self.clock.speed))
        while not self._stop.wait(pause):
            with self.world.lock:
                self._advance()

    def _advance(self) -> None:
        """Step every service up to the clock, a simulated second at a time."""
        now = self.clock.now()
        self._stepped = max(self._stepped, now - _MOST_STEPS * _STEP)
        try:
            while self._stepped + _STEP <= now + 1e-6:
                self.world.at = self._stepped = self._stepped + _STEP
                for region, service in self.world.services():
                    scheduler.step(self.world, region, service, self._stepped)
                oneoff.step(self.world, self._stepped)
                self.desk.past.record(self.world)
                if self._stepped >= self._tidied + _TIDY:
                    self._tidy()
        finally:
            self.world.at = None

    def _tidy(self) -> None:
        self._tidied = self._stepped
        for region in self.world.regions.values():
            oneoff.forget_old(region, self._stepped)


def serve(
    listen: str,
    seeds: Iterable[Seed],
    speed: float,
    start: float | None,
    faults: Mapping[str, object],
    ready: Callable[[Mapping[str, object]], None],
    stop: threading.Event,
) -> None:
    """Run a sandbox until `stop` is set; `ready` is told endpoint, accounts, clusters and clock once it serves.

    OSError: the address can't be had. ValueError: a fault or the speed is wrong. Refused: a seed AWS would refuse.
    """
    with Sandbox(listen=listen, speed=speed, start=start, faults=faults) as sandbox:
        sandbox.seed(seeds)
        ready(sandbox.about())
        stop.wait()


__all__ = ["Pace", "Refused", "Sandbox", "Seed", "serve"]
