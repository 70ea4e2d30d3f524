"""The checklist gate: people ticked each of its items for just this content."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from controller.errors import SpecError
from controller.gates.words import GROUP, able, of_groups, stale, unknown, wrong
from controller.model.consent import Ticks, TicksOf, WhoIsWho
from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.orders import Tick
from controller.model.people import People
from controller.model.questions import Answer, Candidate, Question

_MOST: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """Things that people do by hand before a release starts, and tick one by one.

    A tick counts from somebody whom people.yaml knows, who was in one of `groups` when giving it and still is, for
    the content that was shown, once, until it expires, and until anybody known takes it back. Raises SpecError for
    a list that nobody could tick.
    """

    items: tuple[str, ...] = field(
        metadata={
            "about": "What has to be ticked, each by a name such as support-told.",
            "like": (r"[a-z][a-z0-9-]{0,39}", "the name of an item"),
            "floor": "all of",
        }
    )
    groups: tuple[str, ...] = field(
        default=(),
        metadata={
            "about": "Of which groups of people.yaml they have to be who tick; of any if absent.",
            "like": GROUP,
            "alone": True,
            "floor": "some of",
        },
    )
    expires: timedelta = field(
        default=timedelta(hours=24),
        metadata={"about": "How long a tick counts. 24h if absent.", "between": ("5m", "30d"), "floor": "most"},
    )

    def __post_init__(self) -> None:
        if not self.items:
            raise SpecError("has nothing to tick: give items")
        if len(self.items) > _MOST:
            raise SpecError(f"has {len(self.items)} items, and at most {_MOST} are kept")
        twice = next((item for item in self.items if self.items.count(item) > 1), None)
        if twice is not None:
            raise SpecError(f"names {twice} twice")

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "checklist"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask what was ticked for it, and who people are."""
        return (TicksOf(candidate=candidate), WhoIsWho())

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Open if every item is ticked; else shut, with those that are not, and who can tick them."""
        ticks, people = answers.get(TicksOf(candidate=candidate)), answers.get(WhoIsWho())
        if not isinstance(people, People):
            return Unsure(why=unknown("who is who", people))
        if not isinstance(ticks, Ticks):
            return Unsure(why=unknown("what was ticked", ticks))
        by = {item: self._by(item, candidate, ticks, people, now) for item in self.items}
        left = tuple(item for item, (name, _) in by.items() if not name)
        if not left:
            return Open(why=", ".join(f"{item} by {name}" for item, (name, _) in by.items()))
        passed_over = [why for item in left for why in by[item][1]]
        less = f"; not counted: {', '.join(passed_over)}" if passed_over else ""
        who = f"{of_groups(self.groups)} ({able(people.members(self.groups))})"
        done = f"{len(self.items) - len(left)} of {len(self.items)} ticked"
        why = f"{done}; open: {', '.join(left)}; needs somebody{who}{less}"
        return Shut(why=why, groups=self.groups, items=left)

    def _by(
        self, item: str, candidate: Candidate, ticks: Ticks, people: People, now: datetime
    ) -> tuple[str, list[str]]:
        """Say who ticked an item, empty if nobody who counts did, and whose ticks do not count, with the reason."""
        name, passed_over = "", list[str]()
        for tick in _standing(item, ticks, people):
            why = wrong(tick, candidate, self.groups, people) or stale(tick, ticks.used, self.expires, now)
            if not why:
                name = tick.by
            elif candidate.version == tick.version:
                passed_over.append(f"{item} by {tick.by} ({why})")
        return name, passed_over


def _standing(item: str, ticks: Ticks, people: People) -> Iterable[Tick]:
    """Give the ticks of an item that nobody known took back after they were given, oldest first."""
    mine = sorted((tick for tick in ticks.given if tick.item == item), key=lambda tick: tick.number)
    undone = {tick.digest: tick.number for tick in mine if tick.undo and people.named(tick.by) is not None}
    return [tick for tick in mine if not tick.undo and tick.number > undone.get(tick.digest, 0)]
