"""The lane of a hotfix: the version that is wanted instead of the spec's, and whether its people are there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from controller.model.consent import WhoIsWho
from controller.model.desired import DesiredTarget
from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.hotfix import EMERGENCY, HOTFIX, LASTS, SKIPPED, Hotfix, Lane
from controller.model.instants import AHEAD, instant
from controller.model.names import Digest, TargetName
from controller.model.orders import Freeze, TargetOrders
from controller.model.people import People
from controller.model.questions import Answer, Candidate, Question, Unanswered
from controller.model.record import Memory, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The gate of a hotfix: who asked is of the emergency group, and another of it agreed to just this content.

    Of one with broken glass who asked is enough. `bound` is the content that was first known of its version.
    """

    hotfix: Hotfix
    bound: Digest | None

    @property
    def kind(self) -> str:
        """Its name where it blocks."""
        return HOTFIX

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask who is who."""
        del candidate
        return (WhoIsWho(),)

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Open if everybody who is needed said so, for this content, and not too long ago."""
        people, one = answers.get(WhoIsWho()), self.hotfix
        if not isinstance(people, People):
            why = people.why if isinstance(people, Unanswered) else "who is who was not asked for"
            return Unsure(why=f"the hotfix of {one.by} is not counted: {why}")
        if not _is_of(one.by, one.groups, people):
            return Shut(why=f"the hotfix of {one.by} is not counted: {one.by} is not in {EMERGENCY}")
        if one.at > now + AHEAD:
            why = f"{one.by} asked for it at {instant(one.at)}: compare the clocks"
            return Shut(why=f"the hotfix of {one.by} is not counted: {why}")
        if now >= one.at + LASTS:
            return Shut(why=f"{one.by} asked for this hotfix more than 24h ago: ask for it again")
        if one.broke_glass:
            return Open() if candidate.digest == self.bound else Shut(why=self._other(candidate))
        return self._seconded(candidate, people)

    def _seconded(self, candidate: Candidate, people: People) -> Verdict:
        one, second = self.hotfix, self.hotfix.second
        if second is None:
            able = [person.name for person in people.members((EMERGENCY,)) if person.name != one.by]
            who = f"{', '.join(able)} can" if able else "nobody there can"
            how = f"trueup approve {candidate.env} {candidate.target} {one.version} --hotfix"
            return Shut(why=f"the hotfix of {one.by} needs another of {EMERGENCY} ({who}): {how}")
        if second.by == one.by or not _is_of(second.by, second.groups, people):
            return Shut(why=f"the yes of {second.by} to the hotfix of {one.by} does not count")
        return Open() if second.digest == candidate.digest else Shut(why=self._other(candidate))

    def _other(self, candidate: Candidate) -> str:
        agreed = (self.hotfix.second.digest if self.hotfix.second else self.bound) or "nothing"
        what = f"{candidate.version} is {candidate.digest[:12]} now"
        return f"the hotfix of {self.hotfix.by} is for {agreed[:12]}, and {what}: ask for it again"


def _is_of(name: str, groups: tuple[str, ...], people: People) -> bool:
    """Whether somebody was of the emergency group then, and still is."""
    return EMERGENCY in groups and EMERGENCY in people.groups_of(name)


def instead(record: Record, now: datetime) -> Mapping[TargetName, str]:
    """Name the versions that hotfixes want instead of the spec's, for whoever reads the spec."""
    standing = ((name, orders.hotfix(now)) for name, orders in record.orders.targets.items())
    return {name: one.version for name, one in standing if one and not is_over(record.targets.get(name), one)}


def is_over(memory: Memory | None, hotfix: Hotfix) -> bool:
    """Whether it has ended although it still stands as an order: the spec says something else by now."""
    lane = memory.lane if memory else None
    return lane is not None and lane.number == hotfix.number and lane.over


def followed_lane(memory: Memory, want: DesiredTarget | None, orders: TargetOrders, now: datetime) -> Memory:
    """Note the content that a hotfix is for once known, that it has ended, and that no review came in time."""
    if not orders.hotfixes and memory.lane is None:
        return memory
    lane, shouted = _lane(memory, want, orders, now), max([memory.shouted, *overdue(orders, now)])
    same = lane == memory.lane and shouted == memory.shouted
    return memory if same else replace(memory, lane=lane, shouted=shouted)


def _lane(memory: Memory, want: DesiredTarget | None, orders: TargetOrders, now: datetime) -> Lane | None:
    lane, hotfix = memory.lane, orders.hotfix(now)
    if hotfix is None:
        return replace(lane, over=True) if lane is not None and not lane.over else lane
    if want is None or want.said is None:
        return lane
    if lane is None or lane.number != hotfix.number:
        spec = memory.followed.version if memory.followed else want.said.version
        since = lane.since if lane is not None and not lane.merged else spec
        lane = Lane(number=hotfix.number, version=hotfix.version, spec=want.said.digest, since=since)
    if lane.spec != want.said.digest:
        return replace(lane, over=True)
    whole = not want.draft or want.release.asked is not None
    return replace(lane, digest=want.release.digest) if lane.digest is None and whole else lane


def left_behind(orders: TargetOrders) -> Lane | None:
    """Take a hotfix that was given for what was there before as over."""
    last = next(iter(orders.hotfixes[-1:]), None)
    return Lane(number=last.number, version=last.version, spec=Digest(""), over=True) if last else None


def overdue(orders: TargetOrders, now: datetime) -> list[int]:
    """Give the numbers of those that somebody should have reviewed by now."""
    due = ((one.number, one.review_due) for one in orders.hotfixes)
    return [number for number, at in due if at is not None and now >= at]


def ended(memory: Memory, want: DesiredTarget | None) -> str:
    """Say that what the spec was read for has ended, so that it has to be read again; empty if it is not so."""
    lane = memory.lane
    if want is None or want.said is None or (lane is not None and not lane.over):
        return ""
    return f"the hotfix to {want.release.version} has ended, and the spec is read again"


def in_lane(
    want: DesiredTarget, memory: Memory, orders: TargetOrders, freeze: Freeze | None, now: datetime
) -> DesiredTarget:
    """Give what is wanted, with the gate of its hotfix where that would skip something, and its incident."""
    hotfix, lane = orders.hotfix(now), memory.lane
    if want.said is None or hotfix is None or lane is None or lane.over:
        return want
    frozen = freeze is not None and freeze.holds(now)
    if not (frozen or hotfix.incident or any(gate.kind in SKIPPED for gate in want.gates)):
        return want
    incident = hotfix.incident or want.terms.incident
    gates = (*want.gates, Agreed(hotfix=hotfix, bound=lane.digest))
    return replace(want, gates=gates, terms=replace(want.terms, incident=incident))
