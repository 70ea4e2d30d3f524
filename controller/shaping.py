"""How a kind of target reads what a spec declares for it: the native parts in, canonical shapes or faults out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from controller.model.manifest import Manifest
from controller.model.release import Fixed, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """What a spec declares for one target, in the platform's own shape, with all values filled in but look-ups.

    `definition` is the input of RegisterTaskDefinition, `service` fields of UpdateService; `images` by container,
    of which those in `tags` stay on their tag. With a `base`, `definition` is only what is laid over it. `ignore`
    are the paths that people wrote. `account` and `region` are where it is to run, for names that the platform
    completes by them. `state` is where Terraform keeps its own, for look-ups. With `create` it has to be whole
    enough to be made where it was never seen. `hooks` are what its one-off tasks say, by the list and the place in
    it where they stand. Without `rollback_safe` nothing may go back by itself, the platform neither. `deadline` is
    how long a rollout may take; None if that is not known.
    """

    definition: Mapping[str, object]
    service: Mapping[str, object] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    base: Mapping[str, object] | None = None
    ignore: tuple[str, ...] = ()
    account: str = ""
    region: str = ""
    state: str = ""
    create: bool = False
    hooks: Mapping[tuple[str, int], Mapping[str, object]] = field(default_factory=dict)
    rollback_safe: bool = True
    deadline: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong in a Native: a path into it, such as ("taskDefinition", "cpu"), and a sentence."""

    path: tuple[str | int, ...]
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """What a Native comes to: the content of a release, the settings, or what is wrong with it.

    `draft` is what is left to fill in, for the kind itself; `ignore` the given paths as patterns of manifest paths.
    `fixed` is what can not be changed once it is there, `beside` what is only compared and never changed.
    `hooks` are the shapes of its hooks, by where they stand; `images` what it runs by a tag that is made a digest.
    """

    manifest: Manifest | None = None
    shape: str = ""
    settings: Settings | None = None
    draft: str = ""
    ignore: tuple[str, ...] = ()
    fixed: Fixed | None = None
    beside: Manifest | None = None
    hooks: Mapping[tuple[str, int], str] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


class Shaping(Protocol):
    """A kind's own reading of what the spec declares for it; pure."""

    def __call__(self, native: Native) -> Shaped:
        """Bring it to canonical shape, or say everything that is wrong with it."""
        ...
