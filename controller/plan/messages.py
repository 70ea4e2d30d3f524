"""What people are told of a row of the journal: nothing of most, and of the same row always the same."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from controller.model.message import Message, Occasion
from controller.model.names import EnvName, TargetName
from controller.model.rollout import Phase, Purpose
from controller.model.status import TargetStatus
from controller.model.story import Entry, Event
from controller.plan.blocked import blocked_in, line_of
from controller.plan.calls import in_words
from controller.plan.facts import GATE, IMAGE, OPEN
from controller.plan.needed import APPROVAL, BEGUN
from controller.plan.voice import ALL, NOBODY, TELLS

Said: TypeAlias = tuple[frozenset[Occasion], str, str, str]
"""When it is told, the transition in a word, the title, and what else there is to say."""

_NOBODY: Final = TargetName("")
DIGEST: Final = "waiting"
"""The transition of a digest: what waits for an approval."""
_FACTS: Final = (
    "commit", "author", "digest", "from", "back", "cause", "purpose", "need", "runs", "seconds", "lead", "commits",
    "approved",
)  # fmt: skip
_SHARED: Final = tuple(key for key in _FACTS if key not in {"digest", "seconds"})
_MOST: Final = 16_000
"""How many characters of a text are told; receivers take less, and are given less."""
_BEFORE: Final = frozenset({Occasion.BEFORE})
_DURING: Final = frozenset({Occasion.DURING})
_AFTER: Final = frozenset({Occasion.AFTER})
_NEEDED: Final = frozenset({Occasion.NEEDED})
_NOTES: Final = frozenset({Occasion.NOTES})


def message_of(row: Entry, owner_of: Callable[[EnvName, TargetName], str]) -> Message | None:
    """Make the message of a row; None if there is nothing to tell. Whom it concerns is asked if it does not say."""
    teller = _TELLERS.get(row.event)
    is_of_all = row.data.get(TELLS) == ALL
    is_of_one = is_of_all and row.event is not Event.NOTES  # it is in the words of one member
    told = replace(row, text=f"{row.target}: {row.text}") if is_of_one else row
    said = teller(told) if teller and row.data.get(TELLS) != NOBODY else None
    if said is None:
        return None
    occasions, transition, title, text = said
    target = TargetName(row.data["group"]) if is_of_all else row.target
    named = row.data["owners"].split(",") if "owners" in row.data else [owner_of(row.env, row.target or _NOBODY)]
    message = Message(
        id=_id(row.env, row.target or "", str(row.rollout), transition, str(row.number), row.at.isoformat()),
        at=row.at,
        row=row.number,
        occasions=occasions,
        transition=transition,
        env=row.env,
        target=target,
        owners=tuple(filter(None, named)),
        rollout=0 if is_of_all else row.rollout,
        attempt=row.data["attempt"] if is_of_all else "",
        version=row.version,
        title="",
        text=text[:_MOST],
        facts=_facts(row.data, is_of_all=is_of_all),
        blocked=blocked_in(row.data),
        told_with=_DURING if BEGUN in row.data else frozenset(),
    )
    return replace(message, title=f"{message.about}: {title}")


def is_approval(row: Entry) -> bool:
    """Whether a row tells that something waits for an approval: a digest tells of it, with all else that waits."""
    return row.event is Event.NEEDED and row.data.get("need") == APPROVAL


def digest_of(
    waiting: Sequence[TargetStatus], owner: str, row: int, since: datetime, at: datetime
) -> Message | None:
    """Tell of all that waits for the approval of an owner; None if nothing does any more.

    `row` and `since` are of the first row that it tells of: they make its id.
    """
    if not waiting:
        return None
    names = ", ".join(f"{one.env}/{one.asked_as} {one.wanted}" for one in waiting)
    lines = []
    for one in waiting:
        lines.append(f"{one.env}/{one.asked_as}: {one.wanted}, runs {one.live or 'nothing'}")
        lines += [f"  {line_of(blocker)}" for blocker in one.blockers]
        lines.append(f"  trueup approve {one.env} {one.asked_as} {one.wanted}")
    count = len(waiting)
    return Message(
        id=_id("digest", owner, str(row), since.isoformat()),
        at=at,
        row=row,
        occasions=_NEEDED,
        transition=DIGEST,
        env=waiting[0].env if len({one.env for one in waiting}) == 1 else EnvName("all"),
        title=f"{count} release{'s' if count > 1 else ''} wait{'' if count > 1 else 's'} for approval: {names}"[
            :250
        ],
        text="\n".join(lines),
        target=TargetName(waiting[0].asked_as) if count == 1 else None,
        owners=(owner,) if owner else (),
        version=waiting[0].wanted if count == 1 else "",
        blocked=waiting[0].blockers if count == 1 else (),
    )


def _id(*parts: str) -> str:
    """Name a message so that it is called the same after a crash, and like no other."""
    return f"msg_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def _facts(data: Mapping[str, str], *, is_of_all: bool) -> dict[str, str]:
    """Give what machines need; what is of one member alone is no fact of its group."""
    if is_of_all:
        return {key: data[key] for key in (*_SHARED, "attempt", "members") if data.get(key)}
    images = {key: value for key, value in data.items() if key.startswith(IMAGE)}
    return {key: data[key] for key in _FACTS if data.get(key)} | images


def _opened(row: Entry) -> Said | None:
    purpose, before = row.data.get("purpose"), row.data.get("from", "")
    if purpose == Purpose.HEAL.value:
        return _DURING, "healing", f"{row.version} is deployed again, because something else runs", row.text
    if purpose == Purpose.BACK.value:
        return _AFTER, "going_back", f"goes back to {row.version}", row.text
    how, _, approved = row.data.get(f"{GATE}{APPROVAL}", "").partition(": ")
    text = f"{row.text}\n{approved}" if how == OPEN and approved else row.text
    return _DURING, "started", f"{row.version} starts" + (f", after {before}" if before else ""), text


def _phase(row: Entry) -> Said | None:
    before, after = row.data.get("before", ""), row.data.get("after", "")
    if after == Phase.ROLLING_BACK.value:
        return _AFTER, "going_back", f"{row.version} is left: it goes back", row.text
    if after == Phase.BAKING.value:
        return _DURING, "baking", f"{row.version} runs everywhere, and is watched", row.text
    if after == Phase.ROLLING.value and before == Phase.PREPARING.value:
        return _DURING, "migrated", f"{row.version}: its hooks before are done, and it rolls", row.text
    if after == Phase.ROLLING.value and before == Phase.BAKING.value and not row.data.get("begins"):
        return _DURING, "rolling", f"{row.version} rolls again", row.text
    return None  # how it began is told by the row that opens it, and that it is stalled by that of its end


def _ended(row: Entry) -> Said | None:
    result, back, why = row.data.get("result", ""), row.data.get("back", ""), row.data.get("why", "")
    why = row.data.get("because", why)
    reason = "\n".join(part for part in (why, row.text) if part)
    if result == "good":
        return _AFTER, "good", f"{row.version} is good, after {_took(row)}", row.text
    if result == "superseded":
        return _DURING, "superseded", f"{row.version} is replaced before it was good", row.text
    is_stuck = row.data.get("then") == Phase.STALLED.value
    when = _AFTER | _NEEDED if is_stuck else _AFTER
    if result == "rolled_back":
        to = f": {back} runs again" if back else ""
        return when, "went_back", f"{row.version} failed and went back{to}", reason
    decide = ": a person, or a new wish, has to decide" if is_stuck else ""
    if result == "failed":
        return when, "failed", f"{row.version} failed{decide}", reason
    return when, "stalled", f"the rollout of {row.version} ended{decide}", reason


def _took(row: Entry) -> str:
    return in_words(timedelta(seconds=float(row.data.get("lasted") or row.data.get("seconds", "0"))))


def _needed(row: Entry) -> Said | None:
    return _NEEDED, row.data.get("need", "needed"), row.text, ""


def _before(row: Entry) -> Said | None:
    return _BEFORE, row.data.get("need", "scheduled"), row.text, ""


def _notes(row: Entry) -> Said | None:
    return _NOTES, "notes", f"release notes of {row.version}", row.text


_TELLERS: Final[Mapping[Event, Callable[[Entry], Said | None]]] = MappingProxyType({
    Event.OPENED: _opened,
    Event.PHASE: _phase,
    Event.ENDED: _ended,
    Event.NEEDED: _needed,
    Event.BEFORE: _before,
    Event.NOTES: _notes,
})  # fmt: skip
