"""The moves that start and stop one-off tasks, and that let the platform go on."""

from dataclasses import replace

from controller.model.decision import Continue, Stop
from controller.model.hooks import Run
from controller.model.record import Memory
from controller.model.rollout import MOVING, Continued, Phase, Purpose
from controller.plan.approvals import use_up
from controller.plan.calls import INTENT_LIFE, in_words
from controller.plan.hooking import (
    Pending,
    Standing,
    after_rollout,
    before_back,
    before_rollout,
    before_wish,
    late,
    standing,
)
from controller.plan.keep import quarantined
from controller.plan.look import Look
from controller.plan.open import new_rollout, opened
from controller.plan.runs import begin
from controller.plan.step import Step, watch


def prepare(look: Look) -> Step:
    """Open a rollout whose hooks come first, and start the first of them unless another task still runs."""
    if look.wish is None:
        raise AssertionError("a rollout forward needs a wish")
    memory = use_up(replace(look.memory, next=None, drift=None, heals=(), fight=None), look)
    rollout = new_rollout(look, look.wish.release, look.wish.want.terms, Purpose.FORWARD, "deploy")
    return _started(look, opened(memory, rollout), before_wish(look))


def start(look: Look) -> Step:
    """Start the open rollout's own next hook."""
    match look.memory.phase:
        case Phase.PREPARING:
            pending = before_rollout(look)
        case Phase.ROLLING_BACK:
            pending = before_back(look)
        case _:
            pending = after_rollout(look)
    return _started(look, watch(look), pending)


def start_ahead(look: Look) -> Step:
    """Start a hook of what waits, while the rollout under way goes on being watched."""
    return _started(look, watch(look), before_wish(look))


def _started(look: Look, memory: Memory, pending: Pending | None) -> Step:
    if pending is None or standing(look, pending)[0] is not Standing.BEGIN:
        return Step(memory=memory)
    begun, action = begin(look, memory, pending)
    return Step(memory=begun, action=action)


def stop(look: Look) -> Step:
    """Stop the task that takes too long; what came of it is seen when it has ended."""
    rollout, run = look.memory.rollout, late(look)
    memory = watch(look) if rollout is not None and look.memory.phase in MOVING else look.memory
    if run is None:
        raise AssertionError("a task is stopped because it is late")
    known = (*look.memory.releases, *((look.wish.release,) if look.wish else ()))
    release = next((one for one in known if one.digest == run.digest), known[0])

    def told(one: Run) -> Run:
        return replace(one, stopped=look.now) if one.id == run.id else one

    action = Stop(
        target=look.name,
        place=look.place,
        id=run.id,
        task=run.task,
        release=release,
        why=f"{run.title} is not done after {in_words(run.timeout)}",
        purpose=rollout.purpose if rollout else Purpose.FORWARD,
        not_after=look.now + INTENT_LIFE,
        rollout=rollout.number if rollout else 0,
    )
    return Step(memory=replace(memory, runs=tuple(map(told, memory.runs))), action=action)


def dismiss(look: Look, cause: str, why: str) -> Step:
    """Bar what waits, because a hook of it failed; the rollout under way goes on."""
    if look.wish is None:
        raise AssertionError("what is dismissed is what waits")
    return Step(memory=replace(quarantined(look, watch(look), look.wish.release, cause, why), next=None))


def go_on(look: Look) -> Step:
    """Let the platform go on after its pause."""
    memory, ours = watch(look), look.paused_deployment
    rollout, answer = memory.rollout, look.orders.answer
    if ours is None or ours.awaits is None or rollout is None:
        raise AssertionError("only what waits goes on")
    by = answer.by if answer and rollout.back is None else ""
    awaits = ours.awaits
    continued = Continued(
        pause=awaits.pause, stage=awaits.stage, until=awaits.until, deployment=ours.id, at=look.now, by=by
    )
    action = Continue(
        target=look.name,
        place=look.place,
        deployment=ours.id,
        pause=ours.awaits.pause,
        release=rollout.goal,
        not_after=look.now + INTENT_LIFE,
        purpose=rollout.purpose,
        rollout=rollout.number,
    )
    return Step(memory=replace(memory, rollout=replace(rollout, continued=continued)), action=action)
