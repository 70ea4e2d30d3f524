"""A controller with people to tell: turns of a fake world on a real store, and notifiers that keep all."""

from dataclasses import dataclass, field
from datetime import timedelta

from controller.app.memory import codec
from controller.loop.asking import Asking
from controller.loop.deliver import Deliverer
from controller.loop.receiver import Receiver
from controller.model.message import Occasion, Route
from controller.stores.memory import MemoryBackend
from controller.stores.records import Records
from tests.world import FakeWorld

EVERY = frozenset(Occasion)


@dataclass
class Box:
    """A notifier: takes what it gets, after it has failed in the ways that it was told to."""

    got: list = field(default_factory=list)
    fails: list = field(default_factory=list)
    always: Exception | None = None
    threads: list = field(default_factory=list)

    def send(self, message, thread):
        error = self.fails.pop(0) if self.fails else self.always
        if error is not None:
            raise error
        self.got.append(message)
        self.threads.append(thread)
        return thread or (f"thread of {message.thread}" if message.thread else "")

    @property
    def told(self):
        return [message.transition for message in self.got]


@dataclass
class Heard:
    """What was counted."""

    counts: list = field(default_factory=list)
    waiting: dict = field(default_factory=dict)
    errors: list = field(default_factory=list)

    def sent(self, notifier, message):
        self.counts.append((notifier, "sent"))

    def failed(self, notifier, message, why):
        self.counts.append((notifier, "failed"))

    def died(self, notifier, message, why):
        self.counts.append((notifier, "dead"))

    def waits(self, notifier, since):
        self.waiting[notifier] = since

    def stumbled(self, notifier, error):
        self.errors.append(error)


class Life:
    """One life of a controller on a store; another one on the same items comes after a crash.

    `attach` gives one more backend over the same items, as another process would have.
    """

    def __init__(self, attach=None, world=None):
        backend = MemoryBackend()
        self.attach = attach or (lambda: backend)
        self.store = Records(self.attach(), codec())
        self.world = world or FakeWorld()
        self.world.store = self.store
        self.asking, self.heard = Asking(self.store), Heard()

    def ticks(self, count=1, minutes=3):
        for _ in range(count):
            cycle = self.world.tick(minutes)
            if cycle is not None:
                self.store.show(cycle.status)
                self.asking.watch(cycle)
        return self

    def deliverer(self, box, *, name="box", routes=None, begin=True, **how):
        routes = routes or (Route(notifier=name, occasions=EVERY),)
        receiver = Receiver(
            name=name,
            notifier=box,
            routes=routes,
            **{"digest": timedelta(hours=1), "give_up": timedelta(hours=1), **how},
        )
        made = Deliverer(receiver, self.store, lambda: self.world.now, lambda: 1.0, self.heard)
        if begin:
            made.begin()
        return made

    def state(self, name="box"):
        return self.store.deliveries()[name]

    def dies(self):
        """Nothing of the process is left but its store."""
        self.store.close()
        return Life(self.attach, self.world)
