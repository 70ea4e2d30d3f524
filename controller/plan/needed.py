"""What is needed of people now, and what is about to start: told once each, as rows of the journal.

What was told is remembered as words, such as `approval:DIGEST`; a word is forgotten once what it says is over, so
that it is told again if it comes again. A look that shows nothing says nothing: then all stays as it was.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.model.cycle import Cycle
from controller.model.decision import OpenGate
from controller.model.instants import instant
from controller.model.message import Told
from controller.model.names import TargetName
from controller.model.rollout import Phase
from controller.model.status import TargetStatus
from controller.model.story import Entry, Event
from controller.plan.blocked import blocked_data

APPROVAL: Final = "approval"
MASS_CHANGE: Final = "massChange"
BEGUN: Final = "begun"
"""Where the data of a row about a start says that the start is told at the same moment."""
_APPROVED: Final = "approved"
_SCHEDULED: Final = "scheduled"
_ANSWER: Final = "answer"
_CHECKLIST: Final = "checklist"
_QUARANTINE: Final = "quarantine"
_REVIEW: Final = "review"
_OVERDUE: Final = "overdue"
# With one of these it is not known what the gates would say.
_BLINDING: Final = frozenset({"pause", "source", "mode", "claim"})
# What only a person ends; an approval is told apart, because it is bound to one content.
_PERSONAL: Final = ("held", MASS_CHANGE, "breaking", "fight", "fixed", _CHECKLIST, "hotfix", "movedTag")
# What opens by itself, at a time that is known.
_TIMED: Final = frozenset({"window", "notBefore", "freeze", "promoted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing to tell: which event, in which word, in a sentence, and of which target (None: of all).

    With `group` it is told of all of that, and once.
    """

    event: Event
    word: str
    text: str
    status: TargetStatus
    shared: bool = False
    group: str = ""


def needed(cycle: Cycle, told: Told) -> tuple[Told, tuple[Entry, ...]]:
    """Say what is told after this turn, and the rows that tell what is new in it."""
    targets = {name: words for name, words in told.targets.items() if name not in cycle.plan.dropped}
    known = {word for words in told.targets.values() for word in words}
    rows: dict[tuple[str, str, TargetName | None], Entry] = {}
    for status in cycle.status:
        before = targets.pop(status.target, ())
        decision = cycle.plan.decisions.get(status.target)
        after, news = _words(status, before, _approval(decision.opened if decision else ()))
        if after:
            targets[status.target] = after
        for one in news:
            row = _row(one, cycle)
            if one.word not in known or not (one.shared or one.group):
                # Members have checklists of their own; how a group starts is told by the first of them.
                needs = one.text if one.event is Event.NEEDED else ""
                rows.setdefault((one.word, needs, row.target), row)
    return Told(targets=targets), tuple(rows.values())


def _words(status: TargetStatus, before: Sequence[str], approval: str) -> tuple[tuple[str, ...], tuple[News, ...]]:
    """Say which words hold of a target, and which of them are new."""
    gates = {blocker.gate for blocker in status.blockers}
    if not status.seen or gates & _BLINDING:
        return tuple(before), ()
    news = (*_waits(status, before, approval), *_personal(status))
    fresh = tuple(one for one in news if one.word not in before and one.text)
    return tuple(dict.fromkeys(one.word for one in news)), fresh


def _waits(status: TargetStatus, before: Sequence[str], approval: str) -> Iterator[News]:
    """Say whether what is wanted waits for an approval, was approved, or starts by itself at a known time."""
    digest, gates = status.bound, {blocker.gate for blocker in status.blockers}
    if not digest or _has_failed(status):
        return
    asked, approved, scheduled = (f"{word}:{digest}" for word in (APPROVAL, _APPROVED, _SCHEDULED))
    if APPROVAL in gates:
        event, word, text = Event.NEEDED, asked, f"{status.wanted} waits for approval"
    elif asked in before or approved in before:
        event, word = Event.BEFORE, approved
        text = f"{status.wanted} is {approval}; {_starts(status)}" if approval else ""
    elif scheduled in before or (gates and gates <= _TIMED and _opens(status)):
        event, word, text = Event.BEFORE, scheduled, f"{status.wanted} {_starts(status)}"
    else:
        return
    yield News(event=event, word=word, text=text, status=status, group=status.group)


def _approval(opened: Iterable[OpenGate]) -> str:
    """Say whose yes opened the approval gates; empty if none is open."""
    return " and ".join(dict.fromkeys(one.why for one in opened if one.gate == APPROVAL))


def _has_failed(status: TargetStatus) -> bool:
    """Whether what is wanted failed: nobody has to open a gate for it."""
    barred = any(blocker.gate == _QUARANTINE for blocker in status.blockers)
    return barred or status.phase is Phase.ROLLING_BACK


def _personal(status: TargetStatus) -> Iterator[News]:
    """Say what else only a person can end."""
    for blocker in status.blockers:
        shared, ticked = blocker.gate == MASS_CHANGE, blocker.gate == _CHECKLIST
        if blocker.gate in _PERSONAL and not (ticked and _has_failed(status)):
            what = status.commit if shared else status.bound if ticked else status.wanted_digest
            yield News(
                event=Event.NEEDED,
                word=f"{blocker.gate}:{what}",
                text=blocker.why,
                status=status,
                shared=shared,
                group=status.group if ticked else "",
            )
    if (waits := status.awaiting) is not None:
        at = f" at {waits.stage}" if waits.stage else ""
        until = f" until {instant(waits.until)}" if waits.until else ""
        then = f", then {waits.then}" if waits.then else ""
        text = f"{waits.version} waits for an answer{at}{until}{then}"
        word = f"{_ANSWER}:{status.rollout}:{waits.stage}"
        yield News(event=Event.NEEDED, word=word, text=text, status=status)
    yield from _reviews(status)


def _reviews(status: TargetStatus) -> Iterator[News]:
    """Say which hotfixes another person has to look at, and again once nobody did in time."""
    for one in status.hotfixes:
        if one.review_due is None:
            continue
        due, how = instant(one.review_due), f"trueup approve {status.env} {status.target} {one.version} --hotfix"
        what = f"the hotfix to {one.version}, for which {one.by} broke the glass"
        asks = f"{what}, waits for its review until {due}: {how}"
        yield News(event=Event.NEEDED, word=f"{_REVIEW}:{one.number}", text=asks, status=status)
        if one.overdue:
            late = f"nobody reviewed {what}, by {due}: {how}"
            yield News(event=Event.NEEDED, word=f"{_OVERDUE}:{one.number}", text=late, status=status)


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
    whose = TargetName(news.group) if news.group else status.target
    return Entry(
        at=cycle.now,
        env=status.env,
        target=None if news.shared else whose,
        event=news.event,
        text=news.text,
        rollout=status.rollout if _is_under_way(news) else 0,
        version="" if news.shared else status.wanted,
        data={
            **_facts(status, news),
            **({BEGUN: "now"} if _begins(news, cycle) else {}),
            "owners": ",".join(sorted({owner for owner in _owners(news, cycle.status) if owner})),
            **blocked_data(status.blockers),
        },
    )


def _is_under_way(news: News) -> bool:
    """Whether it is of the rollout that is open, and not of one that is still to come."""
    starts = news.event is Event.BEFORE and not news.status.blockers and not news.group
    return news.word.startswith(_ANSWER) or starts


def _begins(news: News, cycle: Cycle) -> bool:
    """Whether what is about to start was opened in this very turn; of a group not all begins at once."""
    memory = cycle.after.targets.get(news.status.target)
    rollout = memory.rollout if memory else None
    if rollout is None or news.event is not Event.BEFORE or news.group:
        return False
    return rollout.opened == cycle.plan.decided_at and rollout.release.digest == news.status.wanted_digest


def _owners(news: News, statuses: Iterable[TargetStatus]) -> tuple[str, ...]:
    """Name the owners of all targets that wait for the same."""
    if news.group:
        return tuple(one.owner for one in statuses if one.group == news.group)
    gate = news.word.partition(":")[0]
    waiting = (one for one in statuses if any(blocker.gate == gate for blocker in one.blockers))
    return tuple(one.owner for one in waiting) if news.shared else (news.status.owner,)


def _facts(status: TargetStatus, news: News) -> Mapping[str, str]:
    facts = {
        "need": news.word.partition(":")[0],
        "digest": "" if news.shared else status.bound if news.group else status.wanted_digest,
        "commit": status.commit,
        "runs": "" if news.shared else status.live,
    }
    return {key: value for key, value in facts.items() if value}


def waits_of(statuses: Iterable[TargetStatus], owner: str) -> tuple[TargetStatus, ...]:
    """Give the targets of an owner that wait for an approval now, in order of name; of a group only the first."""
    found = (one for one in statuses if one.owner == owner and APPROVAL in {b.gate for b in one.blockers})
    firsts: dict[tuple[str, str], TargetStatus] = {}
    for one in sorted(found, key=lambda one: (one.env, one.target)):
        firsts.setdefault((one.env, one.asked_as), one)
    return tuple(firsts.values())
