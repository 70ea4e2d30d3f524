"""Signals of a target at rest: idle, pending and stalled."""

from datetime import timedelta
from typing import Final, TypeAlias

from controller.model.observation import Live
from controller.model.release import Release
from controller.model.rollout import Phase
from controller.plan.calls import others_deploy, who
from controller.plan.drift import drifting, fate, is_due, told, unset
from controller.plan.hooking import before_wish, first_of_wish, late
from controller.plan.look import Look
from controller.plan.readings import Resting, Stuck
from controller.plan.restart import hindrance, is_asked
from controller.plan.said import Said, say
from controller.plan.versions import called
from controller.plan.who import DAY
from controller.plan.wish import Wish

SETTINGS_TRIES: Final = 3
SETTINGS_WAIT: Final = timedelta(minutes=1)

Rest: TypeAlias = Said[Resting]


def read_at_rest(look: Look) -> Rest:
    """First acquaintance, people's orders, an open wish, drift, settings, and last what waits."""
    if look.live and (look.memory.current is None or _ended(look)):
        return say(Resting.FIRST, look.live.revision)
    said = _order(look) or _restart(look) or _late(look) or _wish(look)
    return said or _drift(look) or _settings(look) or _label(look)


def _late(look: Look) -> Rest | None:
    """Stop a task that outlived its rollout once its time is up."""
    run = late(look)
    return say(Resting.LATE, run.title) if run else None


def read_stalled(look: Look) -> Said[Stuck]:
    """Only a person or a new wish moves it."""
    wish = look.wish
    order = _order(look) or _restart(look)
    if order is not None:
        return say(Stuck[order.signal.name], order.detail)
    overdue = _late(look)
    if overdue is not None:
        return say(Stuck.LATE, overdue.detail)
    if wish is None:
        return say(Stuck.UNREAD, look.unread)
    if look.barred:
        return say(Stuck.QUARANTINED, f"{wish.release.version}{_changed(look)}")
    if look.is_stuck:
        return say(Stuck.HELD, f"{wish.release.version}{_changed(look)}")
    found = _wish(look)
    return say(Stuck[found.signal.name], found.detail) if found else say(Stuck.GATED, _shut(look, wish))


def _changed(look: Look) -> str:
    """Note what somebody put there while it is stalled."""
    current = look.memory.current
    ours = look.runs(look.rollout.goal) or (current is not None and look.runs(current.release))
    what = None if ours else drifting(look)
    return f"; {told(look, what)}" if what else ""


def _order(look: Look) -> Rest | None:
    if look.ordered and look.asked:
        return say(Resting.ORDERED, f"to {look.asked[0].release.version}")
    if look.retry and look.wish and (look.barred or look.is_stuck):
        return say(Resting.RETRIED, called(look, look.wish))
    return None


def _restart(look: Look) -> Rest | None:
    """Restart what runs, unless something newer is about to be deployed, which starts every task anew."""
    current = look.memory.current
    if current is None or not is_asked(look) or hindrance(look):
        return None
    newer = _wish(look) if look.is_waiting else None
    if newer is not None and newer.signal is not Resting.RENAMED:
        return None
    return say(Resting.RESTARTED, current.release.version)


def _wish(look: Look) -> Rest | None:
    wish, memory = look.wish, look.memory
    if wish is None or look.barred:
        return None
    same = memory.current is not None and wish.digest == memory.current.digest
    stalled = memory.phase is Phase.STALLED
    if look.runs(wish.release) and not look.again and (stalled or not same):
        return _runs_already(look, wish)
    if (look.again or stalled or not same) and look.may_start:
        hook = before_wish(look)
        if hook is None and first_of_wish(look) is not None:
            return say(Resting.HOOKED, f"{called(look, wish)}: a task of another release has not ended")
        what = called(look, wish)
        return say(Resting.HOOKED, f"{what}: {hook.hook.name}") if hook else say(Resting.CLEARED, what)
    return None


def _runs_already(look: Look, wish: Wish) -> Rest:
    current = look.memory.current
    if current is not None and look.runs(current.release) and look.memory.phase is not Phase.STALLED:
        return say(Resting.RENAMED, _renamed(current.release, wish))
    known = look.memory.is_good(wish.digest) and _rests(look.live)
    return say(Resting.RETURNED if known else Resting.TAKEN, called(look, wish))


def _renamed(current: Release, wish: Wish) -> str:
    was, now = current.version, wish.release.version
    return now if was == now else f"{was} is {now} now"


def _ended(look: Look) -> bool:
    """Whether the deployment has ended that somebody was making when we first looked, and nothing else was kept."""
    found, current = look.memory.found, look.memory.current
    begun = found is not None and found.since is None and current == found
    return begun and look.memory.phase in {Phase.IDLE, Phase.PENDING} and _rests(look.live)


def _rests(live: Live | None) -> bool:
    """Whether the platform has ended what somebody began there."""
    return live is None or not live.moving


def _drift(look: Look) -> Rest | None:
    live, memory = look.live, look.memory
    if live is None or memory.current is None or look.runs(memory.current.release):
        return None
    rests = _rests(live)
    known = memory.way_back(live.manifest)
    if rests and known is not None and known.digest not in memory.quarantine:
        return say(Resting.RETURNED, who(live))
    return _noticed(look, Resting.DRIFTED, Resting.HEALABLE)


def _noticed(look: Look, signal: Resting, due: Resting) -> Rest | None:
    """Say what differs; `due` if it is ours to heal now."""
    what = drifting(look)
    if what is None:
        return None
    then, why = fate(look, what), told(look, what)
    if then.until is not None:
        return say(Resting.FOUGHT, why)
    return say(due if is_due(look, what, then) else signal, why)


def _settings(look: Look) -> Rest | None:
    """Apply what was declared anew; what somebody changed afterwards is drift, and healed only if drift is."""
    settings = look.wish.want.settings if look.wish else None
    if look.wish is None or settings is None or look.conflict or look.busy or not unset(look):
        return None
    applied = look.memory.applied
    if applied is None or applied.digest != settings.manifest.digest:
        return None if look.frozen else say(Resting.UNSET)
    if applied.seen:
        return None if _earned(look) else _noticed(look, Resting.CHANGED, Resting.UNSET)
    waited = look.now - applied.at
    again = applied.tries < SETTINGS_TRIES and waited >= SETTINGS_WAIT * max(applied.tries, 1)
    return say(Resting.UNSET) if again or waited >= DAY else None


def _label(look: Look) -> Rest:
    memory, wish = look.memory, look.wish
    if _earned(look):
        return say(Resting.EARNED)
    if wish is None:
        return say(Resting.UNREAD, look.unread)
    current = memory.current.release if memory.current else None
    if current is not None and wish.digest == current.digest and not look.again:
        if current.version != wish.release.version and look.joint.partly:
            return say(
                Resting.ALIGNED, f"{wish.release.version} once its group runs that, {current.version} till then"
            )
        if current.version != wish.release.version:
            return say(Resting.RENAMED, _renamed(current, wish))
        return say(Resting.ALIGNED, f"{wish.release.version}{_unset_words(look)}")
    if look.barred:
        return say(Resting.QUARANTINED, wish.release.version)
    return say(Resting.GATED, _shut(look, wish))


def _unset_words(look: Look) -> str:
    applied = look.memory.applied
    if applied is None or not unset(look):
        return ""
    return f"; but its settings are not as declared: {applied.why or 'they were sent and do not show'}"


def _earned(look: Look) -> bool:
    memory, live = look.memory, look.live
    if live is None or look.wish is None or memory.current is None or memory.current != memory.found:
        return False
    if memory.is_good(memory.current.digest) or memory.barred_in(live.manifest) is not None:
        return False
    return live.complete and look.runs(memory.current.release) and not look.guards


def _shut(look: Look, wish: Wish) -> str:
    foreign = (others_deploy(look),) if look.lets_be else ()
    shut = "; ".join((*(judged.verdict.why for judged in (*look.gates, *look.alarmed)), *foreign))
    return f"{called(look, wish)}: {shut}" if shut else called(look, wish)
