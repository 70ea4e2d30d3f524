"""A release is a version with the shape it takes; what ran of it here is kept with its revision."""

from dataclasses import dataclass, field
from datetime import datetime

from controller.model.manifest import Manifest
from controller.model.names import Commit, Digest, Revision
from controller.model.packed import NOTHING, Packed
from controller.model.paths import is_under


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of one target; equal when the shape is equal, whatever it is called.

    `shape` is canonical JSON that only the kind of target reads: all that it needs to make this release run
    (for ECS the input of RegisterTaskDefinition and the owned service fields). `asked` names what the spec said of
    it before tags became digests: the same words, asked again, are this release. `core` names what is the spec's
    own of a release that is laid over what others own: it stays the same when only theirs changes. `built` is the
    commit of the application that it was built from, if a tag that is followed says so.
    """

    version: str = field(compare=False)
    manifest: Manifest
    shape: Packed = field(default=NOTHING, compare=False)
    commit: Commit | None = field(default=None, compare=False)
    asked: Digest | None = field(default=None, compare=False)
    core: Digest | None = field(default=None, compare=False)
    built: Commit | None = field(default=None, compare=False)

    @property
    def digest(self) -> Digest:
        """Name this release by its owned content."""
        return self.manifest.digest

    def runs_in(self, live: Manifest) -> bool:
        """Whether this release is what a live manifest shows."""
        return self.manifest.runs_in(live)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A release that ran here, the platform's own name for it, and since when it counts."""

    release: Release
    revision: Revision
    since: datetime | None = field(default=None, compare=False)

    @property
    def digest(self) -> Digest:
        """Name what was kept by its content."""
        return self.release.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Service fields that start no deployment: applied and read back, never baked or rolled back."""

    manifest: Manifest
    shape: str = field(default="{}", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Fields that the platform fixes when it makes a target: compared with what is there, and never sent to it.

    `remedies` say of each path what to do when it is wanted otherwise than it is.
    """

    manifest: Manifest
    shape: str = field(default="{}", compare=False)
    remedies: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def remedy(self, path: str) -> str:
        """Say what to do about a path; empty if there is nothing to say."""
        return next((what for at, what in self.remedies if is_under(path, (at,))), "")
