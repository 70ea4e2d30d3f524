"""What merging one state of the specs into another would do: which targets it concerns, and what of what runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from controller.model.desired import Brake, Complaint, DesiredTarget, Load
from controller.model.names import ClaimKey, Commit, EnvName, TargetName
from controller.model.observation import Absent, Live, Sight, Unseen
from controller.model.orders import Pause
from controller.model.trust import Verify
from controller.plan.beside import beside_differences, conflict_of, fixed_differences
from controller.plan.compare import Difference, differences
from controller.plan.said_in import Whole, environment_differences, target_differences
from controller.plan.versions import steps_in

NOT_KNOWN: Final = "not known here"
"""What is said of everything that only the store knows."""

FROM_STORE: Final = ("gates", "quarantine", "pause")


class Change(StrEnum):
    """What becomes of a target, or of a whole environment, in the specs."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One environment as its files say it at one commit; targets of files that are `broken` are missing."""

    targets: Mapping[TargetName, DesiredTarget]
    brake: Brake
    load: Load = field(default_factory=Load)
    pause: Pause | None = None
    verify: Verify = field(default_factory=Verify)
    complaints: tuple[Complaint, ...] = ()
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChange:
    """One target that the specs say otherwise of.

    `spec` is what they say (`live` before, `wanted` after), empty if it is removed. `live` is what differs between
    what runs and that, None where that could not be seen; `unseen` says why. `calls` are what it comes to, `notes`
    what else there is to know.
    """

    target: TargetName
    change: Change
    version: str
    service: str
    spec: tuple[Difference, ...] = ()
    live: tuple[Difference, ...] | None = None
    unseen: str = ""
    absent: bool = False
    calls: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentChange:
    """One environment that the specs say otherwise of; `spec` is what they say of all of it."""

    env: EnvName
    change: Change
    spec: tuple[Difference, ...] = ()
    targets: tuple[TargetChange, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """What merging `head` into `base` would do: `fork` is the newest commit that both have."""

    base: str
    head: str
    base_commit: Commit
    head_commit: Commit
    fork: Commit
    environments: tuple[EnvironmentChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """One environment three times: where the branch began, what is merged, and what it is merged into by now."""

    fork: Stated | None
    head: Stated | None
    base: Stated | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One target at `head`, completed by its kind where the spec leaves something to the world, and what runs."""

    want: DesiredTarget
    sight: Sight


def changed_targets(states: States) -> Mapping[TargetName, Change]:
    """Name the targets that `head` says otherwise of than `fork`; what is broken at `head` is not known."""
    before = states.fork.targets if states.fork else {}
    after = states.head.targets if states.head else {}
    is_whole = states.head is None or not states.head.broken
    found: dict[TargetName, Change] = {}
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            found.update({name: Change.REMOVED} if is_whole else {})
        elif name not in before:
            found[name] = Change.ADDED
        elif target_differences(before[name], after[name]):
            found[name] = Change.CHANGED
    return found


def compose(
    env: EnvName, states: States, into: str, seen: Mapping[TargetName, Seen], claims: Mapping[ClaimKey, str]
) -> EnvironmentChange | None:
    """Say what merging would do in one environment; None if it says nothing else of it.

    `into` is what it is merged into, for people. `claims` names the target that each service belongs to at `head`.
    """
    targets = tuple(
        _target(name, change, states, into, seen.get(name), claims)
        for name, change in changed_targets(states).items()
    )
    is_known = not any(one and one.broken for one in (states.fork, states.head))
    spec = environment_differences(_whole(states.fork), _whole(states.head)) if is_known else ()
    complaints = states.head.complaints if states.head else ()
    if not (targets or spec or complaints):
        return None
    change = Change.REMOVED if states.head is None else Change.CHANGED if states.fork else Change.ADDED
    notes: tuple[str, ...] = ()
    if states.fork and states.fork.broken:
        notes = ("its files were broken where the branch began, so all that could not be read there counts as new",)
    return EnvironmentChange(env=env, change=change, spec=spec, targets=targets, complaints=complaints, notes=notes)


def _whole(stated: Stated | None) -> Whole | None:
    return (stated.pause, stated.brake, stated.load, stated.verify) if stated else None


def _target(
    name: TargetName,
    change: Change,
    states: States,
    into: str,
    seen: Seen | None,
    claims: Mapping[ClaimKey, str],
) -> TargetChange:
    before = states.fork.targets.get(name) if states.fork else None
    after = states.head.targets.get(name) if states.head else None
    by_now = states.base.targets.get(name) if states.base else None
    known = after or before
    version, service = (_version(known, seen), known.place.service) if known else ("", "")
    spec = target_differences(before, after)
    notes = list(_notes(before, after, claims))
    if target_differences(before, by_now):
        notes.append(f"{into} changed it too since the branch began: bring that in to see what both do together")
    if after is None or seen is None:
        return TargetChange(target=name, change=change, version=version, service=service, notes=tuple(notes))
    unseen = seen.want.unread or (seen.sight.why if isinstance(seen.sight, Unseen) else "")
    live = live_differences(seen.want, seen.sight) if isinstance(seen.sight, Live) and not unseen else None
    return TargetChange(
        target=name,
        change=change,
        version=version,
        service=service,
        spec=spec,
        live=live,
        unseen=unseen,
        absent=isinstance(seen.sight, Absent),
        calls=() if unseen else tuple(calls(seen.want, seen.sight)),
        notes=(*notes, *seen.want.notes),
    )


def _version(known: DesiredTarget, seen: Seen | None) -> str:
    """Give the version that is wanted; of a target that follows one, what it follows as things stand."""
    if known.track is None:
        return known.release.version
    return seen.want.release.version if seen is not None and not seen.want.unread else ""


def _notes(
    before: DesiredTarget | None, after: DesiredTarget | None, claims: Mapping[ClaimKey, str]
) -> Iterable[str]:
    if after is None:
        heir = claims.get(before.place.claim) if before else None
        if heir:
            yield f"{heir} names its service now: `trueup move` hands over what is remembered"
        yield "what it runs is left as it is: trueup never deletes"
        return
    if before is not None:
        yield from steps_in(before, after)
    if after.track is not None:
        yield f"it follows {after.track.source}: what that is when it is merged, is deployed"
    if after.terms.observe:
        yield "mode: observe: nothing is called, whatever differs"
    if after.pause is not None:
        yield f"paused in the spec: {after.pause.reason}"
    if before is not None and before.place.claim != after.place.claim:
        yield "it is another service now; the one that it was is left as it is: trueup never deletes"


def live_differences(want: DesiredTarget, live: Live) -> tuple[Difference, ...]:
    """List what differs between what runs and what the spec wants of one target."""
    settings = differences(live.settings, want.settings.manifest) if want.settings else ()
    beside = (*fixed_differences(want, live), *beside_differences(want, live))
    return (*differences(live.manifest, want.release.manifest), *settings, *beside)


def calls(want: DesiredTarget, sight: Sight) -> Iterable[str]:
    """Name the calls that a deployment of this would make, as far as that is known without a memory."""
    if want.terms.observe:
        return
    if isinstance(sight, Absent) and want.create:
        yield f"RegisterTaskDefinition for {want.release.version}"
        yield f"CreateService {want.place.service}"
    if not isinstance(sight, Live) or conflict_of(want, sight):
        return
    if not want.release.runs_in(sight.manifest):
        yield f"RegisterTaskDefinition for {want.release.version}"
        yield f"UpdateService {want.place.service}"
    elif want.settings and not want.settings.manifest.runs_in(sight.settings):
        yield f"UpdateService {want.place.service} (settings only)"
