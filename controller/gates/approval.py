"""The approval gate: enough different people said yes to just this content, and nobody said no."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.orders import Approval as Given
from controller.model.people import People, Person
from controller.model.questions import Answer, Approvals, ApprovalsOf, Candidate, Question, Unanswered, WhoIsWho

_AHEAD: Final = timedelta(minutes=5)
"""How far the clock of whoever said yes may be ahead of ours."""
_NAMED: Final = 8
_GROUP: Final = (r"[a-z][a-z0-9-]{0,39}", "the name of a group in people.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """People who have to say yes before a release starts.

    A yes counts from somebody whom people.yaml knows, who was in one of `groups` when saying it and still is, for
    the content that was shown, once, and until it expires. A no by anybody known shuts the gate for that content.
    """

    count: int = field(
        default=1,
        metadata={"about": "How many different people have to say yes. 1 if absent.", "between": (1, 20)},
    )
    groups: tuple[str, ...] = field(
        default=(),
        metadata={
            "about": "Of which groups of people.yaml they have to be; of any if absent.",
            "like": _GROUP,
            "alone": True,
        },
    )
    expires: timedelta = field(
        default=timedelta(hours=24),
        metadata={"about": "How long a yes counts. 24h if absent.", "between": ("5m", "30d")},
    )
    four_eyes: bool = field(
        default=True,
        metadata={
            "about": "Whether who wrote the spec's commit, or asked for the retry or hotfix, does not count."
        },
    )

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "approval"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask what people said to it, and who they are."""
        return (ApprovalsOf(candidate=candidate), WhoIsWho())

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Open if enough people said yes; else shut, with who did, what is missing, and who can give it."""
        said, people = answers.get(ApprovalsOf(candidate=candidate)), answers.get(WhoIsWho())
        if not isinstance(people, People):
            return Unsure(why=_unknown("who is who", people))
        if not isinstance(said, Approvals):
            return Unsure(why=_unknown("what people said", said))
        mine = _newest(one for one in said.given if one.digest == candidate.digest)
        noes = [one for one in mine if not one.yes and people.named(one.by)]
        if noes:
            return Shut(why="; ".join(f"rejected by {one.by} at {_at(one.at)}{_because(one)}" for one in noes))
        author = self._author(said, people)
        if isinstance(author, Unsure):
            return author
        return self._counted(candidate, said, people, self._barred(author, people.meant(said.requester)), now)

    def _author(self, said: Approvals, people: People) -> Person | Unsure | None:
        """Find who wrote the commit: somebody unknown may be anybody, also whoever says yes."""
        if not self.four_eyes:
            return None
        email = _email(said.author)
        found = people.of_email(email) if email else None
        if found is not None:
            return found
        who = f"people.yaml knows nobody with the email {email}" if email else "it is not known who"
        wrote = ", who wrote the spec's commit" if email else " wrote the spec's commit"
        return Unsure(why=f"{who}{wrote}: add that there, or say fourEyes: false")

    def _barred(self, author: Person | None, requester: Person | None) -> Mapping[str, str]:
        """Name those who may not say yes for themselves, and why."""
        asked = {requester.name: "asked for it"} if requester and self.four_eyes else {}
        return asked | ({author.name: "wrote the commit"} if author else {})

    def _counted(
        self, candidate: Candidate, said: Approvals, people: People, barred: Mapping[str, str], now: datetime
    ) -> Verdict:
        counted: list[str] = []
        passed_over: list[str] = []
        for one in _newest(one for one in said.given if one.yes):
            why = self._wrong(one, candidate, said, people, now) or barred.get(one.by, "")
            if not why:
                counted.append(one.by)
            elif one.version == candidate.version or one.digest == candidate.digest:
                passed_over.append(f"{one.by} ({why})")
        if len(counted) >= self.count:
            return Open()
        able = [one.name for one in people.members(self.groups) if one.name not in {*barred, *counted}]
        return Shut(why=self._missing(counted, passed_over, able))

    def _wrong(self, one: Given, candidate: Candidate, said: Approvals, people: People, now: datetime) -> str:
        """Say why a yes does not count; empty if it may."""
        if one.digest != candidate.digest:
            return "for another content"
        if people.named(one.by) is None:
            return "not in people.yaml"
        if self.groups and not {*self.groups} & {*one.groups} & people.groups_of(one.by):
            return f"not in {' or '.join(self.groups)}"
        if one.number in said.used:
            return "used already"
        if now >= one.at + self.expires:
            return f"expired at {_at(one.at + self.expires)}"
        return "from the future: compare the clocks" if one.at > now + _AHEAD else ""

    def _missing(self, counted: Sequence[str], passed_over: Sequence[str], able: Sequence[str]) -> str:
        by = f": {', '.join(counted)}" if counted else ""
        of = f" of {' or '.join(self.groups)}" if self.groups else ""
        more = len(able) - _NAMED
        who = ", ".join(able[:_NAMED]) + (f" and {more} others" if more > 0 else "")
        who = f"{who} can" if able else "nobody there can"
        less = f"; not counted: {', '.join(passed_over)}" if passed_over else ""
        plural = "" if self.count == 1 else "s"
        needs = f"needs {self.count - len(counted)} more{of} ({who})"
        return f"{len(counted)} of {self.count} approval{plural}{by}; {needs}{less}"


def _newest(given: Iterable[Given]) -> tuple[Given, ...]:
    """Keep the last word of each person on each content: nobody counts twice."""
    last = {(one.by, one.digest): one for one in sorted(given, key=lambda one: one.number)}
    return tuple(last.values())


def _email(author: str) -> str:
    """Take the email out of an author as git writes one: `Anna <anna@example.com>`."""
    return author.rpartition("<")[2].removesuffix(">").strip()


def _unknown(what: str, answer: Answer) -> str:
    return answer.why if isinstance(answer, Unanswered) else f"{what} was not asked for"


def _because(one: Given) -> str:
    return f": {one.comment}" if one.comment else ""


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
