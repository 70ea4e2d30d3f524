"""Put the whole record of one rollout together, from rows of the journal and what is remembered of its target."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Final

from controller.model.names import TargetName
from controller.model.record import Memory
from controller.model.reviews import Brought
from controller.model.rollout import Phase, Rollout
from controller.model.rollout_record import HookTold, RolloutRecord, Stretch, Told, Verdict
from controller.model.story import EVIDENCE_TEXT, Entry, Event
from controller.plan.facts import CHECKS, GATE, HOOK, IMAGE, REVIEWERS, WANTED, run_facts, runs_of

_RESTING: Final = frozenset({Phase.IDLE.value, Phase.PENDING.value})
_CALLS: Final = frozenset({Event.INTENT, Event.OUTCOME})
_TOLD: Final = frozenset({Event.NEEDED, Event.BEFORE, Event.NOTES})
"""What people were told of a rollout is no part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The rows of one rollout, in order.

    `rest` are those of its target from the end of the rollout before it up to its own beginning, `began` is the
    number of the row by which that one was opened, `last` that of the newest row that may concern this one: None
    while it is under way.
    """

    rows: tuple[Entry, ...]
    rest: tuple[Entry, ...]
    began: int
    last: int | None

    @property
    def opening(self) -> Entry:
        """The row that says what it was opened with; of what an older version wrote perhaps only its first row."""
        return next((row for row in self.rows if "way" in row.data), self.rows[0])

    @property
    def ending(self) -> Entry | None:
        """The row by which it ended, the newest of several."""
        return next((row for row in reversed(self.rows) if row.event is Event.ENDED), None)

    @property
    def since(self) -> int:
        """The number of the row by which the rollout before it ended; 0 if there is none."""
        return self.rest[0].number if self.rest and self.rest[0].event is Event.ENDED else 0


def numbers(rows: Iterable[Entry]) -> tuple[int, ...]:
    """Name the rollouts of which these rows tell."""
    return tuple(sorted({row.rollout for row in rows if row.rollout > 0}))


def life_of(rows: Sequence[Entry], number: int) -> Life | None:
    """Find the rows of a rollout among those of its target; the newest of two, if numbers began again."""
    lives: list[list[Entry]] = []
    for row in rows:
        if row.rollout != number or row.event in _TOLD:
            continue
        if not lives or _begins(row, lives[-1]):
            lives.append([])
        lives[-1].append(row)
    if not lives:
        return None
    mine = lives[-1]
    first = mine[0].number
    before = [row for row in rows if row.number < first]
    ends = [at for at, row in enumerate(before) if row.event is Event.ENDED]
    opened = [row.number for row in before if row.event is Event.OPENED]
    ended = any(row.event is Event.ENDED for row in mine)
    return Life(
        rows=tuple(mine),
        rest=tuple(before[ends[-1] :] if ends else before),
        began=opened[-1] if opened else 0,
        last=mine[-1].number if ended else None,
    )


def _begins(row: Entry, life: Sequence[Entry]) -> bool:
    """Whether a row is of another rollout with the same number: when a target begins anew, it counts anew."""
    if not any(known.event is Event.ENDED for known in life):
        first = next((known for known in life if known.event is Event.OPENED), None)
        return row.event is Event.OPENED and first is not None and first.data["digest"] != row.data["digest"]
    at_rest = row.data.get("before") in _RESTING and row.data.get("after") == Phase.ROLLING_BACK.value
    return row.event is Event.OPENED or (row.event is Event.PHASE and at_rest)


def recount(life: Life, around: Sequence[Entry], memory: Memory | None) -> RolloutRecord:
    """Tell all that is known of a rollout; `around` are rows of its environment: commits and orders."""
    opening, ending = life.opening, life.ending
    rollout, opened = _open(life, memory), _opened(life)
    ended = ending.at if ending else None
    facts: Mapping[str, str] = opening.data if "way" in opening.data else {}
    accepted = [_told(row, row.data.get("commit", "")) for row in around if row.event is Event.ACCEPTED]
    commits = tuple(told for told in accepted if life.began < told.row <= opening.number)
    return RolloutRecord(
        env=opening.env,
        target=opening.target or TargetName(""),
        rollout=opening.rollout,
        version=opening.version,
        digest=_digest(life, rollout),
        commit=facts.get("commit", ""),
        built=facts.get("built", ""),
        follows=facts.get("follows", ""),
        author=facts.get("author", "") or _author(around, life),
        purpose=facts.get("purpose", ""),
        way=facts.get("way", ""),
        replaced=facts.get("from", ""),
        images=_under(facts, IMAGE),
        opened=opened,
        ended=ended,
        seconds=(ended - opened).total_seconds() if ended and opened else None,
        phase=_phase(life, memory if rollout else None),
        verdict=_verdict(ending),
        commits=commits,
        phases=tuple(_phases(life)),
        gates=tuple(_gates(life)),
        orders=tuple(_told(row, row.event.value) for row in around if _is_about(row, life)),
        calls=tuple(_told(row, _call(row)) for row in life.rows if row.event in _CALLS),
        hooks=tuple(_hooks(life, rollout, memory)),
        guards=tuple(_told(row, row.data.get("kind", "")) for row in life.rows if row.event is Event.GUARD),
        alarms=tuple(facts["rang"].split(", ")) if "rang" in facts else (),
        failures=tuple(_told(row, row.event.value) for row in life.rows if row.event is Event.QUARANTINED),
        evidence=tuple(line for row in life.rows for line in row.data.get(EVIDENCE_TEXT, "").splitlines()),
        brought=_brought(facts),
        rows=tuple(row.number for row in life.rows),
    )


def _digest(life: Life, rollout: Rollout | None) -> str:
    told = next((row.data["digest"] for row in (life.opening, life.ending) if row and row.data.get("digest")), "")
    return told or (rollout.release.digest if rollout else "")


def _brought(facts: Mapping[str, str]) -> Brought | None:
    """Give what the git host knew of the commit when it was opened, if it was asked in time."""
    if not {"pull", CHECKS} & facts.keys():
        return None
    return Brought(
        pull=facts.get("pull", ""),
        url=facts.get("pullUrl", ""),
        author=facts.get("pullAuthor", ""),
        reviewers=tuple(facts.get(REVIEWERS, "").splitlines()),
        checks=tuple(facts.get(CHECKS, "").splitlines()),
    )


def _open(life: Life, memory: Memory | None) -> Rollout | None:
    """Give the rollout as it is remembered, while it is."""
    rollout = memory.rollout if memory else None
    return rollout if rollout and life.last is None and rollout.number == life.opening.rollout else None


def _opened(life: Life) -> datetime | None:
    ending, opening = life.ending, life.opening
    if ending is not None and "opened" in ending.data:
        return datetime.fromisoformat(ending.data["opened"])
    return opening.at


def _told(row: Entry, what: str) -> Told:
    return Told(at=row.at, what=what, text=row.text, by=row.by, row=row.number)


def _author(around: Sequence[Entry], life: Life) -> str:
    """Find who wrote the commit that was accepted for it; the row names another as well if it was signed."""
    commit = life.opening.data.get("commit", "") if "way" in life.opening.data else ""
    rows = (row for row in reversed(around) if row.event is Event.ACCEPTED and row.data.get("commit") == commit)
    mine = (row for row in rows if life.began < row.number <= life.opening.number)
    return next((row.data.get("author") or row.by for row in mine), "")


def _is_about(row: Entry, life: Life) -> bool:
    mine = row.target in {None, life.opening.target, life.opening.data.get("group")}
    inside = life.since < row.number and (life.last is None or row.number <= life.last)
    return row.event in {Event.ORDER, Event.HOTFIX} and mine and inside


def _under(facts: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in facts.items() if key.startswith(prefix)}


def _waited(life: Life) -> tuple[Entry, ...]:
    """Give the rows that tell how its wish waited, right before it was opened."""
    moved = (row for row in reversed(life.rest) if row.event is Event.PHASE)
    return tuple(takewhile(lambda row: row.data.get("after") == Phase.PENDING.value, moved))[::-1]


def _phases(life: Life) -> Iterator[Stretch]:
    rows = [*_waited(life), *(row for row in life.rows if row.event is Event.PHASE)]
    ends: list[datetime | None] = [*(row.at for row in rows[1:]), None]
    for row, until in zip(rows, ends, strict=True):
        took = (until - row.at).total_seconds() if until else None
        yield Stretch(phase=row.data.get("after", ""), since=row.at, until=until, seconds=took, reason=row.text)


def _gates(life: Life) -> Iterator[Told]:
    """Give what was said of gates: what they were shut for while it waited, and that they were open in the end.

    What waited before it, and never began, had gates of its own.
    """
    opening = (row for row in life.rows if row.number <= life.opening.number)
    digest = life.opening.data.get("digest", "")
    waited = (row for row in _waited(life) if row.data.get(WANTED, digest) == digest)
    for row in (*waited, *opening):
        for kind, answer in _under(row.data, GATE).items():
            yield Told(at=row.at, what=kind, text=answer, row=row.number)


def _call(row: Entry) -> str:
    return row.event.value if row.event is Event.INTENT else row.data.get("outcome", "")


def _hooks(life: Life, rollout: Rollout | None, memory: Memory | None) -> Iterator[HookTold]:
    """Give the hooks as the row of its end has them; before that as they are remembered."""
    if rollout is not None and memory is not None:
        yield from (_hook(run_facts(run)) for run in runs_of(rollout, memory.runs))
    elif life.ending is not None:
        facts, at = life.ending.data, 0
        while found := _under(facts, f"{HOOK}{at}."):
            yield _hook(found)
            at += 1


def _hook(facts: dict[str, str]) -> HookTold:
    code = facts.get("code", "")
    return HookTold(
        name=facts.get("name", ""),
        when=facts.get("when", ""),
        state=facts.get("state", ""),
        started=facts.get("started", ""),
        ended=facts.get("ended", ""),
        code=int(code) if code else None,
        task=facts.get("task", ""),
        why=facts.get("why", ""),
    )


def _phase(life: Life, memory: Memory | None) -> str:
    if memory is not None:
        return memory.phase.value
    return next((stretch.phase for stretch in reversed(tuple(_phases(life)))), "")


def _verdict(ending: Entry | None) -> Verdict:
    if ending is None:
        return Verdict()
    data = ending.data
    return Verdict(
        result=data.get("result", ""), cause=data.get("cause", ""), why=ending.text, back=data.get("back", "")
    )
