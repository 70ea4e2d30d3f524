"""Drift: what differs, against which revision, since when, who did it, and whether it is ours to heal."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from controller.model.desired import OnDrift
from controller.model.instants import instant
from controller.model.names import Digest, Revision
from controller.model.record import Drift, Memory
from controller.model.release import Release
from controller.model.rollout import Phase
from controller.model.status import DriftStatus
from controller.plan.calls import in_words, who
from controller.plan.compare import differences
from controller.plan.look import Look
from controller.plan.who import HEALS_A_DAY, gave_up, heals_again

NAMED: Final = 2
_MICROS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifting:
    """What differs now: the paths in order, and the owned content, by which it is known for the same later."""

    digest: Digest
    paths: tuple[str, ...]
    settings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a drift, in words, and when; `until` is the end of a fight over it."""

    words: str
    heals_at: datetime | None = None
    until: datetime | None = None


def drifting(look: Look) -> Drifting | None:
    """Say what differs from what should run, or from the settings that a look once showed as declared."""
    live, expected = look.live, _expected(look)
    if live is None or expected is None:
        return None
    release = expected[0]
    if not look.runs(release):
        paths = tuple(one.path for one in differences(live.manifest, release.manifest))
        return Drifting(digest=live.manifest.through(release.manifest.owns), paths=paths)
    settings, applied = look.wish.want.settings if look.wish else None, look.memory.applied
    if settings is None or applied is None or not unset(look):
        return None
    if not applied.seen or applied.digest != settings.manifest.digest:
        return None
    paths = tuple(one.path for one in differences(live.settings, settings.manifest))
    return Drifting(digest=live.settings.through(settings.manifest.owns), paths=paths, settings=True)


def unset(look: Look) -> bool:
    """Whether the declared settings are not what is there."""
    settings = look.wish.want.settings if look.wish else None
    return settings is not None and look.live is not None and not settings.manifest.runs_in(look.live.settings)


def fate(look: Look, what: Drifting) -> Fate:
    """Say whether it is ours to heal, and when."""
    wish, memory = look.wish, look.memory
    if memory.phase is Phase.STALLED:
        return Fate(words="is left as it is while stalled")
    if _is_way_back(look, what):
        return Fate(words="is not healed: somebody went back to a good release; accepted once it is deployed")
    held = _held(look)
    if wish is None or held:
        return Fate(words=f"is not healed while {held or 'no wish can be read'}")
    if wish.want.on_drift is OnDrift.REPORT:
        return Fate(words="is only reported (onDrift: report)")
    if memory.current is not None and memory.current.digest in memory.quarantine:
        return Fate(words=f"is not healed: {memory.current.release.version}, which should run, has failed here")
    until = heals_again(memory, look.now)
    if until is not None:
        return Fate(words=f"not healed any more until {instant(until)}", until=until)
    if look.no_slot and not what.settings:
        return Fate(words=f"heals when there is room for it: {look.no_slot[0]}")
    return _healing(look, what, (noted_drift(look, what) or _drift(look, what)).since + wish.want.heal_after)


def _healing(look: Look, what: Drifting, at: datetime) -> Fate:
    if not what.settings and look.live is not None and look.live.moving:
        return Fate(words=f"heals once that deployment has ended, not before {instant(at)}")
    return Fate(words=f"heals at {instant(at)} (in {in_words(at - look.now)})", heals_at=at)


def _held(look: Look) -> str:
    if look.pause:
        return "paused"
    if look.observes:
        return "it is only observed (mode: observe)"
    return "a field differs that is fixed when a service is created" if look.conflict else ""


def _is_way_back(look: Look, what: Drifting) -> bool:
    known = look.memory.way_back(look.live.manifest) if look.live and not what.settings else None
    return known is not None and known.digest not in look.memory.quarantine


def is_due(look: Look, what: Drifting, then: Fate) -> bool:
    """Whether a drift was announced, and is healed now."""
    noted = noted_drift(look, what) is not None
    return noted and then.heals_at is not None and then.heals_at <= look.now


def told(look: Look, what: Drifting) -> str:
    """Tell in one line what differs, against which revision, since when, who did it, and what becomes of it."""
    drift, then = noted_drift(look, what) or _drift(look, what), fate(look, what)
    said, by = f"{_compared(look, what)}, since {instant(drift.began)}", changed_by(look, drift)
    if then.until is not None:
        return f"healed {HEALS_A_DAY} times in 24h; somebody changes it back: {by}; {then.words}; {said}"
    return f"{said}; {by}; {'heals now' if is_due(look, what, then) else then.words}"


def changed_by(look: Look, drift: Drift) -> str:
    """Name who made it: the principal if CloudTrail told, else what the platform says."""
    known = drift.who
    if known is not None and known.by:
        how = f"{known.call} with {known.via}" if known.via else known.call
        return f"changed by {known.by} ({how}{f' at {instant(known.at)}' if known.at else ''})"
    said = "changed by somebody" if drift.settings else who(look.live)
    if known is not None and known.unknown:
        return f"{said} (who: not known, {known.unknown})"
    return f"{said} (who: not known, CloudTrail lists no such call)" if gave_up(drift, look.now) else said


def status_of(look: Look) -> DriftStatus | None:
    """Tell the same of a drift that was noted, as data."""
    what, drift, expected = drifting(look), look.memory.drift, _expected(look)
    if what is None or drift is None or look.live is None or expected is None:
        return None
    then, known = fate(look, what), drift.who
    return DriftStatus(
        settings=what.settings,
        paths=what.paths,
        revision=tail(look.live.revision),
        version=expected[0].version,
        version_revision=tail(expected[1]),
        since=drift.began,
        heal=then.words,
        by=known.by if known else "",
        call=known.call if known else "",
        call_at=known.at if known else None,
        via=known.via if known else "",
        unknown=known.unknown if known else "",
        heals_at=then.heals_at,
        fight_until=then.until,
    )


def noted(look: Look, memory: Memory) -> Memory:
    """Remember what differs, since when, and that it is fought over."""
    what = drifting(look)
    if what is None:
        return memory
    drift = noted_drift(look, what) or _drift(look, what)
    fight = (memory.fight or look.now) if fate(look, what).until else memory.fight
    if drift is memory.drift and fight == memory.fight:
        return memory
    return replace(memory, drift=drift, fight=fight)


def healed(look: Look) -> Memory:
    """Remember that it is healed now, and what it was."""
    memory = look.memory
    return replace(memory, heals=(*memory.heals[-9:], look.now), healed=memory.drift, drift=None)


def noted_drift(look: Look, what: Drifting) -> Drift | None:
    """Give what is remembered of just this drift."""
    drift = look.memory.drift
    same = drift is not None and (drift.digest, drift.settings) == (what.digest, what.settings)
    return drift if same else None


def tail(revision: Revision | None) -> str:
    """Give the end of a revision's name, by which people know it: `unifocus-prod-api:42`."""
    return str(revision or "").rsplit("/", 1)[-1]


def _drift(look: Look, what: Drifting) -> Drift:
    """Begin to remember; a deployment that was made before now says itself when it was."""
    primary = look.live.primary if look.live and not what.settings else None
    made = datetime.fromtimestamp(primary.born / _MICROS, UTC) if primary else None
    return Drift(
        digest=what.digest,
        since=look.now,
        settings=what.settings,
        deployment=primary.id if primary else None,
        made=min(made, look.now) if made else None,
    )


def _expected(look: Look) -> tuple[Release, Revision | None] | None:
    """Give what should run, and its revision: the goal of a rollout that is not over, else what should at rest."""
    rollout, current = look.memory.rollout, look.memory.current
    if rollout is not None:
        return rollout.goal, rollout.back.revision if rollout.back else rollout.revision
    return (current.release, current.revision) if current else None


def _compared(look: Look, what: Drifting) -> str:
    expected, live = _expected(look), look.live
    if expected is None or live is None:
        raise AssertionError("what differs was compared with something")
    named = ", ".join(what.paths[:NAMED]) or "nothing that can be named"
    more = f" and {len(what.paths) - NAMED} more" if len(what.paths) > NAMED else ""
    at = f" ({tail(expected[1])})" if expected[1] else ""
    version = f"{expected[0].version}{at}"
    where = f"the service, which runs {version}," if what.settings else tail(live.revision)
    against = "what is declared" if what.settings else version
    return f"{where} differs from {against} in {named}{more}"
