"""What this process remembers of a place between looks: an aid, never the truth; a restart may forget it all."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from controller.model.manifest import Manifest
from controller.model.names import DeploymentId
from controller.model.observation import Deployment, Live
from controller.ports import LookAt
from controller.targets.ecs.aside import reads_revisions, reads_tags
from controller.targets.ecs.native import Native
from controller.targets.ecs.stopped import Stopped
from controller.targets.ecs.verdict import Told

Asked: TypeAlias = tuple[object, ...]
_DEPLOYMENTS: Final = 20
_TASKS: Final = 300
_MANIFESTS: Final = 8


@dataclass(slots=True, kw_only=True)
class Seen:
    """One place as it was seen last.

    `arn` is the service's, `current` that of its newest service deployment. `frozen` is what the
    service revisions of its deployments have that nothing else shows, by the deployment's id.

    `mark` stands for all that DescribeServices said but its events, `asked` for what was asked of the look; while
    both stay the same and `settled` holds, `live` is still what there is. `listed_at` is the newest change that was
    known when a deployment was last listed, `before` which deployments were there before one. `rested` are service
    deployments that were over while nothing of ours moved, `found` what the last list of them showed that was not
    known, for the answer `listed_for`; `images` are the digests that a deployment's tags stood for, `unpinned` the
    answers in which nobody knew them; `gathered` is what stopped tasks were last read for, `started` until when.
    """

    arn: str = ""
    current: str = ""
    mark: bytes = b""
    asked: Asked = ()
    settled: bool = False
    live: Live | None = None
    looked: float = float("-inf")
    known: dict[DeploymentId, Deployment] = field(default_factory=dict)
    listed_at: dict[DeploymentId, int] = field(default_factory=dict)
    before: dict[DeploymentId, frozenset[str]] = field(default_factory=dict)
    told: dict[DeploymentId, Told] = field(default_factory=dict)
    rested: tuple[str, ...] = ()
    listed_for: bytes = b""
    found: frozenset[DeploymentId] = frozenset()
    tasks: dict[str, Stopped] = field(default_factory=dict)
    gathered: Asked = ()
    started: int = 0
    manifests: dict[tuple[str, ...], Manifest] = field(default_factory=dict)
    images: dict[DeploymentId, Mapping[str, str]] = field(default_factory=dict)
    unpinned: dict[DeploymentId, bytes] = field(default_factory=dict)
    frozen: dict[str, Native] = field(default_factory=dict)

    def remember(self, deployments: Iterable[Deployment], listed: Iterable[str], asof: int) -> None:
        """Keep the newest deployments, and since when each was known to be listed."""
        here = set(listed)
        for one in deployments:
            self.known[one.id] = one
            if one.id in here:
                self.listed_at[one.id] = max(asof, self.listed_at.get(one.id, 0))
                self.before.setdefault(one.id, frozenset(here - {one.id}))
        for forgotten in sorted(self.known, key=lambda known: self.known[known].born)[:-_DEPLOYMENTS]:
            for kept in (self.known, self.listed_at, self.before, self.told, self.images, self.unpinned):
                kept.pop(forgotten, None)

    def keep_tasks(self, tasks: Iterable[Stopped]) -> None:
        """Keep the newest stopped tasks."""
        self.tasks |= {task.arn: task for task in tasks}
        for old in sorted(self.tasks, key=lambda arn: self.tasks[arn].at)[:-_TASKS]:
            del self.tasks[old]

    def keep_manifest(self, key: tuple[str, ...], manifest: Manifest) -> Manifest:
        """Keep a manifest, so that the same deployment is not brought to canonical shape at every look."""
        if len(self.manifests) >= _MANIFESTS:
            self.manifests.clear()
        self.manifests[key] = manifest.kept()
        return manifest


def mark_of(service: Native) -> bytes:
    """Give a short stand-in for an answer without its events, which change when nothing does."""
    said = repr([(key, value) for key, value in service.items() if key != "events"])
    return hashlib.blake2b(said.encode(), digest_size=16).digest()


def asked_of(one: LookAt) -> Asked:
    """Give what was asked of a look."""
    return (one.moving, one.ours, one.proven, reads_revisions(one.owns), reads_tags(one.owns))
