"""Secrets that changed after tasks started that have them: ECS reads a secret when a task starts, never again.

Sources: "Pass Secrets Manager secrets through Amazon ECS environment variables" (Developer Guide),
ListSecretVersionIds (Secrets Manager API Reference), DescribeParameters (Systems Manager API Reference). Neither
call has a value in its answer.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, TypeAlias

from controller.errors import TrueupError
from controller.model.names import ClaimKey, DeploymentId, Revision
from controller.model.observation import Live
from controller.model.place import Place
from controller.ports import LookAt
from controller.targets.ecs.client import Clients
from controller.targets.ecs.manifest import read_shape
from controller.targets.ecs.native import Native, micros, parts, texts
from controller.targets.ecs.verify_ask import within
from controller.targets.ecs.verify_names import What, named_by

Ask: TypeAlias = Callable[..., Native]
"""Called with a place, the SDK's name of a service, an operation and its parameters."""

_SECRET: Final = 7  # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
_CURRENT: Final = "AWSCURRENT"
_EVERY: Final = 3600.0  # seconds between two questions about one target
_AT_ONCE: Final = 5  # targets that are asked about in one look
_TASKS: Final = 100
_MICROS: Final = 1_000_000


def changed_at(name: str, place: Place, ask: Ask) -> int:
    """Say when what a task would be given now was made, in microseconds; 0 if its version is fixed, or not told.

    Raises TrueupError.
    """
    fields = name.split(":")
    region = fields[3] if name.startswith("arn:") and len(fields) > _SECRET - 2 else ""
    if name.startswith("arn:") and fields[2] == "secretsmanager":
        return _secret(fields, within(place, region), ask)
    if name.startswith("arn:") and fields[2] != "ssm":
        return 0
    return _parameter(fields[-1].removeprefix("parameter") if region else name, within(place, region), ask)


def _secret(fields: list[str], place: Place, ask: Ask) -> int:
    _, stage, version = [*fields[_SECRET:], "", "", ""][:3]
    if version:
        return 0
    answer = ask(place, "secretsmanager", "ListSecretVersionIds", SecretId=":".join(fields[:_SECRET]))
    versions = parts(answer, "Versions")
    mine = (one for one in versions if (stage or _CURRENT) in texts(one, "VersionStages"))
    return max((micros(one, "CreatedDate") for one in mine), default=0)


def _parameter(name: str, place: Place, ask: Ask) -> int:
    """Ask for a parameter; the ARN of one without folders does not tell whether its name begins with a slash."""
    names = sorted({name, name.removeprefix("/")} if name.count("/") == 1 else {name})
    wanted = [{"Key": "Name", "Option": "Equals", "Values": names}]
    answer = ask(place, "ssm", "DescribeParameters", ParameterFilters=wanted)
    return max((micros(one, "LastModifiedDate") for one in parts(answer, "Parameters")), default=0)


def started_at(place: Place, ask: Ask) -> int:
    """Say when the oldest running task started, in microseconds; 0 if none runs. Raises TrueupError."""
    cluster = place.cluster
    listed = ask(place, "ecs", "ListTasks", cluster=cluster, serviceName=place.service, desiredStatus="RUNNING")
    arns = texts(listed, "taskArns")[:_TASKS]
    told = ask(place, "ecs", "DescribeTasks", cluster=cluster, tasks=arns) if arns else {}
    starts = (micros(task, "startedAt") for task in parts(told, "tasks"))
    return min((at for at in starts if at), default=0)


def note_of(name: str, at: int) -> str:
    """Say that a secret has changed, by its name alone."""
    when = datetime.fromtimestamp(at / _MICROS, UTC)
    return f"the secret {name} changed at {when:%Y-%m-%dT%H:%M:%SZ}, after tasks started: they have the old one"


@dataclass(slots=True, kw_only=True)
class _Known:
    """What is known of a target: the secrets of a revision, when each changed, when its oldest task started."""

    revision: Revision
    names: tuple[str, ...]
    due: float
    changed: Mapping[str, int] = field(default_factory=dict)
    deployment: DeploymentId | None = None
    started: int = 0
    told: tuple[Live, Live] | None = None


class Rotations:
    """Notes of what runs which of its secrets changed since; asked for about once an hour, and a few at once."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: dict[ClaimKey, _Known] = {}

    def noted(self, sights: Iterable[tuple[LookAt, Live]]) -> Iterator[tuple[LookAt, Live]]:
        """Give what was seen with its notes; the very same as long as nothing of it changed."""
        left = _AT_ONCE
        for one, live in sights:
            known = self._of(one.place, live)
            if known.names and not one.moving and left and self._clients.elapsed() >= known.due:
                left -= 1
                self._ask(known, one.place, live)
            yield one, _with_notes(known, live)

    def _of(self, place: Place, live: Live) -> _Known:
        known = self._known.get(place.claim)
        if known is None or known.revision != live.revision:
            definition, _ = read_shape(str(live.shape))
            names = (
                named.name for named in named_by(definition, {}) if named.what is What.SECRET and not named.around
            )
            due = known.due if known else self._clients.elapsed()
            known = _Known(revision=live.revision, names=tuple(dict.fromkeys(names)), due=due)
            self._known[place.claim] = known
        return known

    def _ask(self, known: _Known, place: Place, live: Live) -> None:
        """Ask when each changed; of the tasks only if one did after the deployment was made."""
        spread = 0.5 + zlib.crc32(place.claim.encode()) / 2**32
        known.due = self._clients.elapsed() + _EVERY * spread
        born = live.primary.born if live.primary else 0
        try:
            known.changed = {name: changed_at(name, place, self._one) for name in known.names}
            newer = any(at > born for at in known.changed.values())
            known.started = started_at(place, self._one) if newer else 0
            known.deployment = live.deployment
        except TrueupError:
            return  # what is not told is not said; `verify` says what is not allowed

    def _one(self, place: Place, service: str, operation: str, **params: object) -> Native:
        return self._clients.access(place).ask(service, operation, **params)


def _with_notes(known: _Known, live: Live) -> Live:
    born = live.primary.born if live.primary else 0
    since = max(born, known.started if known.deployment == live.deployment else 0)
    notes = tuple(note_of(name, at) for name, at in known.changed.items() if at > since)
    if not (notes and live.running):
        return live
    if known.told is None or known.told[0] is not live or known.told[1].notes != notes:
        known.told = (live, replace(live, notes=notes))
    return known.told[1]
