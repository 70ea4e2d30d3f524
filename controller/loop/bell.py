"""All who tell people at work, each in a thread of its own: none waits for another, and no turn for any of them."""

import threading
from collections.abc import Mapping
from typing import Protocol

from controller.model.cycle import Cycle


class Works(Protocol):
    """Somebody who deals with what is new in the journal."""

    def step(self) -> tuple[float, bool]:
        """Deal with all that is new; gives in how many seconds to do so again, and whether all is done."""
        ...


class Bell:
    """Wakes everybody when a turn has changed something. A watcher of turns."""

    def __init__(self, works: Mapping[str, Works], stop: threading.Event) -> None:
        self._stop = stop
        self._workers = [_Worker(name, one, stop) for name, one in works.items()]

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
    """One thread."""

    def __init__(self, name: str, works: Works, stop: threading.Event) -> None:
        self._works, self._stop = works, stop
        self.wake, self.is_done = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"telling {name}", daemon=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.wake.clear()
            seconds, done = self._works.step()
            if done:
                self.is_done.set()
                self.wake.wait(seconds)
            else:
                self._stop.wait(seconds)
