"""The newest status of every target: a view for commands, which the loop never reads."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from controller.model.names import EnvName, TargetName
from controller.model.status import TargetStatus
from controller.stores.backend import Backend, Key, Write
from controller.stores.codec import Codec
from controller.stores.keys import SHOWN, Mark, status_part

AT_ONCE: Final = 100
"""How many views are written in one commit: no two of them have to be of one moment."""


@dataclass(slots=True, kw_only=True)
class _View:
    """What is shown of one environment, as of a revision; changed only under its lock."""

    lock: Lock = field(default_factory=Lock)
    revision: str | None = None
    statuses: dict[TargetName, TargetStatus] = field(default_factory=dict)


class Statuses:
    """Writes what differs from what is shown."""

    def __init__(self, backend: Backend, codec: Codec) -> None:
        self._backend, self._codec = backend, codec
        self._views: dict[EnvName, _View] = {}

    def show(self, statuses: Sequence[TargetStatus]) -> None:
        """Keep the newest status of each target."""
        for env in sorted({status.env for status in statuses}):
            self._show(env, {status.target: status for status in statuses if status.env == env})

    def withdraw(self, env: EnvName, known: Collection[TargetName]) -> None:
        """Take away the statuses of an environment's targets that are not among the known ones."""
        part = status_part(env)
        gone = sorted(set(self._backend.etags(part)) - set(known))
        if gone:
            self._backend.commit([Write(key=Key(part, name), body=None) for name in gone])

    def shown(self) -> Sequence[TargetStatus]:
        """Give the newest status of every target, in order of environment and target."""
        environments = map(EnvName, self._backend.etags(SHOWN))
        return tuple(status for env in environments for _, status in sorted(self._read(env).items()))

    def _show(self, env: EnvName, statuses: dict[TargetName, TargetStatus]) -> None:
        view = self._views.setdefault(env, _View())
        with view.lock:
            (revision,) = self._backend.revisions([status_part(env)])
            if view.revision != revision:
                view.statuses, view.revision = self._read(env), revision
            changed = [status for name, status in statuses.items() if view.statuses.get(name) != status]
            for start in range(0, len(changed), AT_ONCE):
                self._write(env, view, changed[start : start + AT_ONCE])

    def _write(self, env: EnvName, view: _View, changed: list[TargetStatus]) -> None:
        part = status_part(env)
        writes = [Write(key=Key(part, status.target), body=self._codec.write(status).text) for status in changed]
        if not view.statuses:
            writes.append(Write(key=Key(SHOWN, env), body=self._codec.write(Mark()).text))
        before, after = self._backend.commit(writes).parts[part]
        view.revision = after if before == view.revision else None
        view.statuses.update({status.target: status for status in changed})

    def _read(self, env: EnvName) -> dict[TargetName, TargetStatus]:
        part = status_part(env)
        items = self._backend.get(part, list(self._backend.etags(part)))
        return {TargetName(name): self._codec.read(TargetStatus, item.body) for name, item in items.items()}
