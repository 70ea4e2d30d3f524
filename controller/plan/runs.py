"""One-off tasks: what was seen of those that were started, and how one is started."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from controller.model.decision import Start
from controller.model.hooks import Run, RunState, TaskAbsent, TaskAt, TaskEnded, TaskRuns, TaskSight, When, task_id
from controller.model.names import Revision, TaskId
from controller.model.place import Place
from controller.model.record import RUNS, Memory
from controller.model.rollout import MOVING, Purpose, Terms
from controller.plan.calls import INTENT_LIFE, in_words
from controller.plan.hooking import Pending, others
from controller.plan.look import Look
from controller.plan.open import may_exist, revision_of, setting_out

LOGGED: Final = 5
"""How many of the newest tasks are kept with what they logged: the journal has it of all that failed."""
FORGOTTEN: Final = timedelta(hours=1)
"""How long ECS shows tasks that have stopped: whether one that was asked for earlier ever ran cannot be read."""


def followed(memory: Memory, tasks: Mapping[TaskId, TaskSight], terms: Terms | None, now: datetime) -> Memory:
    """Note what was seen of one-off tasks that were waited for."""
    if not tasks or all(run.over for run in memory.runs):
        return memory
    settle = (terms or Terms()).settle
    runs = tuple(run if run.over else _seen(run, tasks.get(run.id), settle, now) for run in memory.runs)
    return memory if runs == memory.runs else replace(memory, runs=runs)


def _seen(run: Run, sight: TaskSight | None, settle: timedelta, now: datetime) -> Run:
    match sight:
        case TaskRuns():
            why = run.why if run.stopped is not None else ""
            return replace(run, state=RunState.RUNNING, task=sight.task, sent=True, why=why)
        case TaskEnded():
            return _ended(run, sight, now)
        case TaskAbsent() if run.sent is not False and now - run.at > _patience(run, settle):
            return replace(run, state=RunState.UNKNOWN, ended=now, why="it ended while nobody looked, and is gone")
        case TaskAbsent() if run.sent is None and INTENT_LIFE + settle < now - run.at < FORGOTTEN / 2:
            return replace(run, sent=False, why="it never arrived")
        case _:
            return run


def _patience(run: Run, settle: timedelta) -> timedelta:
    return settle if run.state is RunState.RUNNING else FORGOTTEN


def _ended(run: Run, sight: TaskEnded, now: datetime) -> Run:
    state, why = RunState.FAILED, sight.why or f"exited {sight.code}"
    if sight.code == 0:
        state, why = RunState.PASSED, ""
    elif sight.ground:
        state = RunState.BROKEN if sight.code is None else RunState.UNKNOWN
    if run.stopped is not None and state is not RunState.PASSED:
        state, why = RunState.FAILED, f"not done after {in_words(run.timeout)}, and stopped"
    return replace(
        run, state=state, task=sight.task, sent=True, ended=now, code=sight.code, why=why, lines=sight.lines
    )


def begin(look: Look, memory: Memory, pending: Pending) -> tuple[Memory, Start]:
    """Write down that a hook is started, and ask for it; asked again, it is the same task."""
    run, hook, rollout = pending.run, pending.hook, memory.rollout
    attempt = run.attempt + 1 if run is not None and run.state is RunState.BROKEN else run.attempt if run else 0
    again = run is not None and run.attempt == attempt
    images = others(pending.images, pending.release)
    started = Run(
        id=task_id(look.place.claim, pending.release.digest, hook, pending.retry, attempt, images),
        digest=pending.release.digest,
        hook=hook.name,
        when=hook.when,
        at=look.now,
        timeout=hook.timeout,
        shape=hook.shape,
        retry=pending.retry,
        attempt=attempt,
        images=images,
        tries=run.tries + 1 if run is not None and again else 1,
    )
    back = hook.when is When.ON_ROLLBACK
    revision = _revision(memory, pending)
    action = Start(
        target=look.name,
        place=look.place,
        id=started.id,
        hook=hook,
        release=pending.images,
        revision=revision,
        purpose=Purpose.BACK if back else Purpose.FORWARD,
        not_after=look.now + INTENT_LIFE,
        look_first=again or may_exist(memory, pending.images),
        rollout=rollout.number if rollout else 0,
    )
    kept = (*(one for one in memory.runs if one.id != started.id and (one.over or one.is_out)), started)
    return replace(setting_out(memory, pending.images, revision), runs=_bounded(kept)), action


def _bounded(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Keep the newest, and what the newest of these logged; one that has not ended is never forgotten."""
    old, newer, newest = runs[:-RUNS], runs[-RUNS:-LOGGED], runs[-LOGGED:]
    silent = (replace(run, lines=()) if run.lines else run for run in newer)
    return (*(run for run in old if not run.over), *silent, *newest)


def _revision(memory: Memory, pending: Pending) -> Revision | None:
    rollout, release = memory.rollout, pending.images
    if rollout is not None and rollout.back is not None and rollout.back.digest == release.digest:
        return rollout.back.revision
    if rollout is not None and rollout.release.digest == release.digest and rollout.revision:
        return rollout.revision
    return revision_of(memory, release)


def open_tasks(memory: Memory, place: Place) -> Iterator[TaskAt]:
    """Give the one-off tasks that are still waited for, to be looked for; at rest none that was not sent."""
    moving = memory.phase in MOVING
    waited = (run for run in memory.runs if run.is_out or (moving and not run.over))
    return (TaskAt(id=run.id, place=place, task=run.task, shape=run.shape) for run in waited)
