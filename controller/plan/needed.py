"""What is needed of people now, and what is about to start: told once each, as rows of the journal.

What was told is remembered as words, such as `approval:DIGEST`; a word is forgotten once what it says is over, so
that it is told again if it comes again. A look that shows nothing says nothing: then all stays as it was.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.model.cycle import Cycle
from controller.model.message import Told
from controller.model.orders import TargetOrders
from controller.model.status import TargetStatus
from controller.model.story import Entry, Event
from controller.plan.blocked import blocked_data
from controller.plan.drift import instant

APPROVAL: Final = "approval"
MASS_CHANGE: Final = "massChange"
_APPROVED: Final = "approved"
_SCHEDULED: Final = "scheduled"
_ANSWER: Final = "answer"
# With one of these it is not known what the gates would say.
_BLINDING: Final = frozenset({"pause", "source", "mode", "claim"})
# What only a person ends; an approval is told apart, because it is bound to one content.
_PERSONAL: Final = ("held", MASS_CHANGE, "breaking", "fight", "fixed", "checklist")
# What opens by itself, at a time that is known.
_TIMED: Final = frozenset({"window", "notBefore", "freeze", "promoted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing to tell: which event, in which word, in a sentence, and of which target (None: of all)."""

    event: Event
    word: str
    text: str
    status: TargetStatus
    shared: bool = False


def needed(cycle: Cycle, told: Told) -> tuple[Told, tuple[Entry, ...]]:
    """Say what is told after this turn, and the rows that tell what is new in it."""
    targets = {name: words for name, words in told.targets.items() if name not in cycle.plan.dropped}
    known = {word for words in told.targets.values() for word in words}
    rows: list[Entry] = []
    for status in cycle.status:
        before = targets.pop(status.target, ())
        orders = cycle.after.orders.targets.get(status.target, TargetOrders())
        after, news = _words(status, before, orders)
        if after:
            targets[status.target] = after
        for one in news:
            if one.word not in known or not one.shared:
                rows.append(_row(one, cycle))
            known.add(one.word)
    return Told(targets=targets), tuple(rows)


def _words(
    status: TargetStatus, before: Sequence[str], orders: TargetOrders
) -> tuple[tuple[str, ...], tuple[News, ...]]:
    """Say which words hold of a target, and which of them are new."""
    gates = {blocker.gate for blocker in status.blockers}
    if not status.seen or gates & _BLINDING:
        return tuple(before), ()
    news = (*_waits(status, before, orders), *_personal(status))
    fresh = tuple(one for one in news if one.word not in before and one.text)
    return tuple(dict.fromkeys(one.word for one in news)), fresh


def _waits(status: TargetStatus, before: Sequence[str], orders: TargetOrders) -> Iterator[News]:
    """Say whether what is wanted waits for an approval, was approved, or starts by itself at a known time."""
    digest, gates = status.wanted_digest, {blocker.gate for blocker in status.blockers}
    if not digest:
        return
    asked, approved, scheduled = (f"{word}:{digest}" for word in (APPROVAL, _APPROVED, _SCHEDULED))
    if APPROVAL in gates:
        text = f"{status.wanted} waits for approval"
        yield News(event=Event.NEEDED, word=asked, text=text, status=status)
    elif asked in before or approved in before:
        by = ", ".join(dict.fromkeys(one.by for one in orders.approvals if one.yes and one.digest == digest))
        text = f"{status.wanted} is approved by {by}; {_starts(status)}" if by else ""
        yield News(event=Event.BEFORE, word=approved, text=text, status=status)
    elif scheduled in before or (gates and gates <= _TIMED and _opens(status)):
        text = f"{status.wanted} {_starts(status)}"
        yield News(event=Event.BEFORE, word=scheduled, text=text, status=status)


def _personal(status: TargetStatus) -> Iterator[News]:
    """Say what else only a person can end."""
    for blocker in status.blockers:
        if blocker.gate in _PERSONAL:
            shared = blocker.gate == MASS_CHANGE
            what = status.commit if shared else status.wanted_digest
            word = f"{blocker.gate}:{what}"
            yield News(event=Event.NEEDED, word=word, text=blocker.why, status=status, shared=shared)
    if (waits := status.awaiting) is not None:
        at = f" at {waits.stage}" if waits.stage else ""
        until = f" until {instant(waits.until)}" if waits.until else ""
        then = f", then {waits.then}" if waits.then else ""
        text = f"{waits.version} waits for an answer{at}{until}{then}"
        word = f"{_ANSWER}:{status.rollout}:{waits.stage}"
        yield News(event=Event.NEEDED, word=word, text=text, status=status)


def _opens(status: TargetStatus) -> datetime | None:
    """Say when the last of what blocks opens by itself; None if that is not known of one."""
    ends = [blocker.until for blocker in status.blockers]
    known = [until for until in ends if until is not None]
    return max(known) if known and len(known) == len(ends) else None


def _starts(status: TargetStatus) -> str:
    if not status.blockers:
        return "starts now"
    opens = _opens(status)
    if opens is not None:
        return f"starts at {instant(opens)}"
    return f"starts when this is open: {', '.join(dict.fromkeys(blocker.gate for blocker in status.blockers))}"


def _row(news: News, cycle: Cycle) -> Entry:
    status = news.status
    owners = _owners(news.word, cycle.status) if news.shared else (status.owner,)
    return Entry(
        at=cycle.now,
        env=status.env,
        target=None if news.shared else status.target,
        event=news.event,
        text=news.text,
        rollout=status.rollout if _is_under_way(news) else 0,
        version="" if news.shared else status.wanted,
        data={
            **_facts(status, news),
            "owners": ",".join(sorted({owner for owner in owners if owner})),
            **blocked_data(status.blockers),
        },
    )


def _is_under_way(news: News) -> bool:
    """Whether it is of the rollout that is open, and not of one that is still to come."""
    return news.word.startswith(_ANSWER) or (news.event is Event.BEFORE and not news.status.blockers)


def _owners(word: str, statuses: Iterable[TargetStatus]) -> tuple[str, ...]:
    """Name the owners of all targets that wait for the same."""
    gate = word.partition(":")[0]
    return tuple(one.owner for one in statuses if any(blocker.gate == gate for blocker in one.blockers))


def _facts(status: TargetStatus, news: News) -> Mapping[str, str]:
    facts = {
        "need": news.word.partition(":")[0],
        "digest": "" if news.shared else status.wanted_digest,
        "commit": status.commit,
        "runs": "" if news.shared else status.live,
    }
    return {key: value for key, value in facts.items() if value}


def waits_of(statuses: Iterable[TargetStatus], owner: str) -> tuple[TargetStatus, ...]:
    """Give the targets of an owner that wait for an approval now, in order of name."""
    found = (one for one in statuses if one.owner == owner and APPROVAL in {b.gate for b in one.blockers})
    return tuple(sorted(found, key=lambda one: (one.env, one.target)))
