"""What the loop would make of specs that are not committed yet: looked at and decided, and nothing changed."""

from dataclasses import replace
from typing import TYPE_CHECKING

from controller import kinds
from controller.errors import PlatformError
from controller.loop.reconcile import going_from, look_only
from controller.model.desired import Desired, DesiredTarget, Unread
from controller.model.names import EnvName, TargetName
from controller.model.observation import Unseen
from controller.plan.joint import GROUP
from controller.ports import NOTHING_ELSE
from controller.sources.environments import environments, sheets_of
from controller.spec.parse import Compiler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.app.world import Built
    from controller.model.decision import Blocker
    from controller.model.desired import Accepted, Reading
    from controller.sources.snapshot import Snapshot


class Proposed:
    """A source that says what one environment would want."""

    def __init__(self, reading: "Reading") -> None:
        self._reading = reading

    def poll(self) -> None:
        """Do nothing: there is nothing newer."""

    def environments(self) -> frozenset[EnvName]:
        """Name the only one."""
        return frozenset({self._reading.env})

    def read(
        self, env: EnvName, accepted: "Accepted | None", instead: "Mapping[TargetName, str]" = NOTHING_ELSE
    ) -> "Reading":
        """Give it, whatever was accepted before, and whatever hotfixes stand: they end with another spec."""
        del env, accepted, instead
        return self._reading


def would_want(built: "Built", desired: Desired, target: TargetName) -> "tuple[DesiredTarget, tuple[Blocker, ...]]":
    """Give what would be wanted of a target, its tags resolved, and what would keep that waiting.

    Of a group that is what would keep any of it. Raises PlatformError if it cannot be told: what runs is not seen,
    or a tag could not be resolved.
    """
    world, record = replace(built.world, source=Proposed(desired)), built.world.store.load(desired.env)
    # Who wrote what is committed already is asked of the source, which has to have read it for that.
    built.world.source.poll()
    built.world.source.read(desired.env, going_from(record))
    cycle = look_only(desired.env, frozenset({target}), world, record)
    sight, name = cycle.seen.sights.get(target), f"{desired.env}/{target}"
    if not isinstance(cycle.desired, Desired) or sight is None or isinstance(sight, Unseen):
        why = sight.why if isinstance(sight, Unseen) else "nobody looked"
        raise PlatformError(f"{name} cannot be judged, for it is not seen: {why}")
    want = cycle.desired.targets[target]
    if want.unread:
        raise PlatformError(f"{name} cannot be judged: {want.unread}")
    mine, decisions = cycle.plan.decisions[target].blockers, cycle.plan.decisions
    members = want.group.members if want.group else ()
    others = (one for name in members if name in decisions for one in decisions[name].blockers if one.gate != GROUP)
    return want, tuple(dict.fromkeys((*mine, *others)))


def wanted_now(snapshot: "Snapshot", env: EnvName, target: TargetName) -> DesiredTarget | None:
    """Give what the specs want of a target as they are, its tags not resolved; None if they do not say."""
    sheets = sheets_of(env, snapshot, environments(snapshot))
    return None if isinstance(sheets, Unread) else Compiler(kinds.SPEC).compile(env, sheets).targets.get(target)
