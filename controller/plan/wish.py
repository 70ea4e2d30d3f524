"""What is to run on a target: the spec's release, or another that a person chose."""

from dataclasses import dataclass, replace

from controller.model.desired import DesiredTarget
from controller.model.group import Whole
from controller.model.names import Commit, Digest, EnvName, TargetName
from controller.model.place import Place
from controller.model.questions import Candidate
from controller.model.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The effective wish: a pin, else the spec; `free` passes no gate and waits for no bake.

    `whole` is the release of its group that it is a part of; a pin is of none.
    """

    release: Release
    free: bool
    want: DesiredTarget
    pinned: bool = False
    whole: Whole | None = None

    @property
    def digest(self) -> Digest:
        """Name what is wanted by its content."""
        return self.release.digest

    @property
    def bound(self) -> Digest:
        """Name all that a person's yes to it is bound to."""
        return self.whole.digest if self.whole else self.digest

    def candidate(self, env: EnvName, name: TargetName, place: Place, commit: Commit | None = None) -> Candidate:
        """Name it as gates know it; `commit` is the first at which it was wanted."""
        return Candidate.of(env, name, place, self.release, commit, self.whole)

    def within(self, whole: Whole | None, *, is_known: bool) -> "Wish":
        """See it as a part of its group: it is free only if all of that is known here; a pin stands alone."""
        if self.want.group is None or self.pinned:
            return self
        return replace(self, whole=whole, free=self.free and is_known)
