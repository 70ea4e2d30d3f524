"""Groups: several targets that go to one version together, and come back from it together."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from controller.model.names import Digest, GroupName, TargetName


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What a spec says of a group: its version, its members, and whom among them each of them needs.

    `hooked` is the member that runs the hooks of the group, None if it has none. Without `rollback_safe` one of the
    members may not go back by itself, and so none of them does.
    """

    name: GroupName
    version: str
    members: tuple[TargetName, ...]
    needs: tuple[tuple[TargetName, tuple[TargetName, ...]], ...] = ()
    hooked: TargetName | None = None
    rollback_safe: bool = True

    def needs_of(self, name: TargetName) -> tuple[TargetName, ...]:
        """Name the members that a member needs."""
        return next((others for member, others in self.needs if member == name), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A release of a group: the content that each of its members is to run, by its digest; in order of name."""

    group: GroupName
    contents: tuple[tuple[TargetName, Digest], ...] = ()

    @property
    def digest(self) -> Digest:
        """Name it by all that its members are to run."""
        said = "\n".join((self.group, *(f"{name} {content}" for name, content in self.contents)))
        return Digest(hashlib.sha256(said.encode()).hexdigest())

    def content_of(self, name: TargetName) -> Digest | None:
        """Name what a member is to run; None if that is not known."""
        return next((content for member, content in self.contents if member == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a rollout has a part in: one attempt to bring a group to one release, begun at `since`.

    Equal in all of its rollouts. `passed` says that it began with the gates of every member open; else somebody
    else brought a member there, and the others wait for their gates all the same.
    """

    group: Group
    whole: Whole
    since: datetime
    passed: bool = True
