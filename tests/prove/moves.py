"""What may happen next in the closed world: every effect of every turn, every fault, time, and the person."""

from collections.abc import Iterator
from dataclasses import replace

from controller.model.orders import Orders, Pause, Request, Rollback, TargetOrders
from tests.platform import digest
from tests.prove.closed import (
    API,
    NEW,
    OLD,
    TICK,
    Flight,
    State,
    Turn,
    land,
    load,
    look,
    save_intent,
    save_outcome,
    send,
)


def successors(s: State) -> Iterator[tuple[str, State]]:
    """Every state that may follow, with what happened."""
    for i, turn in enumerate(s.turns):
        yield from _turn(s, i, turn)
    for flight in s.air:
        yield from _flight(s, flight)
    if not s.air:
        yield from _time(s)
    if s.left.people:
        yield from _person(paid(s, people=1))
    if s.left.faults:
        yield from _trouble(paid(s, faults=1))


def paid(s: State, people: int = 0, faults: int = 0, stalls: int = 0) -> State:
    left = s.left
    return s.after(
        left=replace(left, people=left.people - people, faults=left.faults - faults, stalls=left.stalls - stalls)
    )


def _turn(s: State, i: int, turn: Turn) -> Iterator[tuple[str, State]]:
    name = "AB"[i]
    if s.free and not turn.holds:
        yield f"{name} takes the lease", s.with_turn(i, replace(turn, holds=True), owner=i, free=False)
    stale = s.left.faults and s.may_look_old
    match turn.step:
        case "nothing" if turn.holds:
            yield f"{name} loads", load(s, i)
        case "loaded":
            yield f"{name} looks", look(s, i)
            if stale:
                yield f"{name} sees what was", look(paid(s, faults=1), i, stale=True)
        case "looked":
            yield f"{name} saves its intent", save_intent(s, i)
        case "intended":
            yield f"{name} sends", send(s, i)
        case "answered":
            yield f"{name} saves the outcome", save_outcome(s, i)
    if turn.step != "nothing" and s.left.faults:
        yield f"{name} dies", died(paid(s, faults=1), i)


def died(s: State, i: int) -> State:
    """The process is gone, and its lease is free; what is on its way is on its way."""
    air = tuple(replace(flight, by=None) if flight.by == i else flight for flight in s.air)
    return s.with_turn(i, Turn(), air=air, free=s.free or s.owner == i)


def _flight(s: State, flight: Flight) -> Iterator[tuple[str, State]]:
    yield "the call arrives", land(s, flight)
    if s.left.faults:
        for how in ("unanswered", "dropped", "throttled") if flight.by is not None else ("dropped",):
            yield f"the call is {how}", land(paid(s, faults=1), flight, how=how)


def _time(s: State) -> Iterator[tuple[str, State]]:
    """Time passes for free between turns; a controller that stands still in one, or past its lease, has stalled."""
    if all(turn.step == "nothing" for turn in s.turns):
        yield "time passes", passed(s)
    elif s.left.stalls:
        yield "time passes in a turn", paid(passed(s), stalls=1)
    if s.left.stalls and s.owner is not None and not s.free:
        stalled = paid(passed(s), stalls=1)
        turn = replace(stalled.turns[s.owner], holds=False)
        yield "AB"[s.owner] + " stalls past its lease", stalled.with_turn(s.owner, turn, free=True)


def passed(s: State) -> State:
    """The platform moves with time; whoever holds the lease renews it."""
    return s.after(now=s.now + TICK).moved(lambda platform: platform.advance())


def _person(s: State) -> Iterator[tuple[str, State]]:
    orders = s.record.orders.targets.get(API, TargetOrders())
    number = s.writes + 1
    if orders.pause is None:
        yield "pause", ordered(s, pause=Pause(reason="lunch", at=s.now))
    else:
        yield "resume", ordered(s, pause=None)
    if s.memory.quarantine or s.memory.rollout:
        yield "retry", ordered(s, retry=Request(number=number))
    yield "rollback", ordered(s, rollback=Rollback(number=number))
    yield "commit", s.after(wish=NEW if s.wish == OLD else OLD)
    for version in (OLD, NEW):
        yield f"deploys {version} by hand", s.moved(lambda p, version=version: p.by_hand("api", version))


def ordered(s: State, **orders: object) -> State:
    """A person's order is written beside the loop, and every save that did not know of it is refused."""
    mine = replace(s.record.orders.targets.get(API, TargetOrders()), **orders)
    writes = s.writes + 1
    given = replace(s.record, version=str(writes), orders=Orders(targets={API: mine}))
    return s.after(record=given, writes=writes)


def _trouble(s: State) -> Iterator[tuple[str, State]]:
    if digest(NEW) not in s.rings:
        yield "alarms ring while 2 runs", s.after(rings=s.rings | {digest(NEW)})
    if digest(NEW) not in s.platform.bad:
        yield "2 does not start", s.moved(lambda p: p.bad.add(digest(NEW)))
