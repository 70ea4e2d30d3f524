"""After a person's rollback, the version in git follows: to what was gone back to, if it still means that."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.app.changing import TRAILER, Change, Made, change
from controller.app.editing import Edition, edition
from controller.app.identity import remote_of
from controller.app.memory import open_store
from controller.app.proposed import would_want
from controller.app.pulls import pulls_of
from controller.app.said import Said
from controller.app.world import build, clock_of
from controller.errors import Refusal
from controller.model.instants import instant
from controller.model.names import EnvName, TargetName

if TYPE_CHECKING:
    from controller.app.world import Built
    from controller.model.release import Kept
    from controller.options import Options
    from controller.sources.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """A target goes back to a release that was good, for a reason."""

    env: EnvName
    target: TargetName
    kept: "Kept"
    reason: str

    @property
    def name(self) -> str:
        """The target, with its environment."""
        return f"{self.env}/{self.target}"


def revert(back: Back, options: "Options", user: str, *, propose: bool) -> Made:
    """Change the version in git to what was gone back to, on the branch of the specs, or `propose` it.

    Raises Refusal if that version would by now be something else than what was good, and whatever `change` raises.
    """
    pulls = pulls_of(options, remote_of(options.repo)) if propose else None
    built = build(options, open_store(options.store, must_exist=True), clock_of(options))
    try:
        asked = Change(
            name=back.name,
            edit=lambda snapshot: _edit(snapshot, back, built),
            tell=lambda made: _tell(made, back),
            branch=f"trueup/rollback/{back.env}/{back.target}" if propose else "",
            pulls=pulls,
        )
        return change(asked, options, user)
    finally:
        built.close()


def _edit(snapshot: "Snapshot", back: Back, built: "Built") -> Edition:
    made = edition(snapshot, back.env, back.target, back.kept.release.version)
    if not made.is_new:
        return made
    group, record = made.desired.targets[back.target].group, built.store.load(back.env).targets
    for name in group.members if group else (back.target,):
        want, _ = would_want(built, made.desired, name)
        if name not in record or not record[name].is_known(want.release.digest):
            raise Refusal(
                f"{made.version} of {name} in the spec would not be what was good here any more: its tag or its "
                "task definition has changed since; change the spec by hand"
            )
    return made


def _tell(made: Edition, back: Back) -> Said:
    since = f", which was good there since {instant(back.kept.since)}" if back.kept.since else ""
    return Said(
        subject=f"Go back to {made.version} with {back.target} in {back.env}",
        body=f"{back.name} had {made.before}; it was rolled back to {made.version}{since}.\n\nWhy: {back.reason}",
        trailers=(
            f"{TRAILER}: {back.name}",
            f"Trueup-Version: {made.version}",
            f"Trueup-Replaces: {made.before}",
            f"Trueup-Release: {back.kept.digest}",
        ),
    )
