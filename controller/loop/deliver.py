"""One notifier at its work: it reads the journal from where it was, and sends what it is asked for, in order.

A message is sent before it is noted as sent: after a crash it is sent again, with the same id. One that cannot be
sent is tried again, less and less often, and holds up those behind it; one that never will be, or that has been
waiting for too long, becomes a dead letter.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from controller.errors import Conflict, PlatformError, Refusal
from controller.loop.noting import NOTES
from controller.loop.receiver import Heard, Receiver
from controller.model.message import DEAD, THREADS, DeadLetter, Delivery, Message, Waiting
from controller.model.names import EnvName, TargetName
from controller.model.story import Entry
from controller.plan.messages import digest_of, is_approval, message_of
from controller.plan.needed import waits_of
from controller.ports import Store

FIRST: Final = 1.0
LONGEST: Final = 300.0
"""How many seconds at least, and at most, before a message is tried again; half of them are left to chance."""
IDLE: Final = 5.0
"""How many seconds until the journal is read again if nobody says that there is something new."""
STUMBLED: Final = 30.0
_PAGE: Final = 200
_PASSED: Final = 500
_ALL: Final = 10**9
_WHY: Final = 500


class Deliverer:
    """Sends what is new; used by one thread. `chance` gives a number from 0 to 1."""

    def __init__(
        self,
        receiver: Receiver,
        store: Store,
        now: Callable[[], datetime],
        chance: Callable[[], float],
        heard: Heard,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._receiver, self._store, self._now = receiver, store, now
        self._chance, self._heard, self._stopping = chance, heard, stopping
        self._saved: Delivery | None = None
        self._state = Delivery(cursor=0)

    def begin(self) -> None:
        """Start where the journal ends, if this notifier was never known: nothing old is sent."""
        if self._receiver.name in self._store.deliveries():
            return
        newest = self._store.journal(limit=1)
        start = Delivery(cursor=newest[-1].number if newest else 0)
        self._store.deliver(self._receiver.name, None, start)

    def step(self) -> tuple[float, bool]:
        """Send all that is new; gives in how many seconds to do so again, and whether all is sent. Never raises."""
        try:
            return self._step()
        except (Conflict, PlatformError):  # of the store, which the loop tells of; read anew what is known
            self._saved = None
            return IDLE, False
        except Exception as error:  # noqa: BLE001  whatever it is, telling goes on
            self._saved = None
            self._heard.stumbled(self._receiver.name, error)
            return STUMBLED, False

    def _step(self) -> tuple[float, bool]:
        if self._saved is None:
            self.begin()
            self._saved = self._state = self._store.deliveries()[self._receiver.name]
        self._send_again()
        while rows := self._rows():
            for row in rows:
                if self._stopping():
                    return 0.0, False
                if not self._deal(row):
                    return self._wait(), False
        for owner in self._due():
            if not self._digest(owner):
                return self._wait(), False
        self._heard.waits(self._receiver.name, None)
        return min([IDLE, *self._until_digests()]), True

    def _rows(self) -> tuple[Entry, ...]:
        after = self._state.cursor  # with 0 the newest are read, so all of them must be
        return tuple(self._store.journal(after=after, limit=_PAGE if after else _ALL))

    def _deal(self, row: Entry) -> bool:
        """Send the message of a row, or pass it over; False if it has to be tried again."""
        message = message_of(row, self._owner_of)
        if message is None or not self._receiver.takes(message):
            self._pass(row)
            return True
        if is_approval(row):
            new = dict.fromkeys(message.owners or ("",), Waiting(row=row.number, at=row.at))
            self._state = replace(self._state, waiting={**new, **self._state.waiting})
            self._pass(row)
            return True
        return self._try(message, lambda state: replace(state, cursor=row.number))

    def _pass(self, row: Entry) -> None:
        """Go on to a row; that it was passed over need not be known after a crash, so it is seldom written."""
        self._state = replace(self._state, cursor=row.number)
        if self._saved is None or row.number - self._saved.cursor >= _PASSED:
            self._save()

    def _owner_of(self, env: EnvName, target: TargetName) -> str:
        memory = self._store.load(env).targets.get(target)
        return memory.owner if memory else ""

    def _try(self, message: Message, done: Callable[[Delivery], Delivery]) -> bool:
        """Send a message and note it as dealt with; False if it has to be tried again."""
        name, state = self._receiver.name, self._state
        self._heard.waits(name, message.at)
        try:
            thread = self._receiver.notifier.send(message, state.threads.get(message.thread, ""))
        except Exception as error:  # noqa: BLE001  whatever a notifier raises, it is tried again or given up
            return self._failed(message, error, done)
        threads = with_thread(state.threads, message.thread, thread)
        state = replace(state, sent=state.sent + 1, last=self._now(), tries=0, why="", threads=threads)
        self._state = done(state)
        self._save()
        self._heard.sent(name, message)
        return True

    def _failed(self, message: Message, error: Exception, done: Callable[[Delivery], Delivery]) -> bool:
        why = (str(error) or type(error).__name__)[:_WHY]
        state = replace(self._state, failed=self._state.failed + 1, tries=self._state.tries + 1, why=why)
        self._state = state
        self._heard.failed(self._receiver.name, message, why)
        is_dead = isinstance(error, Refusal) or self._now() - message.at >= self._receiver.give_up
        if is_dead:
            letter = letter_of(message, self._now(), state.tries, why)
            dead = (*(one for one in state.dead if one.id != letter.id), letter)[-DEAD:]
            self._state = done(replace(state, died=state.died + 1, tries=0, dead=dead))
            self._heard.died(self._receiver.name, message, why)
        self._save()
        return is_dead

    def _wait(self) -> float:
        """Say how long to wait: twice as long after each try, up to a limit, and some of it by chance."""
        longest = min(FIRST * 2.0 ** min(self._state.tries - 1, 20), LONGEST)
        return longest * (0.5 + self._chance() / 2)

    def _save(self) -> None:
        self._store.deliver(self._receiver.name, self._saved, self._state)
        self._saved = self._state

    # Digests

    def _due(self) -> tuple[str, ...]:
        return tuple(sorted(owner for owner in self._state.waiting if self._left(owner) <= 0))

    def _left(self, owner: str) -> float:
        """Say in how many seconds an owner may be told again of what waits."""
        last = self._state.digested.get(owner)
        return (last + self._receiver.digest - self._now()).total_seconds() if last else 0.0

    def _until_digests(self) -> Iterator[float]:
        yield from (max(0.1, self._left(owner)) for owner in self._state.waiting)

    def _digest(self, owner: str) -> bool:
        """Send what waits of an owner now; if nothing does any more there is nothing to tell."""
        first = self._state.waiting[owner]
        message = self._digest_of(owner, first)
        if message is None:
            self._state = without(self._state, owner)
            self._save()
            return True
        at = self._now()
        return self._try(message, lambda state: told(without(state, owner), owner, at, self._receiver.digest))

    def _digest_of(self, owner: str, first: Waiting) -> Message | None:
        """Make the digest, as of when it was due: it is given up so long after that."""
        waiting = [one for one in waits_of(self._store.shown(), owner) if self._receiver.hears_of(one)]
        last = self._state.digested.get(owner)
        due = max(first.at, last + self._receiver.digest) if last else first.at
        return digest_of(waiting, owner, first.row, first.at, due)

    # Dead letters

    def _send_again(self) -> None:
        """Try each dead letter once more that a person wants sent again; what fails stays dead."""
        again = self._store.again(self._receiver.name)
        if again.number <= self._state.heard:
            return
        for letter in self._state.dead:
            if self._stopping():
                return
            if not again.ids or letter.id in again.ids:
                self._once_more(letter)
        self._state = replace(self._state, heard=again.number)
        self._save()

    def _once_more(self, letter: DeadLetter) -> None:
        others = tuple(one for one in self._state.dead if one.id != letter.id)
        message = self._message_of(letter)
        if message is None:  # what waited for an approval waits no more
            self._state = replace(self._state, dead=others)
            return
        try:
            thread = self._receiver.notifier.send(message, self._state.threads.get(message.thread, ""))
        except Exception as error:  # noqa: BLE001  it stays dead, and says why
            why = (str(error) or type(error).__name__)[:_WHY]
            still = letter_of(message, self._now(), letter.tries + 1, why)
            dead = tuple(still if one.id == letter.id else one for one in self._state.dead)
            self._state = replace(self._state, failed=self._state.failed + 1, dead=dead)
            self._heard.failed(self._receiver.name, message, why)
        else:
            threads = with_thread(self._state.threads, message.thread, thread)
            sent = self._state.sent + 1
            self._state = replace(self._state, sent=sent, last=self._now(), dead=others, threads=threads)
            self._heard.sent(self._receiver.name, message)
        self._save()

    def _message_of(self, letter: DeadLetter) -> Message | None:
        number = letter.row
        rows = self._store.journal(after=number - 1, limit=1) if number > 1 else self._store.journal(limit=_ALL)
        if not rows:
            return None
        if is_approval(rows[0]):
            first, owners = Waiting(row=number, at=rows[0].at), rows[0].data.get("owners", "").split(",")
            found = (self._digest_of(owner, first) for owner in owners)
            return next((one for one in found if one is not None and one.id == letter.id), None)
        return message_of(rows[0], self._owner_of)


def begin_all(deliverers: Mapping[str, Deliverer], store: Store) -> None:
    """Let each notifier that is new start where the journal ends, and forget those that there are no more."""
    for name, delivery in store.deliveries().items():
        if name not in deliverers and name != NOTES:
            store.deliver(name, delivery, None)
    for deliverer in deliverers.values():
        deliverer.begin()


def with_thread(threads: Mapping[str, str], name: str, thread: str) -> Mapping[str, str]:
    """Remember the thread of a rollout; the newest are kept."""
    if not name or not thread or threads.get(name) == thread:
        return threads
    others = [(key, value) for key, value in threads.items() if key != name]
    return dict([*others, (name, thread)][-THREADS:])


def letter_of(message: Message, at: datetime, tries: int, why: str) -> DeadLetter:
    """Note a message as a dead letter."""
    return DeadLetter(id=message.id, row=message.row, at=at, title=message.title, tries=tries, why=why)


def without(state: Delivery, owner: str) -> Delivery:
    """Say that nothing of an owner waits for a digest."""
    return replace(state, waiting={key: value for key, value in state.waiting.items() if key != owner})


def told(state: Delivery, owner: str, at: datetime, every: timedelta) -> Delivery:
    """Note when an owner was told; what was so long ago that it hinders nothing is forgotten."""
    recent = {key: value for key, value in state.digested.items() if at - value < every}
    return replace(state, digested={**recent, owner: at})
