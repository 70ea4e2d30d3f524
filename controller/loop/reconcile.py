"""One turn. Everything else in this package is called from here, or calls this."""

from dataclasses import replace

from controller.errors import Conflict
from controller.loop.act import Check, act_all
from controller.loop.evidence import keep_evidence
from controller.loop.observe import observe
from controller.model.cycle import Cycle
from controller.model.decision import Action
from controller.model.desired import Accepted, Reading
from controller.model.names import EnvName, TargetName
from controller.model.outcome import Outcome
from controller.model.record import Record
from controller.plan.decide import decide
from controller.plan.lane import instead
from controller.plan.narrate import tell_outcomes, tell_plan
from controller.plan.remember import intend, learn
from controller.plan.summarise import summarise
from controller.ports import World


def reconcile(env: EnvName, due: frozenset[TargetName] | None, world: World, check: Check | None = None) -> Cycle:
    """Bring the targets that are due (None: all) one step closer to their spec.

    Raises Conflict when somebody else saved first, PlatformError when the store is away: nothing was sent then.
    """
    began = world.elapsed()
    before = world.store.load(env)  # recall
    desired = read(env, before, world)  # read
    desired, seen = observe(desired, before, due, world)  # observe
    now = seen.at or world.now()
    plan = decide(desired, seen, before, now)  # decide (pure)
    told = tell_plan(desired, before, plan, seen.answers)
    intent = world.store.save(before, intend(before, plan, desired), env, told)
    outcomes = act_all(plan.actions, world, check or _anything)  # act
    after = intent
    if outcomes:
        after = _remember(env, intent, outcomes, world)
    after = keep_evidence(env, before, plan, after, world)
    return Cycle(
        desired=desired,
        seen=seen,
        before=before,
        now=now,
        plan=plan,
        outcomes=outcomes,
        after=after,
        status=summarise(desired, seen, before, plan, after),
        seconds=world.elapsed() - began,
    )


def _remember(env: EnvName, intent: Record, outcomes: tuple[Outcome, ...], world: World) -> Record:
    """Write down what came of the actions, over what people ordered meanwhile too; raises Conflict for all else."""
    entries = tell_outcomes(env, outcomes, world.now())
    try:
        return world.store.save(intent, learn(intent, outcomes), env, entries)
    except Conflict:
        newer = world.store.load(env)
        if any(newer.targets.get(o.action.target) != intent.targets.get(o.action.target) for o in outcomes):
            raise
        return world.store.save(newer, learn(newer, outcomes), env, entries)


def preview(env: EnvName, world: World) -> Cycle:
    """Decide as a turn would for every target, and change nothing anywhere."""
    return look_only(env, None, world, world.store.load(env))


def look_only(env: EnvName, due: frozenset[TargetName] | None, world: World, before: Record) -> Cycle:
    """Look and decide from a record in hand; nothing is written and nothing is sent."""
    desired = read(env, before, world)
    desired, seen = observe(desired, before, due, world)
    seen = replace(seen, tokens={})
    now = seen.at or world.now()
    plan = decide(desired, seen, before, now)
    status = summarise(desired, seen, before, plan, before)
    return Cycle(
        desired=desired, seen=seen, before=before, now=now, plan=plan, outcomes=(), after=before, status=status
    )


def going_from(before: Record) -> Accepted | None:
    """Say which commit to go forward from, and whether a person accepted a history that goes elsewhere."""
    order, accepted = before.orders.accept, before.accepted
    if accepted is None or order is None or order.number <= before.heard_accept:
        return accepted
    return replace(accepted, anywhere=True, only=order.commit)


def read(env: EnvName, before: Record, world: World) -> Reading:
    """Read what is wanted: what the spec says, but for the versions that hotfixes want instead."""
    return world.source.read(env, going_from(before), instead(before, world.now()))


def _anything(action: Action) -> None:
    del action
