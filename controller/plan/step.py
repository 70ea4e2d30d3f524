"""One step: the next memory of a target and the call that makes it true; and what every look at a rollout notes."""

from dataclasses import dataclass, replace

from controller.model.decision import Action
from controller.model.observation import Blame, Deployment, State
from controller.model.record import Memory
from controller.model.rollout import Phase
from controller.plan.hooking import before_back, runs_now
from controller.plan.look import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next memory, and the call that makes it true."""

    memory: Memory
    action: Action | None = None


def watch(look: Look) -> Memory:
    """Note what this look says of the open rollout: its clocks, its counts and what its guards said."""
    rollout, live, ours = look.rollout, look.live, look.ours
    is_short = live is not None and live.running < live.desired
    trouble = ours is not None and ours.blame is Blame.PLATFORM and rollout.back is None
    baking = look.memory.phase is Phase.BAKING
    unproven = baking and live is not None and live.desired > 0 and look.guards
    short_since = rollout.short_since if baking and not trouble else None
    reached = max(rollout.reached, ours.reached if ours else 0)
    watched = replace(
        rollout,
        since=look.now if _stands_still(look, trouble=trouble) else rollout.since,
        done=rollout.done or (look.now if ours is not None and ours.state is State.SUCCESSFUL else None),
        baked=look.baked,
        well_at=look.now if look.well else None,
        short_since=(short_since or look.now) if is_short else None,
        unsure_since=(rollout.unsure_since or look.now) if unproven else None,
        rang=look.rang,
        heard=look.heard,
        reached=reached,
        moved=look.now if reached > rollout.reached else rollout.moved,
        evidence=ours.evidence if ours is not None and ours.evidence else rollout.evidence,
        revision=live.revision if live and ours and live.deployment == ours.id else rollout.revision,
    )
    return replace(look.memory, rollout=watched)


def _stands_still(look: Look, *, trouble: bool) -> bool:
    """Whether the deadline does not run: the platform is in trouble, waits for a person, or others go first."""
    phase, ours = look.memory.phase, look.ours
    if phase is Phase.ROLLING_BACK:
        return bool(look.joint.after) or (before_back(look) is not None and runs_now(look.memory))
    return phase is Phase.ROLLING and (trouble or _awaits(ours))


def _awaits(ours: Deployment | None) -> bool:
    return ours is not None and ours.awaits is not None
