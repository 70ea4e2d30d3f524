"""`wait`: read what the controller remembers and shows of one target, and judge it against what is waited for."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from controller.errors import SpecError
from controller.model.names import Commit, EnvName, TargetName
from controller.model.story import Event
from controller.plan.awaited import Awaited, Found, Past, judged, together

if TYPE_CHECKING:
    from controller.model.status import TargetStatus
    from controller.ports import Store

_ROWS: Final = 5000
_ASK_EVERY: Final = 15.0  # seconds
_WHOLE: Final = frozenset({40, 64})

Descends: TypeAlias = Callable[[Commit, Commit], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which target is waited for, and with what; empty texts ask for nothing."""

    env: EnvName
    target: TargetName
    commit: str = ""
    version: str = ""
    digest: str = ""


class Waiting:
    """One wait, look by look; only what is new of the journal is read. `descends` asks git about two commits."""

    def __init__(self, store: "Store", asked: Asked, descends: Descends | None = None) -> None:
        self._store, self._asked, self._descends = store, asked, descends
        self._awaited = Awaited(commit=asked.commit, version=asked.version, digest=asked.digest)
        self._past = Past()
        self._row = 0
        self._accepted: list[str] = []

    def look(self) -> Found:
        """Look once. Raises PlatformError while the store is away."""
        asked = self._asked
        memory = self._store.load(asked.env).targets.get(asked.target)
        shown = (one for one in self._store.shown() if (one.env, one.target) == (asked.env, asked.target))
        status = next(shown, None)
        in_force = self._is_in_force(status.commit) if status and asked.commit else None
        found = judged(self._awaited, status, memory, self._past, in_force=in_force)
        self._past = found.past
        return found

    def _is_in_force(self, stands: str) -> bool | None:
        """Whether an environment that stands at a commit has gone up to the one that is asked for."""
        wanted = self._asked.commit
        if stands.startswith(wanted):
            return True
        self._read_on()
        row = next((at for at, commit in enumerate(self._accepted) if commit.startswith(wanted)), None)
        if row is not None and stands in self._accepted[row:]:  # commits only move forward
            return True
        if self._descends is None or not stands:
            return None
        return self._descends(Commit(stands), Commit(wanted)) if len(wanted) in _WHOLE else None

    def _read_on(self) -> None:
        rows = self._store.journal(env=self._asked.env, after=self._row, limit=_ROWS)
        self._accepted += (row.data.get("commit", "") for row in rows if row.event is Event.ACCEPTED)
        self._row = rows[-1].number if rows else self._row


class WaitingAll:
    """One wait for a target, or for every member of a group of that name: whoever is one when it is looked."""

    def __init__(self, store: "Store", asked: Asked, descends: Descends | None = None) -> None:
        self._store, self._asked, self._descends = store, asked, descends
        self._each: dict[TargetName, Waiting] = {}

    def check(self) -> None:
        """Raise SpecError for a name that this store has never seen, unless a commit may still bring it.

        So is an image of a group: each of its members has images of its own.
        """
        asked, shown = self._asked, self._store.shown()
        if self._members(shown):
            if asked.digest:
                raise SpecError(f"{asked.env}/{asked.target} is a group, and an image is of one member: name that")
            return
        known = {(one.env, one.target) for one in shown}
        known |= {(asked.env, name) for name in self._store.load(asked.env).targets}
        if asked.commit or (asked.env, asked.target) in known:
            return
        listed = ", ".join(sorted(f"{env}/{target}" for env, target in known)) or "none yet"
        raise SpecError(f"no target {asked.env}/{asked.target} is known to this store; known: {listed}")

    def look(self) -> Found:
        """Look once. Raises PlatformError while the store is away."""
        asked, group, found = self._asked, self._members(self._store.shown()), {}
        for name in group or [asked.target]:
            one = replace(asked, target=name)
            waiting = self._each.setdefault(name, Waiting(self._store, one, self._descends))
            found[name] = waiting.look()
        return together(found) if group else found[asked.target]

    def _members(self, shown: "Sequence[TargetStatus]") -> list[TargetName]:
        asked = self._asked
        return [one.target for one in shown if (one.env, one.group) == (asked.env, asked.target)]


@contextmanager
def follows(flags: Mapping[str, object]) -> Iterator[Descends | None]:
    """Give who can tell whether one commit follows another; None where no git repository was named."""
    from controller.app.specs import tree
    from controller.app.world import clock_of
    from controller.options import read
    from controller.sources.folder import FolderSource

    options = read(flags)
    specs = tree(options) if options.repo else None
    if specs is None or isinstance(specs, FolderSource):
        yield None
        return
    clock, asked = clock_of(options), float("-inf")

    def descends(commit: Commit, from_: Commit) -> bool | None:
        nonlocal asked
        found = specs.descends(commit, from_)
        if found is None and time.monotonic() - asked >= _ASK_EVERY:
            asked = time.monotonic()
            specs.poll(clock.now())
            found = specs.descends(commit, from_)
        return found

    try:
        yield descends
    finally:
        specs.close()
