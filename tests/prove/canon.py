"""One name for all states that differ only in when it is, in how things are numbered, and in what is only told."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

from controller.model.manifest import Manifest
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.questions import Alarms
from controller.model.record import Quarantined
from controller.model.release import Kept, Release
from controller.model.rollout import Terms
from tests.prove.closed import API, State, Turn

OLDEST = timedelta(minutes=5)  # every timer of the closed world has run out by then
NUMBERED = re.compile(r"(?:ecs-svc/|api:)(\d+)")
# What is only told, what is the same in every state, and what nothing but its own change depends on.
LEFT_OUT = {
    "why", "evidence", "owner", "way", "opened", "looked", "author", "committed_at", "who", "made", "cause",
    "Memory.rollouts", "Memory.shut",
    "Rollout.number", "Rollout.settings", "Next.since", "Ensure.rollout", "Live.settings",
    "Live.unread", "Live.beside", "Live.tags", "Made.why", "Deployment.why",
}  # fmt: skip
OF_PLATFORM = {"born", "asof", "watermark", "after"}
OF_ORDERS = {"retried", "ordered", "unpinned", "recovered", "answered", "retry"}


@dataclass(slots=True)
class Name:
    """A state's name while it is being written: its words, and the numbers that are counted anew."""

    now: datetime
    words: list[Any] = field(default_factory=list)
    born: set[int] = field(default_factory=set)
    given: set[int] = field(default_factory=set)

    def platform(self, number: int) -> None:
        self.born.add(number)
        self.words.append(("p", number))

    def order(self, number: int) -> None:
        self.given.add(number)
        self.words.append(("o", number))

    def say(self, value: Any) -> None:
        """Write a value, whatever it is."""
        kind = type(value)
        if kind in PLAIN:
            self.words.append(value)
            return
        writer = WRITERS.get(kind)
        if writer is None:
            writer = WRITERS[kind] = _writer_of(kind)
        writer(self, value)

    def cut(self) -> list[Any]:
        """Give what was written up to here, and begin a new part."""
        words, self.words = self.words, []
        return words

    def ranks(self) -> dict[tuple[str, int], int]:
        ranks = {("p", n): i for i, n in enumerate(sorted(self.born))}
        ranks.update({("o", n): i for i, n in enumerate(sorted(self.given))})
        return ranks


def key(s: State) -> int:
    """Name a state; the two controllers have no names of their own."""
    name = Name(s.now)
    _shared(name, s)
    shared = name.cut()
    turns = []
    for i, turn in enumerate(s.turns):
        name.words.append(s.owner == i)
        _turn(name, s, turn)
        turns.append(name.cut())
    ranks = name.ranks()
    told, first, second = (
        hash(tuple([ranks[word] if type(word) is tuple else word for word in words])) for words in (shared, *turns)
    )
    return hash((told, min(first, second), max(first, second)))


def _shared(name: Name, s: State) -> None:
    name.words += [s.wish, s.free, s.left.people, s.left.faults, s.left.stalls, *sorted(s.rings), "bad"]
    name.words += sorted(s.platform.bad)
    _orders(name, s)
    name.say(s.memory)
    for at in s.record.rollbacks:
        name.say(at)
    service = s.platform.services["api"]
    name.words += [service.desired, service.running, service.exits]
    name.say(tuple(service.made))
    name.say(service.primary.id)
    if s.left.faults and s.may_look_old:
        name.say(s.changed)
        name.say(service.past[0])
    for task in s.platform.tasks.values():
        name.say(task)
    for flight in s.air:
        name.words += ["flight", flight.by is None]
        name.say(flight.action)


def _turn(name: Name, s: State, turn: Turn) -> None:
    name.words += [turn.step, turn.holds]
    if turn.step == "looked":
        name.say(turn.seen)
        name.words.append(turn.reading.commit)
    if turn.intent is not None:
        same = turn.intent.targets.get(API) == s.record.targets.get(API)
        name.words += [same, turn.intent.version == s.record.version]
        name.say(turn.plan.actions)
        name.say(turn.outcomes)


def _orders(name: Name, s: State) -> None:
    orders = s.record.orders.targets.get(API)
    if orders is not None:
        name.words.append(orders.pause is not None)
        for one in (orders.retry, orders.rollback, orders.recover):
            name.order(one.number if one else 0)
        if orders.pause is not None:
            name.say(orders.pause.at)


# ---- how each kind of value is written


def _writer_of(kind: type) -> Callable[[Name, Any], None]:
    if is_dataclass(kind):
        return _fields(kind)
    if issubclass(kind, Enum):
        PLAIN.add(kind)
        return lambda name, value: name.words.append(value)
    if issubclass(kind, Mapping):
        return _mapping
    if kind in {set, frozenset}:
        return lambda name, value: name.words.extend(sorted(value))
    raise TypeError(f"how is a {kind} named?")


def _fields(kind: type) -> Callable[[Name, Any], None]:
    title = kind.__name__
    names = [one.name for one in fields(kind) if not {one.name, f"{title}.{one.name}"} & LEFT_OUT]
    writers = [(name, _field(name)) for name in names]

    def write(name: Name, value: Any) -> None:
        words = name.words
        words.append(title)
        for at, writer in writers:
            told = getattr(value, at)
            if writer is Name.say and type(told) in PLAIN:
                words.append(told)
            else:
                writer(name, told)

    return write


def _field(name: str) -> Callable[[Name, Any], None]:
    if name in OF_PLATFORM:
        return Name.platform
    if name in OF_ORDERS:
        return Name.order
    return Name.say


def _mapping(name: Name, value: Mapping[Any, Any]) -> None:
    for one in sorted(value, key=str):
        name.words.append(str(one) if isinstance(one, str) else type(one).__name__)
        name.say(value[one])


def _text(name: Name, value: str) -> None:
    number = _numbered(value)
    if number is None:
        name.words.append(value)
    else:
        name.platform(number)


@cache
def _numbered(value: str) -> int | None:
    found = NUMBERED.fullmatch(value)
    return int(found[1]) if found else None


def _many(name: Name, value: tuple[Any, ...]) -> None:
    name.words.append(len(value))
    for one in value:
        name.say(one)


def _kept(name: Name, value: Kept) -> None:
    name.words += [value.digest, value.since is None]
    name.say(value.revision)


PLAIN: set[type] = {int, bool, float, type(None)}
WRITERS: dict[type, Callable[[Name, Any], None]] = {
    str: _text,
    tuple: _many,
    list: _many,
    datetime: lambda name, value: name.words.append(min(name.now - value, OLDEST).total_seconds()),
    timedelta: lambda name, value: name.words.append(min(value, OLDEST).total_seconds()),
    Terms: lambda name, value: None,
    Place: lambda name, value: None,
    Packed: lambda name, value: None,
    Manifest: lambda name, value: name.words.append(value.digest),
    Release: lambda name, value: name.words.append(value.digest),
    Quarantined: lambda name, value: name.words.append(value.digest),
    Kept: _kept,
    Alarms: lambda name, value: name.words.extend(alarm.state for alarm in value.alarms),
}
