"""`plan --base --head`: what merging would do, from a clone and from AWS, without a store and writing nothing."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from controller import kinds
from controller.app.applications import applications
from controller.app.followed import Sources, followed
from controller.app.registries import registries
from controller.app.specs import compiler_of
from controller.app.world import clients_of, clock_of, lookups_of, targets_of
from controller.errors import SpecError
from controller.model.desired import Brake, Complaint, DesiredTarget, Unread
from controller.model.names import ClaimKey, Commit, EnvName, TargetName
from controller.model.observation import Unseen
from controller.plan.merging import Merging, Seen, Stated, States, changed_targets, compose
from controller.ports import LookAt, Target, Unfinished
from controller.sources.clone import Clone
from controller.sources.environments import environments, sheets_of
from controller.spec.parse import Compiler

if TYPE_CHECKING:
    from controller.options import Options
    from controller.sources.snapshot import Snapshot

Side = Mapping[EnvName, Stated]


def merging(options: "Options", base: str, head: str, env: str | None) -> Merging:
    """Compare the specs at `head` with those where it left `base`, and what changed with what runs.

    What is at `head` is held to the operator's policy. Raises SpecError for a revision or environment that there is
    not, and for a policy that cannot be read; PlatformError for a clone that fails.
    """
    clone, strict = Clone(Path(options.repo or "."), options.path), compiler_of(options)
    into, merged = clone.commit(base), clone.commit(head)
    fork = clone.fork(into, merged)
    # A floor that is newer than the branch is no reason to take what was there for something new.
    plain = Compiler(kinds.SPEC)
    sides = {commit: _side(clone, commit, plain) for commit in dict.fromkeys((fork, into))}
    ahead = _side(clone, merged, strict)
    names = sorted({*sides[fork], *ahead})
    if env is not None and EnvName(env) not in names:
        raise SpecError(f"no environment {env!r} at {base} or {head}; there are: {', '.join(names) or 'none'}")
    states = {
        name: States(fork=sides[fork].get(name), head=ahead.get(name), base=sides[into].get(name))
        for name in names
        if env in {None, name}
    }
    seen = _look(options, states)
    claims = _claims(ahead)
    found = (compose(name, one, base, seen.get(name, {}), claims) for name, one in states.items())
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
        load=compiled.load,
        pause=compiled.pause,
        verify=compiled.verify,
        complaints=compiled.complaints,
        broken=bool(compiled.broken),
    )


def _claims(side: Side) -> Mapping[ClaimKey, str]:
    return {
        target.place.claim: f"{env}/{name}" for env, one in side.items() for name, target in one.targets.items()
    }


def _look(options: "Options", states: Mapping[EnvName, States]) -> Mapping[EnvName, Mapping[TargetName, Seen]]:
    """Look at what the changed targets run; AWS is not asked when there is nothing to compare."""
    wanted = {name: _wanted(one) for name, one in states.items()}
    if not any(wanted.values()):
        return {}
    clock = clock_of(options)
    clients = clients_of(options, clock)
    sources = Sources(applications=applications(options, clock), registries=registries(options, clients))
    try:
        targets = targets_of(options, clients, sources.registries, lookups_of(options, clients))
        now = clock.now()
        return {
            env: _seen({name: followed(want, sources, now) for name, want in ones.items()}, targets, now)
            for env, ones in wanted.items()
        }
    finally:
        sources.applications.close()
        clients.close()


def _wanted(states: States) -> Mapping[TargetName, DesiredTarget]:
    targets = states.head.targets if states.head else {}
    return {name: targets[name] for name in changed_targets(states) if name in targets}


def _seen(
    wanted: Mapping[TargetName, DesiredTarget], targets: Mapping[str, Target], now: datetime
) -> Mapping[TargetName, Seen]:
    by_kind: defaultdict[str, list[TargetName]] = defaultdict(list)
    for name, want in wanted.items():
        by_kind[want.place.kind].append(name)
    seen: dict[TargetName, Seen] = {}
    for kind, names in by_kind.items():
        try:
            seen |= _seen_of_kind({name: wanted[name] for name in names}, targets[kind], now)
        except Exception as error:  # noqa: BLE001  looking can fail in any way; what the specs say is told all the same
            why = f"{type(error).__name__}: {error}"
            seen |= {name: Seen(want=wanted[name], sight=Unseen(why=why)) for name in names}
    return seen


def _seen_of_kind(
    wanted: Mapping[TargetName, DesiredTarget], target: Target, now: datetime
) -> Mapping[TargetName, Seen]:
    """Look, and let the kind fill in what the specs leave to the world."""
    sights = target.look([LookAt(target=name, place=want.place) for name, want in wanted.items()])
    drafts = [
        Unfinished(target=name, want=want, sight=sights[name], memory=None)
        for name, want in wanted.items()
        if want.draft and not want.unread and name in sights
    ]
    whole = target.complete(drafts, now) if drafts else {}
    return {
        name: Seen(want=whole.get(name, want), sight=sights.get(name, Unseen(why="nobody looked")))
        for name, want in wanted.items()
    }
