"""Notice what changed outside: another commit, another environment, an order of a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from controller.loop.agenda import Agenda
from controller.loop.reconcile import read
from controller.model.desired import GONE, Desired, Reading
from controller.model.names import EnvName, TargetName
from controller.model.orders import Orders
from controller.model.record import Record
from controller.plan.wanted import names_of
from controller.ports import World

_OF_ALL: Final = ("pause", "freeze", "opening", "accept", "recover")
"""The orders that are for a whole environment."""


@dataclass(slots=True, kw_only=True)
class Survey:
    """What each environment looked like when we last noticed it."""

    world: World
    agenda: Agenda
    readings: dict[EnvName, Reading] = field(default_factory=dict)
    orders: dict[EnvName, Orders] = field(default_factory=dict)
    records: dict[EnvName, Record] = field(default_factory=dict)
    known: dict[EnvName, frozenset[TargetName]] = field(default_factory=dict)

    def environments(self) -> frozenset[EnvName]:
        """Name every environment that is in the source or remembered."""
        return self.world.source.environments() | self.world.store.environments()

    def look(self, env: EnvName, now: datetime) -> None:
        """Make due now whatever is wanted otherwise than before, and forget what is neither wanted nor known."""
        record = self.world.store.load(env)
        reading = read(env, record, self.world)
        before = self.readings.get(env)
        if reading is before and record is self.records.get(env):
            return
        self.records[env] = record
        known = frozenset(names_of(reading, record))
        if known != self.known.get(env) and tells(reading):
            self.world.store.withdraw(env, known)
            self.known[env] = known
        self.agenda.drop(env, self.agenda.targets(env) - known)
        new = known - self.agenda.targets(env)
        self.agenda.hurry(env, new if reading is before else new | _changed(before, reading, known), now)
        self.readings[env] = reading
        self._heed(env, record, now)

    def _heed(self, env: EnvName, record: Record, now: datetime) -> None:
        before, after = self.orders.get(env), record.orders
        if after is before:
            return
        self.orders[env] = after
        if before is None:
            return
        known, groups = self.agenda.targets(env), _groups(self.readings[env])
        self.agenda.hurry(env, _ordered(before, after, known, groups), now)


def tells(reading: Reading) -> bool:
    """Whether a reading says which targets there are: that an environment is gone says so too."""
    return isinstance(reading, Desired) or reading.reason == GONE


def _changed(before: Reading | None, after: Reading, known: frozenset[TargetName]) -> frozenset[TargetName]:
    """Name the targets that are wanted otherwise; all of them if what holds for all has changed."""
    if not isinstance(before, Desired) or not isinstance(after, Desired):
        return known
    if (before.pause, before.brake, before.load) != (after.pause, after.brake, after.load):
        return known
    return frozenset(name for name in known if before.targets.get(name) is not after.targets.get(name))


def _groups(reading: Reading) -> Mapping[TargetName, TargetName]:
    """Give the group of each member of one, by whose name people answer for it."""
    targets = reading.targets if isinstance(reading, Desired) else {}
    return {name: TargetName(want.group.name) for name, want in targets.items() if want.group}


def _ordered(
    before: Orders, after: Orders, known: frozenset[TargetName], groups: Mapping[TargetName, TargetName]
) -> frozenset[TargetName]:
    if any(getattr(before, name) != getattr(after, name) for name in _OF_ALL):
        return known
    confirmed = {name for name, _ in before.confirmed.items() ^ after.confirmed.items()}
    names = before.targets.keys() | after.targets.keys()
    otherwise = confirmed | {name for name in names if before.targets.get(name) != after.targets.get(name)}
    return frozenset(name for name in known if name in otherwise or groups.get(name) in otherwise)
