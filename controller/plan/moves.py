"""What each move does to the memory of a target, and the one call that it may make."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from controller.model.decision import Ensure
from controller.model.observation import Live
from controller.model.record import GOODS, Applied, Next
from controller.model.rollout import Expect, Phase, Purpose
from controller.plan.approvals import use_up
from controller.plan.calls import INTENT_LIFE
from controller.plan.drift import healed, noted
from controller.plan.keep import PERSON, kept_live, lifted, quarantined, relabelled, renamed
from controller.plan.look import Look
from controller.plan.moves_back import give_up, give_way, recover, turn_back
from controller.plan.moves_hooks import dismiss, go_on, prepare, start, start_ahead, stop
from controller.plan.open import ensure, new_rollout, opened, revision_of
from controller.plan.restart import as_before, restart
from controller.plan.step import Step, watch
from controller.plan.transitions import Move
from controller.plan.who import DAY


def _rest(look: Look) -> Step:
    return Step(memory=look.memory)


def _wait(look: Look) -> Step:
    memory, wish = look.memory, look.wish
    if wish is None:
        return Step(memory=memory)
    if memory.next and memory.next.release.digest == wish.digest:
        same = memory.next.release.version == wish.release.version
        return Step(memory=memory if same else replace(memory, next=replace(memory.next, release=wish.release)))
    return Step(memory=replace(memory, next=Next(release=wish.release, since=look.now)))


def _adopt(look: Look) -> Step:
    """Take what runs for what should; what somebody is still deploying counts once that has ended."""
    memory, seen = look.memory, kept_live(look)
    if _there(look).moving:
        seen = replace(seen, since=None)
    known = memory.found if memory.found and memory.found.since else seen
    return Step(memory=replace(memory, found=known, current=seen, drift=None))


def _open(look: Look) -> Step:
    if look.wish is None:
        raise AssertionError("a rollout forward needs a wish")
    memory = use_up(replace(look.memory, next=None, drift=None, heals=(), fight=None), look)
    rollout = new_rollout(look, look.wish.release, look.wish.want.terms, Purpose.FORWARD, "deploy")
    return Step(**ensure(look, memory, rollout, revision_of(memory, look.wish.release)))


def _mend(look: Look, cause: str, why: str) -> Step:
    release = look.rollout.release
    if look.rollout.purpose is Purpose.RESTART:
        return _open(look)
    return _open(replace(look, memory=quarantined(look, look.memory, release, cause, why)))


def _heal(look: Look) -> Step:
    current, wish = look.memory.current, look.wish
    if current is None or wish is None:
        raise AssertionError("healing needs what should run, and leave from the spec")
    # Of equal releases the wished one is laid over what others own now, not over what they owned when it ran.
    release = wish.release if wish.digest == current.digest else current.release
    rollout = new_rollout(look, release, wish.want.terms, Purpose.HEAL, "heal")
    return Step(**ensure(look, healed(look), rollout, current.revision))


def _set(look: Look) -> Step:
    settings, live = (look.wish.want.settings if look.wish else None), look.live
    if settings is None or live is None or look.memory.current is None:
        raise AssertionError("settings are applied to what is there, as declared")
    last = look.memory.applied
    ours = look.memory.drift is not None and look.memory.drift.settings
    again = last is not None and last.digest == settings.manifest.digest and look.now - last.at < DAY and not ours
    tries = last.tries + 1 if last is not None and again else 1
    applied = Applied(digest=settings.manifest.digest, at=look.now, tries=tries)
    action = Ensure(
        target=look.name,
        place=look.place,
        release=look.memory.current.release,
        revision=live.revision,
        purpose=Purpose.SETTINGS,
        expect=Expect(deployment=live.deployment, revision=live.revision),
        not_after=look.now + INTENT_LIFE,
        settings=settings,
    )
    return Step(memory=replace(healed(look) if ours else look.memory, applied=applied), action=action)


def _send(look: Look) -> Step:
    rollout = look.rollout
    revision = rollout.back.revision if rollout.back else rollout.revision
    since = rollout.since if rollout.back else look.now
    if look.memory.phase is Phase.PREPARING:  # what guards said of what ran until now is not about the release
        rollout = replace(rollout, rang=look.rings, heard=())
    return Step(**ensure(look, look.memory, replace(rollout, since=since), revision))


def _take(look: Look) -> Step:
    live, memory, wish = _there(look), look.memory, look.wish
    rollout = memory.rollout
    if rollout is None or not look.runs(rollout.release) or memory.phase is Phase.STALLED:
        if wish is None:
            raise AssertionError("what is taken is what is wanted")
        rollout = new_rollout(look, wish.release, wish.want.terms, Purpose.FORWARD, "taken")
    taken = replace(
        rollout, deployment=live.deployment, revision=live.revision, call=None, since=look.now, done=None
    )
    return Step(memory=replace(opened(memory, taken), next=None, drift=None))


def _note(look: Look) -> Step:
    return Step(memory=noted(look, _wait(look).memory if look.is_waiting and not look.barred else look.memory))


def _keep(look: Look) -> Step:
    memory, rollout = look.memory, look.memory.rollout
    kept = as_before(look, kept_live(look, rollout.release if rollout else None))
    goods = (kept, *(good for good in memory.goods if good.digest != kept.digest))[:GOODS]
    return Step(memory=replace(memory, goods=goods, current=kept, rollout=None, drift=None))


def _accept(look: Look) -> Step:
    """Take what somebody went back to as what should run; what they left has failed, unless the wish says so."""
    memory, wish, left = look.memory, look.wish, look.memory.current
    now_runs = kept_live(look)
    by_wish = wish is not None and look.runs(wish.release)
    if left is not None and not look.runs(left.release) and not by_wish:
        memory = quarantined(look, memory, left.release, PERSON, "somebody went back from it by hand")
    elif left is not None and by_wish:
        memory = relabelled(memory, left, now_runs)
    return Step(memory=replace(memory, current=now_runs, rollout=None, drift=None))


def _reopen(look: Look) -> Step:
    if look.wish is None:
        raise AssertionError("retry is of what is wanted")
    memory, release = look.memory, look.wish.release
    number = look.orders.retry.number if look.orders.retry else 0
    return Step(
        memory=replace(
            memory,
            quarantine=lifted(memory, release),
            next=Next(release=release, since=look.now, again=True, retry=number),
            current=kept_live(look) if look.live else memory.current,
            rollout=None,
            drift=None,
        )
    )


def _there(look: Look) -> Live:
    if look.live is None:
        raise AssertionError(f"{look.name} is not there")
    return look.live


_PLAIN: Final[Mapping[Move, Callable[[Look], Step]]] = MappingProxyType(
    {
        Move.REST: _rest,
        Move.DROP: _rest,
        Move.PREPARE: prepare,
        Move.START: start,
        Move.AHEAD: start_ahead,
        Move.STOP: stop,
        Move.CONTINUE: go_on,
        Move.RENAME: lambda look: Step(memory=renamed(look)),
        Move.ADOPT: _adopt,
        Move.WAIT: _wait,
        Move.OPEN: _open,
        Move.SEND: _send,
        Move.TAKE: _take,
        Move.HEAL: _heal,
        Move.SET: _set,
        Move.NOTE: _note,
        Move.WATCH: lambda look: Step(memory=watch(look)),
        Move.KEEP: _keep,
        Move.ACCEPT: _accept,
        Move.REOPEN: _reopen,
        Move.RESTART: restart,
        Move.RECOVER: recover,
        Move.YIELD: give_way,
    }
)

_BLAMING: Final[Mapping[Move, Callable[[Look, str, str], Step]]] = MappingProxyType(
    {
        Move.MEND: _mend,
        Move.TURN_BACK: turn_back,
        Move.GIVE_UP: give_up,
        Move.DISMISS: dismiss,
    }
)

MOVES: Final = frozenset(_PLAIN) | frozenset(_BLAMING)


def make(move: Move, look: Look, cause: str, why: str) -> Step:
    """Make a move; `cause` and `why` go with what is quarantined."""
    return _PLAIN[move](look) if move in _PLAIN else _BLAMING[move](look, cause, why)
