"""All notifiers at work, each in a thread of its own: none waits for another, and no turn for any of them."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from controller.loop.deliver import Deliverer
from controller.loop.receiver import Heard, Receiver
from controller.model.cycle import Cycle
from controller.ports import Store


class Bell:
    """Wakes every notifier when a turn has changed something. A watcher of turns."""

    def __init__(
        self,
        receivers: Sequence[Receiver],
        store: Store,
        now: Callable[[], datetime],
        chance: Callable[[], float],
        heard: Heard,
    ) -> None:
        self._stop = threading.Event()
        self._store, self._names = store, frozenset(one.name for one in receivers)
        self._workers = [
            _Worker(one.name, Deliverer(one, store, now, chance, heard, self._stop.is_set), self._stop)
            for one in receivers
        ]

    def begin(self) -> None:
        """Let each notifier that is new start where the journal ends, and forget those that there are no more."""
        for name, delivery in self._store.deliveries().items():
            if name not in self._names:
                self._store.deliver(name, delivery, None)
        for worker in self._workers:
            worker.deliverer.begin()

    def start(self) -> None:
        """Start the threads; one that hangs keeps no process from ending."""
        for worker in self._workers:
            worker.thread.start()

    def watch(self, cycle: Cycle) -> None:
        """Say that there may be something new."""
        if cycle.after is not cycle.before or cycle.outcomes:
            self.ring()

    def ring(self) -> None:
        """Wake everybody who is not waiting before another try."""
        for worker in self._workers:
            worker.wake.set()

    def drain(self, seconds: float) -> bool:
        """Start, and wait until all that there is has been sent, but no longer than so many seconds together."""
        self.start()
        end = threading.Event()
        timer = threading.Timer(seconds, end.set)
        timer.daemon = True
        timer.start()
        try:
            while not end.is_set() and not all(worker.is_done.is_set() for worker in self._workers):
                end.wait(0.02)
        finally:
            timer.cancel()
        return all(worker.is_done.is_set() for worker in self._workers)

    def stop(self, seconds: float = 2.0) -> None:
        """Let what is being sent end, within so many seconds; what is not noted as sent is sent again."""
        self._stop.set()
        self.ring()
        for worker in self._workers:
            if worker.thread.is_alive():
                worker.thread.join(seconds / len(self._workers))


class _Worker:
    """One notifier's thread."""

    def __init__(self, name: str, deliverer: Deliverer, stop: threading.Event) -> None:
        self.deliverer, self._stop = deliverer, stop
        self.wake, self.is_done = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"notifier {name}", daemon=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.wake.clear()
            seconds, done = self.deliverer.step()
            if done:
                self.is_done.set()
                self.wake.wait(seconds)
            else:
                self._stop.wait(seconds)
