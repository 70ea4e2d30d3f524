"""Look at everything that is due, once."""

from collections import defaultdict
from collections.abc import Mapping

from controller.loop.complete import as_said, complete
from controller.model.desired import Desired, Reading
from controller.model.hooks import TaskAt, TaskSight, TaskUnseen
from controller.model.names import EnvName, TargetName, TaskId
from controller.model.observation import Observation, Sight, Unseen
from controller.model.place import Place
from controller.model.questions import Answer, Question, Unanswered
from controller.model.record import Record
from controller.model.rollout import MOVING
from controller.plan.approvals import KEPT, remembered
from controller.plan.ask import questions
from controller.plan.authorship import authorship
from controller.plan.beside import owned_paths
from controller.plan.follow_together import followed_together
from controller.plan.needs import needed
from controller.plan.runs import open_tasks
from controller.plan.wanted import names_of, place_of
from controller.plan.whole import companions
from controller.ports import LookAt, World


def observe(
    said: Reading, before: Record, due: frozenset[TargetName] | None, world: World
) -> tuple[Reading, Observation]:
    """Look at the targets that are due (None: at all) and at what they need, and answer each question once.

    Gives what the spec says with what it leaves to the world filled in, and what was observed.
    """
    sights = _look(_wanted(said, before, due), said.env, world)
    now = world.now()
    desired = complete(said, before, sights, world, now)
    # Whether what comes first is where it should be only a look can tell: what it is laid over may have changed.
    # And a group is decided as a whole.
    more = companions(desired, before, sights)
    more |= needed(desired, before, {*sights, *more})
    if more:
        others = _look(_wanted(desired, before, more), said.env, world)
        again = {name: sights[name] for name in followed_together(said, sights)}
        desired = complete(as_said(desired, said, again), before, {**again, **others}, world, now)
        sights |= others
    asked = questions(desired, before, sights, now)
    mine = {question for question in asked if isinstance(question, KEPT)}
    answers = answered((asked - mine) | authorship(mine, desired, before), world)
    return desired, Observation(
        sights=sights,
        answers={**answers, **remembered(mine, desired, before, answers)},
        tasks=_tasks(list(sights), said, before, world),
        tokens=_tokens([p for name in sights if (p := place_of(desired, before, name))], world),
        at=now,
    )


def _wanted(desired: Reading, before: Record, due: frozenset[TargetName] | None) -> list[LookAt]:
    wanted: list[LookAt] = []
    for name in sorted(due) if due is not None else names_of(desired, before):  # a turn costs what is due, not all
        place = place_of(desired, before, name)
        if place is None:
            continue
        memory = before.targets.get(name)
        rollout = memory.rollout if memory else None
        wanted.append(
            LookAt(
                target=name,
                place=place,
                moving=memory is not None and memory.phase in MOVING,
                ours=rollout.deployment if rollout else None,
                proven=rollout.done if rollout else None,
                owns=owned_paths(desired.targets.get(name) if isinstance(desired, Desired) else None, memory),
            )
        )
    return wanted


def _look(wanted: list[LookAt], env: EnvName, world: World) -> dict[TargetName, Sight]:
    by_kind: dict[str, list[LookAt]] = defaultdict(list)
    for one in wanted:
        by_kind[one.place.kind].append(one)
    sights: dict[TargetName, Sight] = {}
    for kind, ones in by_kind.items():
        sights.update(_look_at_kind(kind, ones, env, world))
    return sights


def _look_at_kind(kind: str, ones: list[LookAt], env: EnvName, world: World) -> Mapping[TargetName, Sight]:
    target = world.targets.get(kind)
    if target is None:
        return {one.target: Unseen(why=f"this trueup knows no kind {kind!r} (in {env})") for one in ones}
    try:
        seen = target.look(ones)
    except Exception as error:  # noqa: BLE001  looking can fail in any way, and failing to look is a value
        return {one.target: Unseen(why=f"{type(error).__name__}: {error}") for one in ones}
    return {one.target: seen.get(one.target) or Unseen(why="nobody looked") for one in ones}


def _tasks(names: list[TargetName], desired: Reading, before: Record, world: World) -> Mapping[TaskId, TaskSight]:
    """Look for the one-off tasks that are still waited for."""
    by_kind: dict[str, list[TaskAt]] = defaultdict(list)
    for name in names:
        memory = before.targets.get(name)
        place = place_of(desired, before, name) if memory is not None and memory.runs else None
        if memory is not None and place is not None:
            by_kind[place.kind] += open_tasks(memory, place)
    found: dict[TaskId, TaskSight] = {}
    for kind, asked in by_kind.items():
        found.update(_follow(kind, asked, world) if asked else {})
    return found


def _follow(kind: str, asked: list[TaskAt], world: World) -> Mapping[TaskId, TaskSight]:
    target = world.targets.get(kind)
    if target is None:
        return {one.id: TaskUnseen(why=f"this trueup knows no kind {kind!r}") for one in asked}
    try:
        return target.follow(asked)
    except Exception as error:  # noqa: BLE001  looking can fail in any way, and failing to look is a value
        return {one.id: TaskUnseen(why=f"{type(error).__name__}: {error}") for one in asked}


def answered(asked: frozenset[Question], world: World) -> dict[Question, Answer]:
    """Answer each question once; one that nobody answers is Unanswered."""
    by_type: dict[type, list[Question]] = defaultdict(list)
    for question in asked:
        by_type[type(question)].append(question)
    answers: dict[Question, Answer] = {}
    for kind, ones in by_type.items():
        answers.update(_answer_kind(kind, ones, world))
    return answers


def _answer_kind(kind: type, ones: list[Question], world: World) -> Mapping[Question, Answer]:
    probe = world.probes.get(kind)
    if probe is None:
        return {one: Unanswered(why=f"nobody can answer {kind.__name__}") for one in ones}
    try:
        return probe.answer(ones)
    except Exception as error:  # noqa: BLE001  a probe that raises has not answered
        return {one: Unanswered(why=f"{type(error).__name__}: {error}") for one in ones}


def _tokens(places: list[Place], world: World) -> dict[str, int]:
    tokens: dict[str, int] = {}
    for kind in {place.kind for place in places}:
        target = world.targets.get(kind)
        if target is not None:
            tokens.update(target.tokens([place for place in places if place.kind == kind]))
    return tokens
