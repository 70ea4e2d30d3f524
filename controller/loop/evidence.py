"""Gather why a release failed, before the platform forgets, and journal it."""

from controller.errors import Conflict
from controller.loop.observe import answered
from controller.model.decision import Plan
from controller.model.names import EnvName
from controller.model.record import Record
from controller.model.story import Entry
from controller.plan.evidence import Failed, failed_in, history_lines, history_questions, row_of
from controller.ports import World


def keep_evidence(env: EnvName, before: Record, plan: Plan, after: Record, world: World) -> Record:
    """Journal what can be gathered of every release that this plan bars; gives the record as it now stands.

    Nothing waits for it: it is gathered after the plan was carried out. Raises PlatformError if the store is away.
    """
    entries = tuple(row_of(env, plan, failed, _gathered(env, failed, world)) for failed in failed_in(before, plan))
    return _journaled(env, after, entries, world) if entries else after


def _gathered(env: EnvName, failed: Failed, world: World) -> tuple[str, ...]:
    lines = tuple(history_lines(answered(frozenset(history_questions(env, failed)), world)))
    target = world.targets.get(failed.place.kind)
    if target is None or failed.deployment is None:
        return lines
    try:
        return (*lines, *target.evidence(failed.place, failed.deployment))
    except Exception as error:  # noqa: BLE001  what could not be gathered is said, and holds up nothing
        return (*lines, f"nothing more could be gathered: {type(error).__name__}: {error}")


def _journaled(env: EnvName, after: Record, entries: tuple[Entry, ...], world: World) -> Record:
    """Append the rows; somebody may have ordered something meanwhile."""
    try:
        return world.store.save(after, after, env, entries)
    except Conflict:
        newer = world.store.load(env)
        return world.store.save(newer, newer, env, entries)
