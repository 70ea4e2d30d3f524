"""Signals of a rollout that goes back."""

from types import MappingProxyType
from typing import Final

from controller.model.observation import Blame, Deployment, Live, State
from controller.model.release import Kept
from controller.model.rollout import Result
from controller.plan.calls import back_again, back_invisible, continues_at, in_words, was_ended, who
from controller.plan.compare import differences
from controller.plan.hooking import Pending, Standing, before_back, runs_now, standing
from controller.plan.joint import GROUP
from controller.plan.look import Look
from controller.plan.prepare import HOOK
from controller.plan.readings import Returning, Still
from controller.plan.said import Said, say

_TOLD: Final = 2


def read_back(look: Look, settling: Said[Still] | None) -> Said[Returning | Still]:
    """Done first, then its own deadline, then where the way back stands, and last its budget of calls."""
    rollout = look.rollout
    terms = rollout.terms
    hook = before_back(look)
    late = look.clock - rollout.since > terms.back_deadline
    if hook is not None:
        return _hook(look, hook, late=late)
    there = look.live if look.runs(rollout.goal) or _is_ours(look) else None
    if there is not None and _is_done(there):
        return say(Returning.STEADY, f"back on {rollout.goal.version}{_otherwise(look, there)}")
    held = _by_its_group(look)
    if held is not None:
        return held
    if late:
        return say(Returning.SPENT, f"not back after {in_words(terms.back_deadline)}")
    if settling is not None:
        return settling
    if look.paused_deployment is not None and _may_go_on(look):
        return say(Returning.AWAITING, rollout.goal.version)
    said = _there(look, there) if there is not None else _away(look)
    if _needs_call(look, said.signal) and rollout.tries >= terms.back_calls:
        return say(Returning.SPENT, f"{rollout.tries} calls; {said.why}")
    return said


def _by_its_group(look: Look) -> Said[Returning] | None:
    """Wait for those that go back first; without the hooks of the group there is nothing to go back to."""
    if look.joint.lost:
        return say(Returning.LOST, look.joint.lost, GROUP)
    return say(Returning.FOLLOWING, look.joint.after) if look.joint.after else None


_HOOKS: Final = MappingProxyType(
    {
        Standing.BEGIN: Returning.HOOKED,
        Standing.WAITING: Returning.HOOKING,
        Standing.LATE: Returning.LATE,
        Standing.FAILED: Returning.LOST,
        Standing.UNKNOWN: Returning.LOST,
    }
)


def _hook(look: Look, hook: Pending, *, late: bool) -> Said[Returning]:
    """Say how a hook stands that has to pass before the service goes back; one that failed needs a person.

    So does one that cannot be started: the deadline stands still only for what runs.
    """
    found, why = standing(look, hook)
    if found is Standing.FAILED and _cannot_run(hook) and _others(look):
        return say(Returning.BARRED, why)
    if late and not runs_now(look.memory):
        return say(Returning.SPENT, f"not begun after {in_words(look.rollout.terms.back_deadline)}; {why}", HOOK)
    return say(_HOOKS[found], why, HOOK)


def _cannot_run(hook: Pending) -> bool:
    """Whether what we go back to is not there to be run: its images never started."""
    return hook.run is not None and hook.run.images is not None and hook.run.code is None


def _may_go_on(look: Look) -> bool:
    """Whether a pause in our way back may be ended: nobody is asked for it, and it was not just done."""
    paused, ended = look.paused_deployment, look.rollout.continued
    awaits = paused.awaits if paused else None
    if awaits is None or ended is None or not was_ended(ended, awaits):
        return awaits is not None
    return look.now >= continues_at(ended, look.rollout.terms)


def _is_ours(look: Look) -> bool:
    """Whether PRIMARY is what our call made, as its answer said: that is ours, whatever it runs by now."""
    made = look.rollout.deployment
    return made is not None and look.live is not None and look.live.deployment == made


def _otherwise(look: Look, live: Live) -> str:
    """Say in what our own deployment is not what we went back to: a tag stands for another image now."""
    if look.runs(look.rollout.goal):
        return ""
    differ = differences(live.manifest, look.rollout.goal.manifest)
    said = "; ".join(f"{one.path} is {one.live} now, and was {one.wanted}" for one in differ[:_TOLD])
    return f", but not to the very same: {said}" if said else ""


def _needs_call(look: Look, signal: Returning) -> bool:
    if signal is Returning.BARRED:
        return not look.runs(_others(look)[0].release)
    return signal is Returning.UNSENT


def _is_done(live: Live) -> bool:
    made = live.primary
    return made is not None and made.state is State.SUCCESSFUL and live.running >= live.desired


def _there(look: Look, live: Live) -> Said[Returning]:
    made = live.primary
    if made is not None and (made.broke or made.state is State.STOPPED):
        return _broken(look, made)
    if made is not None and made.blame is Blame.PLATFORM:
        return say(Returning.TROUBLED, made.why, "platform")
    return say(Returning.MOVING, f"{live.running} of {live.desired} run")


def _away(look: Look) -> Said[Returning]:
    call, ours = look.rollout.call, look.ours
    if call is not None and call.result is Result.REFUSED:
        return _or_lost(look, call.why)
    if ours is not None and ours.broke:
        return _broken(look, ours)
    return say(Returning.FOREIGN, who(look.live), "foreign") if ours is not None else back_invisible(look)


def _broken(look: Look, made: Deployment) -> Said[Returning]:
    if made.blame is Blame.PLATFORM:
        returning = made.state is State.RETURNING
        return say(Returning.TROUBLED, made.why, "platform") if returning else back_again(look, made.why)
    return _or_lost(look, made.why)


def _or_lost(look: Look, why: str) -> Said[Returning]:
    return say(Returning.BARRED if _others(look) else Returning.LOST, why)


def _others(look: Look) -> list[Kept]:
    return [kept for kept in look.ways if kept.digest != look.rollout.goal.digest]
