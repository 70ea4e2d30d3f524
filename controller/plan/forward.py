"""Signals of a rollout that goes forward: rolling and baking."""

from dataclasses import replace
from typing import Final, TypeAlias

from controller.model.desired import Supersede
from controller.model.hooks import When
from controller.model.observation import Awaits, Blame, Deployment, Live, State
from controller.model.rollout import Phase, Purpose, Result
from controller.plan.calls import continues_at, forward_again, forward_invisible, in_words, was_ended, who
from controller.plan.hooking import Pending, Standing, after_rollout, first_of_wish, standing
from controller.plan.joint import GROUP
from controller.plan.keep import failed_core
from controller.plan.look import Look
from controller.plan.prepare import HOOK
from controller.plan.readings import Baking, Course, Rolling
from controller.plan.said import Said, say
from controller.plan.versions import called

EXITS: Final = 2
_ILL: Final = frozenset(
    {Course.FAILING, Course.LOST, Course.BRAKED, Course.OUSTED, Course.UNSAFE, Course.CALLED_BACK}
)
_OWN: Final = frozenset({Course.FAILING, Course.FOREIGN, Course.LATE})
"""What a member of a group does whatever the others do: it is no better for going on."""
_FINAL: Final = frozenset({Baking.BAKED, Course.FOREIGN, Course.TAKEN})

Forward: TypeAlias = Said[Course | Rolling | Baking]


def read_forward(look: Look) -> Forward:
    """Take a person's order first, then the health of ours, then a newer wish."""
    if look.ordered and look.asked:
        return say(Course.ORDERED, f"to {look.asked[0].release.version}", "person")
    return _or_newer(look, _or_no_way(look, _together(look, _health(look))))


def _together(look: Look, said: Forward) -> Forward:
    """Let a member of a group do what the others do: go back, stop, or wait until all of them are well."""
    joint = look.joint
    if said.signal in _OWN:
        return said
    if joint.back:
        return say(Course.CALLED_BACK, joint.back, GROUP)
    if joint.halts:
        return say(Course.HALTED, joint.halts, GROUP)
    if said.signal is Baking.BAKED and joint.waits:
        return say(Baking.EARLY, f"{said.detail}; {joint.waits}")
    return said


def _or_no_way(look: Look, said: Forward) -> Forward:
    if said.signal not in {Course.FAILING, Course.CALLED_BACK}:
        return said
    if look.lets_be:
        return say(Course.OUSTED, f"{who(look.live)}; {said.detail}", said.cause)
    if look.rollout.purpose is Purpose.RESTART:
        why = f"the restart of {look.rollout.release.version} failed, and what it was good for still counts"
        return say(Course.LOST, f"{why}; {said.detail}", said.cause)
    if not (look.rollout.terms.rollback_safe and _group_is_safe(look)):
        return say(Course.UNSAFE, f"rollbackSafe: false; {_owner(look)} decides; {said.detail}", said.cause)
    if not look.ways:
        return say(Course.LOST, said.detail, said.cause)
    braked = look.braked and said.signal is Course.FAILING
    return say(Course.BRAKED, said.detail, said.cause) if braked else said


def _group_is_safe(look: Look) -> bool:
    """Whether every member of its group may go back by itself."""
    part = look.rollout.part
    return part is None or part.group.rollback_safe


def _owner(look: Look) -> str:
    return look.memory.owner or "its owner"


def _or_newer(look: Look, said: Forward) -> Forward:
    wish = look.wish
    if wish is None or wish.digest == look.rollout.release.digest or not look.is_open:
        return said
    if said.signal in _FINAL or look.lets_be:
        return said
    first = first_of_wish(look)
    if said.signal in _ILL and first is not None:
        return said
    if said.signal in _ILL:
        kept = look.supersede is Supersede.AFTER_BAKE and not wish.free
        core = failed_core(look.memory, look.rollout.release)
        kept = kept or (core is not None and core == wish.release.core)  # it would be barred in the next step
        return said if kept else say(Course.MENDED, f"{called(look, wish)}; {said.why}", said.cause)
    idle = said.signal is Baking.UNVERIFIED
    if not (wish.free or idle or look.supersede is Supersede.ALWAYS):
        return said
    if first is not None and first[0] is Standing.BEGIN and _undoes(look) and not (wish.free or idle):
        why = f"{wish.release.version} waits: its hooks come after this bake, whose undo they must not meet"
        return replace(said, detail=f"{said.detail}; {why}".strip("; "))
    what = called(look, wish)
    return say(Course.OVERTAKEN, what) if first is None else _ahead(first, what, said)


def _undoes(look: Look) -> bool:
    """Whether going back from what is under way would run a hook, after hooks of what waits."""
    return any(hook.when is When.ON_ROLLBACK for hook in look.rollout.terms.hooks)


def _ahead(first: tuple[Standing, str], wanted: str, said: Forward) -> Forward:
    """Let the hooks of what waits go first, while what is under way is watched on."""
    if said.signal is Baking.HOOKED:
        return said
    found, why = first
    match found:
        case Standing.BEGIN:
            return say(Course.AHEAD, f"{wanted}: {why}")
        case Standing.LATE:
            return say(Course.LATE, why)
        case Standing.FAILED:
            return say(Course.UNFIT, f"{wanted}: {why}", HOOK)
        case _:
            return replace(said, detail="; ".join((said.detail, f"{wanted} waits: {why}")).strip("; "))


def _health(look: Look) -> Forward:
    ours, live, call = look.ours, look.live, look.rollout.call
    if call is not None and call.result is Result.REFUSED:
        return say(Course.FAILING, call.why, "refused")
    if live is None or ours is None:
        return _unmade(look)
    if ours.broke:
        return _unshown(look, live, ours) or _broken(look, ours)
    if live.deployment != ours.id:
        same = look.runs(look.rollout.release)
        return say(Course.TAKEN, who(live)) if same else say(Course.FOREIGN, who(live), "foreign")
    if ours.state is State.STOPPED:
        return _broken(look, ours)
    if look.ringing:
        return say(Course.FAILING, "; ".join(look.ringing), "alarm")
    return _bake(look, live, ours) if look.memory.phase is Phase.BAKING else _roll(look, live, ours)


def _unmade(look: Look) -> Forward:
    """Nothing of ours is listed: somebody made the same or another, it was never sent, or it is over."""
    rollout, live = look.rollout, look.live
    if rollout.deployment is None and rollout.call is None:
        return say(Course.UNSENT)
    base = rollout.call.expect if rollout.call else None
    ours = rollout.deployment or (base.deployment if base else None)
    if live is not None and live.deployment != ours and look.runs(rollout.release):
        return say(Course.TAKEN, who(live))
    if live is None or rollout.deployment is None:
        return forward_invisible(look)
    if base is not None and live.deployment == base.deployment:
        return say(Course.FAILING, "it is no longer listed, and what ran before it runs again", "breaker")
    if live.deployment != rollout.deployment:
        return say(Course.FOREIGN, who(live), "foreign")
    baking = look.memory.phase is Phase.BAKING
    return say(Course.STEADY if baking else Rolling.MOVING, "its verdict cannot be read")


def _unshown(look: Look, live: Live, ours: Deployment) -> Forward | None:
    """Wait until it shows what the platform goes back to by itself, no longer than to the deadline.

    A look is more than one read: the account may say already that it goes back while the list still shows ours.
    """
    by_itself = ours.state in {State.RETURNING, State.RETURNED} and live.deployment == ours.id
    in_time = look.clock - look.rollout.since <= look.rollout.terms.deadline
    if not by_itself or not in_time or look.memory.phase is not Phase.ROLLING:
        return None
    return say(Rolling.MOVING, f"{ours.state}: {ours.why}; what it goes back to does not show yet")


def _broken(look: Look, ours: Deployment) -> Forward:
    if ours.blame is Blame.PLATFORM:
        returning = ours.state is State.RETURNING
        return say(Course.TROUBLED, ours.why, "platform") if returning else forward_again(look, ours.why)
    shown = "; ".join((ours.why, *ours.evidence[:2])) if ours.why else "; ".join(ours.evidence[:2])
    return say(Course.FAILING, f"{ours.state}: {shown}", _cause(ours))


def _cause(ours: Deployment) -> str:
    """Name in one word why the platform gave up."""
    named = (("alarm", "alarm"), ("circuit breaker", "breaker"))
    return next((cause for word, cause in named if word in ours.why.lower()), "ecs")


def _roll(look: Look, live: Live, ours: Deployment) -> Forward:
    if ours.state is State.SUCCESSFUL:
        return say(Course.STEADY)
    if ours.awaits is not None:
        return _awaiting(look, ours.awaits)
    if ours.blame is Blame.PLATFORM:
        return say(Course.TROUBLED, ours.why, "platform")
    if look.clock - look.rollout.since > look.rollout.terms.deadline:
        said = "; ".join((f"not done after {in_words(look.rollout.terms.deadline)}", *ours.evidence[:2]))
        return say(Course.FAILING, said, "deadline")
    if _is_stuck(look, live):
        said = f"no further for {in_words(look.rollout.terms.stuck)}: {live.running} of {live.desired} run"
        return say(Course.FAILING, "; ".join((said, *ours.evidence[:2])), "progress")
    stage = f", {ours.stage}" if ours.stage else ""
    return say(Rolling.MOVING, f"{live.running} of {live.desired} run{stage}")


def _is_stuck(look: Look, live: Live) -> bool:
    """Whether tasks are missing, and nothing has got any further for too long."""
    rollout = look.rollout
    last = max(rollout.since, rollout.moved or rollout.since)
    return live.running < live.desired and look.clock - last > rollout.terms.stuck


def _awaiting(look: Look, awaits: Awaits) -> Forward:
    """Wait for a person's yes or no as long as the platform does."""
    answer, ended = look.answer, look.rollout.continued
    at = f"{awaits.stage or 'a pause'}"
    if answer is not None and not answer.yes:
        said = f"rejected by {answer.by or 'a person'} at {at}: {answer.reason or 'no reason given'}"
        return say(Course.FAILING, said, "rejected")
    if ended is not None and was_ended(ended, awaits):
        due = look.now >= continues_at(ended, look.rollout.terms)
        return say(Rolling.APPROVED, f"{at}, asked again") if due else say(Rolling.AWAITING, f"{at}: told to go on")
    if answer is not None and answer.stage in {"", awaits.stage}:
        return say(Rolling.APPROVED, f"at {at}, by {answer.by or 'a person'}")
    until = f" until {awaits.until:%H:%M}, then {awaits.then}" if awaits.until else ""
    return say(Rolling.AWAITING, f"at {at}{until}")


def _bake(look: Look, live: Live, ours: Deployment) -> Forward:
    terms, short, unsure = look.rollout.terms, look.rollout.short_since, look.rollout.unsure_since
    if live.exits >= EXITS:
        return say(Course.FAILING, "; ".join((f"{live.exits} tasks died", *ours.evidence[:2])), "tasks")
    if live.desired == 0:
        return say(Baking.UNVERIFIED)
    if live.running < live.desired:
        if ours.blame is Blame.PLATFORM:
            return say(Course.TROUBLED, ours.why, "platform")
        overdue = short is not None and look.clock - short > terms.progress
        counts = f"{live.running} of {live.desired} run"
        return say(Course.FAILING, counts, "tasks") if overdue else say(Course.STEADY, counts)
    hook = after_rollout(look)
    if hook is not None:
        return _after(look, hook)
    if look.baked >= terms.bake and look.well:
        return say(Baking.BAKED, f"for {in_words(look.baked)}")
    doubts = "; ".join(judged.verdict.why for judged in look.guards)
    if doubts and unsure is not None and look.clock - unsure > terms.unsure:
        return say(Baking.UNSURE, f"{doubts}, for {in_words(look.clock - unsure)}")
    return say(Course.STEADY, doubts or f"baked {in_words(look.baked)} of {in_words(terms.bake)}")


def _after(look: Look, hook: Pending) -> Forward:
    """Say how a hook stands that has to pass before what bakes is good."""
    found, why = standing(look, hook)
    match found:
        case Standing.BEGIN:
            return say(Baking.HOOKED, why)
        case Standing.LATE:
            return say(Course.LATE, why)
        case Standing.FAILED:
            return say(Course.FAILING, why, HOOK)
        case Standing.UNKNOWN:
            return say(Baking.UNSURE, why)
        case _:
            baked = f"baked {in_words(look.baked)} of {in_words(look.rollout.terms.bake)}"
            return say(Course.STEADY, f"{why}; {baked}")
