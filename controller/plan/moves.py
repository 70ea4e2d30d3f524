"""What each move does to the memory of a target, and the one call that it may make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from controller.model.decision import Ensure
from controller.model.observation import Blame, Live, State
from controller.model.record import GOODS, Applied, Memory, Next
from controller.model.release import Kept
from controller.model.rollout import Expect, Phase, Purpose, Terms
from controller.plan.calls import INTENT_LIFE
from controller.plan.drift import healed, noted
from controller.plan.keep import PERSON, kept_live, lifted, quarantined, relabelled, renamed
from controller.plan.look import Look
from controller.plan.open import ensure, new_rollout, revision_of
from controller.plan.transitions import Move
from controller.plan.who import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next memory, and the call that makes it true."""

    memory: Memory
    action: Ensure | None = None


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
    memory = replace(look.memory, next=None, drift=None, heals=(), fight=None)
    rollout = new_rollout(look, look.wish.release, look.wish.want.terms, Purpose.FORWARD, "deploy")
    return Step(**ensure(look, memory, rollout, revision_of(memory, look.wish.release)))


def _mend(look: Look, cause: str, why: str) -> Step:
    release = look.rollout.release
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
    numbered = replace(memory, rollouts=max(memory.rollouts, rollout.number))
    return Step(memory=replace(numbered, rollout=taken, next=None, drift=None))


def _note(look: Look) -> Step:
    return Step(memory=noted(look, _wait(look).memory if look.is_waiting and not look.barred else look.memory))


def _watch(look: Look) -> Step:
    rollout, live, ours = look.rollout, look.live, look.ours
    is_short = live is not None and live.running < live.desired
    trouble = ours is not None and ours.blame is Blame.PLATFORM and rollout.back is None
    baking = look.memory.phase is Phase.BAKING
    unproven = baking and live is not None and live.desired > 0 and look.guards
    short_since = rollout.short_since if baking and not trouble else None
    watched = replace(
        rollout,
        since=look.now if trouble and look.memory.phase is Phase.ROLLING else rollout.since,
        done=rollout.done or (look.now if ours is not None and ours.state is State.SUCCESSFUL else None),
        baked=look.baked,
        well_at=look.now if look.well else None,
        short_since=(short_since or look.now) if is_short else None,
        unsure_since=(rollout.unsure_since or look.now) if unproven else None,
        rang=look.rang,
        evidence=ours.evidence if ours is not None and ours.evidence else rollout.evidence,
        revision=live.revision if live and ours and live.deployment == ours.id else rollout.revision,
    )
    return Step(memory=replace(look.memory, rollout=watched))


def _keep(look: Look) -> Step:
    memory, rollout = look.memory, look.memory.rollout
    kept = kept_live(look, rollout.release if rollout else None)
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
    return Step(
        memory=replace(
            memory,
            quarantine=lifted(memory, release),
            next=Next(release=release, since=look.now, again=True),
            current=kept_live(look) if look.live else memory.current,
            rollout=None,
            drift=None,
        )
    )


def _turn_back(look: Look, cause: str, why: str) -> Step:
    memory, rollout = look.memory, look.memory.rollout
    if rollout is not None and rollout.back is not None and memory.phase is Phase.ROLLING_BACK:
        barred = rollout.barred | {rollout.back.digest}
        look = replace(look, memory=replace(memory, rollout=replace(rollout, barred=barred)))
        return _go(look, look.ways[0])
    if memory.phase is Phase.STALLED:
        look = replace(look, memory=replace(memory, rollout=None))
    look = replace(look, memory=_leave(look, cause, why))
    asked = look.asked if look.ordered else ()
    return _go(look, (asked or look.ways)[0])


def _leave(look: Look, cause: str, why: str) -> Memory:
    """Quarantine what we go back from; without an open rollout that is what runs, by a person's order."""
    memory = look.memory
    release = look.rollout.release if memory.rollout else kept_live(look).release
    terms = look.wish.want.terms if look.wish else Terms()
    rollout = memory.rollout or new_rollout(look, release, terms, Purpose.BACK, "rollback")
    evidence = look.ours.evidence if look.ours is not None else ()
    left = replace(
        rollout,
        purpose=Purpose.BACK,
        since=look.now,
        back=None,
        barred=frozenset(),
        cause=cause,
        evidence=evidence or rollout.evidence,
    )
    after = quarantined(look, memory, release, cause, why)
    return replace(after, rollout=left, rollouts=max(memory.rollouts, left.number), next=None, drift=None)


def _go(look: Look, back: Kept) -> Step:
    first = look.rollout.back is None
    rollout = replace(
        look.rollout,
        back=back,
        deployment=None,
        call=None,
        revision=None,
        well_at=None,
        since=look.now if first else look.rollout.since,
        tries=0 if first else look.rollout.tries,
    )
    if look.runs(back.release):
        return Step(memory=replace(look.memory, rollout=rollout))
    return Step(**ensure(look, look.memory, rollout, back.revision))


def _recover(look: Look) -> Step:
    back = look.rollout.back
    if back is None:
        raise AssertionError("only a rollout that goes back recovers")
    return Step(memory=replace(look.memory, current=kept_live(look, back.release), drift=None))


def _give_up(look: Look, cause: str, why: str) -> Step:
    rollout = look.rollout
    if look.memory.phase is Phase.ROLLING_BACK:
        return Step(memory=replace(look.memory, drift=None))
    memory = quarantined(look, look.memory, rollout.release, cause, why)
    return Step(memory=replace(memory, rollout=replace(rollout, cause=cause), drift=None))


def _yield(look: Look) -> Step:
    went_back = look.live is not None and look.memory.way_back(look.live.manifest) is not None
    if not went_back or look.memory.phase is Phase.ROLLING_BACK or look.runs(look.rollout.release):
        return Step(memory=noted(look, look.memory))
    left = "somebody went back from it by hand"
    return Step(memory=quarantined(look, noted(look, look.memory), look.rollout.release, PERSON, left))


def _there(look: Look) -> Live:
    if look.live is None:
        raise AssertionError(f"{look.name} is not there")
    return look.live


_PLAIN: Final[Mapping[Move, Callable[[Look], Step]]] = MappingProxyType(
    {
        Move.REST: _rest,
        Move.RENAME: lambda look: Step(memory=renamed(look)),
        Move.ADOPT: _adopt,
        Move.WAIT: _wait,
        Move.OPEN: _open,
        Move.SEND: _send,
        Move.TAKE: _take,
        Move.HEAL: _heal,
        Move.SET: _set,
        Move.NOTE: _note,
        Move.WATCH: _watch,
        Move.KEEP: _keep,
        Move.ACCEPT: _accept,
        Move.REOPEN: _reopen,
        Move.RECOVER: _recover,
        Move.YIELD: _yield,
    }
)

_BLAMING: Final[Mapping[Move, Callable[[Look, str, str], Step]]] = MappingProxyType(
    {
        Move.MEND: _mend,
        Move.TURN_BACK: _turn_back,
        Move.GIVE_UP: _give_up,
    }
)

MOVES: Final = frozenset(_PLAIN) | frozenset(_BLAMING)


def make(move: Move, look: Look, cause: str, why: str) -> Step:
    """Make a move; `cause` and `why` go with what is quarantined."""
    return _PLAIN[move](look) if move in _PLAIN else _BLAMING[move](look, cause, why)
