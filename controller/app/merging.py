"""`plan --base --head`: what merging would do, from a clone and from AWS, without a store and writing nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from controller import kinds
from controller.app.world import clients_of, clock_of
from controller.errors import SpecError
from controller.model.desired import Brake, Complaint, Unread
from controller.model.names import ClaimKey, Commit, EnvName, TargetName
from controller.model.observation import Sight, Unseen
from controller.plan.merging import Merging, Stated, States, changed_targets, compose
from controller.ports import LookAt, Target
from controller.sources.clone import Clone
from controller.sources.environments import environments, sheets_of
from controller.spec.parse import Compiler

if TYPE_CHECKING:
    from controller.options import Options
    from controller.sources.snapshot import Snapshot

Side = Mapping[EnvName, Stated]


def merging(options: "Options", base: str, head: str, env: str | None) -> Merging:
    """Compare the specs at `head` with those where it left `base`, and what changed with what runs.

    Raises SpecError for a revision or environment that there is not, PlatformError for a clone that fails.
    """
    clone, compiler = Clone(Path(options.repo or "."), options.path), Compiler(kinds.SPEC)
    into, merged = clone.commit(base), clone.commit(head)
    fork = clone.fork(into, merged)
    sides = {commit: _side(clone, commit, compiler) for commit in dict.fromkeys((fork, merged, into))}
    names = sorted({*sides[fork], *sides[merged]})
    if env is not None and EnvName(env) not in names:
        raise SpecError(f"no environment {env!r} at {base} or {head}; there are: {', '.join(names) or 'none'}")
    states = {
        name: States(fork=sides[fork].get(name), head=sides[merged].get(name), base=sides[into].get(name))
        for name in names
        if env in {None, name}
    }
    sights = _look(options, states)
    claims = _claims(sides[merged])
    found = (compose(name, one, base, sights.get(name, {}), claims) for name, one in states.items())
    return Merging(
        base=base,
        head=head,
        base_commit=into,
        head_commit=merged,
        fork=fork,
        environments=tuple(one for one in found if one),
    )


def _side(clone: Clone, commit: Commit, compiler: Compiler) -> Side:
    """Compile every environment of one commit; one that is there and cannot be read is a complaint."""
    snapshot = clone.snapshot(commit)
    if snapshot is None:
        return {}
    listed = environments(snapshot)
    return {name: _stated(name, snapshot, compiler) for name in (*listed.files, *listed.refused)}


def _stated(env: EnvName, snapshot: "Snapshot", compiler: Compiler) -> Stated:
    sheets = sheets_of(env, snapshot, environments(snapshot))
    if isinstance(sheets, Unread):
        wrong = Complaint(path=snapshot.shown(env), what=sheets.why)
        return Stated(targets={}, brake=Brake(), complaints=(wrong,), broken=True)
    compiled = compiler.compile(env, sheets)
    return Stated(
        targets=compiled.targets,
        brake=compiled.brake,
        pause=compiled.pause,
        complaints=compiled.complaints,
        broken=bool(compiled.broken),
    )


def _claims(side: Side) -> Mapping[ClaimKey, str]:
    return {
        target.place.claim: f"{env}/{name}" for env, one in side.items() for name, target in one.targets.items()
    }


def _look(options: "Options", states: Mapping[EnvName, States]) -> Mapping[EnvName, Mapping[TargetName, Sight]]:
    """Look at what the changed targets run; AWS is not asked when there is nothing to compare."""
    wanted = {name: _wanted(one) for name, one in states.items()}
    if not any(wanted.values()):
        return {}
    from controller.targets.ecs.target import EcsTarget

    clients = clients_of(options, clock_of(options))
    try:
        kinds_of_targets: Mapping[str, Target] = {"ecs": EcsTarget(clients)}
        return {name: _sights(ones, kinds_of_targets) for name, ones in wanted.items()}
    finally:
        clients.close()


def _wanted(states: States) -> list[LookAt]:
    targets = states.head.targets if states.head else {}
    return [LookAt(target=name, place=targets[name].place) for name in changed_targets(states) if name in targets]


def _sights(wanted: Iterable[LookAt], targets: Mapping[str, Target]) -> Mapping[TargetName, Sight]:
    by_kind: defaultdict[str, list[LookAt]] = defaultdict(list)
    for one in wanted:
        by_kind[one.place.kind].append(one)
    sights: dict[TargetName, Sight] = {}
    for kind, ones in by_kind.items():
        try:
            sights |= targets[kind].look(ones)
        except Exception as error:  # noqa: BLE001  looking can fail in any way; what the specs say is told all the same
            sights |= {one.target: Unseen(why=f"{type(error).__name__}: {error}") for one in ones}
    return sights
