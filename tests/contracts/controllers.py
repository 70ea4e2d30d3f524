"""Controllers as several processes would run them: each with a handle of the store and a lease of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event
from types import SimpleNamespace
from typing import Final

import pytest

from controller.loop.lease import Leases
from controller.loop.run import Runner
from controller.model.decision import Action
from controller.model.observation import Live
from controller.model.orders import Orders, TargetOrders
from controller.model.outcome import Outcome
from controller.model.record import Memory
from controller.model.rollout import Expect
from controller.model.story import Event as Told
from controller.ports import Store
from tests.contracts.made import API, an_entry
from tests.platform import FakePlatform, Made, place
from tests.strategies import Lamp
from tests.world import ENV, Crash, FakeWorld

LEASE: Final = 30.0
"""How long a lease is good for, in seconds; its holder believes in it for two thirds of that."""

# The moments of a turn that sends something, as `FakeWorld.effect` counts them.
SAVING, SAVED, SENDING, ANSWERED, LEARNING, LEARNT = range(1, 7)


@dataclass
class Controller(FakeWorld):
    """One process; `sent_late` is the call that was in its hands when it died."""

    bench: "Bench" = None
    leases: Leases = None
    dies_with_it: bool = False
    sent_late: Action | None = None

    def when(self, moment: int, happens: Callable[[], object]) -> None:
        """Let something happen at a moment of the turn that comes."""
        self.at_effect[self.effects + moment] = happens

    def dies(self, moment: int) -> None:
        """Have a turn, and die in it."""

        def crash():
            raise Crash

        self.when(moment, crash)
        with pytest.raises(Crash):
            self.turn()

    def dies_with_the_call_in_its_hands(self) -> None:
        """Have a turn, pass the last check, and die: the call may still arrive."""
        self.dies_with_it = True
        with pytest.raises(Crash):
            self.turn()

    def turn(self, *due):
        """Have a turn, as a running controller does: only with the lease."""
        return super().turn(*due) if self.leases.keep(ENV) else None

    def last_check(self, action):
        Runner._last_check(SimpleNamespace(_stop=Event(), _leases=self.leases), ENV, action)

    def act(self, action: Action, check) -> Outcome:
        """Let the platform act; what everybody could read just before the send is kept."""

        def checked():
            check()
            self.left.append((action, self.bench.memory))
            if self.dies_with_it:
                self.sent_late = action
                raise Crash

        return self.platform.act(action, checked)

    def lives(self, minutes: int, every: int = 3) -> None:
        """Have turns for a while."""
        for _ in range(minutes // every):
            self.bench.passes(every * 60)
            self.turn()


@dataclass
class Bench:
    """What processes share: the platform, the time, the spec; and a handle of the store to look through."""

    opened: Callable[[], Store]
    platform: FakePlatform = field(default_factory=FakePlatform)
    versions: dict = field(default_factory=lambda: {"api": "1"})
    terms: dict = field(default_factory=lambda: {"guards": (Lamp(name="5xx"),)})
    steady: float = 1000.0
    controllers: list = field(default_factory=list)

    def __post_init__(self):
        self.reader = self.opened()

    def controller(self, *, alone: bool = False) -> Controller:
        """Start a process; `alone` if a lock proves all others dead."""
        store, owner = self.opened(), f"process-{len(self.controllers)}"
        leases = Leases(store, owner, LEASE, lambda: self.steady, alone=alone)
        shared = {"platform": self.platform, "versions": self.versions, "terms": self.terms, "now": self.now}
        self.controllers.append(Controller(store=store, leases=leases, bench=self, **shared))
        return self.controllers[-1]

    def restart(self, controller: Controller) -> Controller:
        """End a process, and start another over what it left in the store."""
        controller.store.close()
        return self.controller(alone=True)

    def successor(self) -> Controller:
        """Start a second process, which watches the lease of the first until it has run out."""
        second = self.controller()
        assert not second.leases.keep(ENV)
        self.passes(LEASE + 1)
        assert second.leases.keep(ENV)
        return second

    # --- time
    @property
    def now(self) -> datetime:
        return self.platform.time

    def passes(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self.steady += seconds
        self.wall(seconds)
        self.platform.advance()

    def wall(self, seconds: float) -> None:
        """Move the clock on the wall only: nothing else has taken longer."""
        self.platform.time += timedelta(seconds=seconds)
        for controller in self.controllers:
            controller.now = self.platform.time

    def until(self, at: datetime) -> None:
        self.passes((at - self.now).total_seconds())

    # --- what is so
    @property
    def memory(self) -> Memory:
        """What a process that had no part in it reads from the store."""
        return self.reader.load(ENV).targets.get(API, Memory(place=place()))

    @property
    def primary(self) -> Made:
        return self.platform.service("api").primary

    @property
    def running(self) -> Expect:
        return Expect(deployment=self.primary.id, revision=self.primary.revision)

    @property
    def calls(self) -> list[Action]:
        return self.platform.calls

    def texts(self, event) -> list:
        return [entry.text for entry in self.reader.journal(env=ENV) if entry.event is event]

    # --- reads
    def shows(self, live: Live, **otherwise) -> None:
        """Let every read show this from now on, with something in it perhaps as it is at that moment."""
        self.platform.look_at = lambda _name: replace(live, **{k: give() for k, give in otherwise.items()})

    def shows_all(self) -> None:
        """Let reads show what is so again."""
        del self.platform.look_at

    # --- people
    def order(self, **orders) -> int:
        """Write orders for the target, as a command does in a process of its own; gives their number."""
        given = []

        def change(before: Orders, number: int) -> Orders:
            given.append(number)
            mine = before.targets.get(API, TargetOrders())
            wanted = {name: one(number) if callable(one) else one for name, one in orders.items()}
            return replace(before, targets={**before.targets, API: replace(mine, **wanted)})

        self.reader.order(ENV, change, replace(an_entry("ordered"), event=Told.ORDER))
        return given[-1]
