"""The approval gate: enough different people said yes to just this content, and nobody said no."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.gates.words import GROUP, NAMED, able, instant, of_groups, stale, unknown, wrong
from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.orders import Approval as Given
from controller.model.people import People, Person
from controller.model.questions import Answer, Approvals, ApprovalsOf, Candidate, Question, WhoIsWho


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """People who have to say yes before a release starts.

    A yes counts from somebody whom people.yaml knows, who was in one of `groups` when saying it and still is, for
    the content that was shown, once, and until it expires. A no by anybody known shuts the gate for that content.
    """

    count: int = field(
        default=1,
        metadata={
            "about": "How many different people have to say yes. 1 if absent.",
            "between": (1, 20),
            "floor": "least",
        },
    )
    groups: tuple[str, ...] = field(
        default=(),
        metadata={
            "about": "Of which groups of people.yaml they have to be; of any if absent.",
            "like": GROUP,
            "alone": True,
            "floor": "some of",
        },
    )
    expires: timedelta = field(
        default=timedelta(hours=24),
        metadata={"about": "How long a yes counts. 24h if absent.", "between": ("5m", "30d"), "floor": "most"},
    )
    four_eyes: bool = field(
        default=True,
        metadata={
            "about": "Whether those who wrote it in the specs, or asked for it to be tried again, do not count.",
            "floor": "kept",
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
            return Unsure(why=unknown("who is who", people))
        if not isinstance(said, Approvals):
            return Unsure(why=unknown("what people said", said))
        mine = _newest(one for one in said.given if one.digest == candidate.digest)
        noes = [one for one in mine if not one.yes and people.named(one.by)]
        if noes:
            return Shut(why="; ".join(f"rejected by {one.by} at {instant(one.at)}{_because(one)}" for one in noes))
        authors = self._authors(said, people)
        if isinstance(authors, Unsure):
            return authors
        return self._counted(candidate, said, people, self._barred(authors, people.meant(said.requester)), now)

    def _authors(self, said: Approvals, people: People) -> Sequence[Person] | Unsure:
        """Find all who wrote it: somebody unknown may be anybody, also whoever says yes."""
        if not self.four_eyes:
            return ()
        if said.unknown:
            return Unsure(why=f"it is not known who wrote it: {said.unknown}; without that, say fourEyes: false")
        found = {email: people.of_email(email) for email in said.authors.emails}
        strangers = [email or "none" for email, person in found.items() if person is None]
        if strangers:
            who = f"people.yaml knows nobody with the email {', '.join(strangers[:NAMED])}, who wrote it"
            return Unsure(why=f"{who}: add that there, or say fourEyes: false")
        # Machines and strangers write applications too; only what is released with them is the operator's people's.
        built = (people.of_email(email) for email in said.authors.builders)
        signed = (people.named(name) for name in said.authors.signers)
        return tuple(person for person in (*found.values(), *built, *signed) if person)

    def _barred(self, authors: Sequence[Person], requester: Person | None) -> Mapping[str, str]:
        """Name those who may not say yes for themselves, and why."""
        asked = {requester.name: "asked for it"} if requester and self.four_eyes else {}
        return asked | {author.name: "wrote it" for author in authors}

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
            return Open(why=f"approved by {', '.join(counted)}")
        others = [one for one in people.members(self.groups) if one.name not in {*barred, *counted}]
        return Shut(why=self._missing(counted, passed_over, others), groups=self.groups)

    def _wrong(self, one: Given, candidate: Candidate, said: Approvals, people: People, now: datetime) -> str:
        return wrong(one, candidate, self.groups, people) or stale(one, said.used, self.expires, now)

    def _missing(self, counted: Sequence[str], passed_over: Sequence[str], others: Sequence[Person]) -> str:
        by = f": {', '.join(counted)}" if counted else ""
        less = f"; not counted: {', '.join(passed_over)}" if passed_over else ""
        plural = "" if self.count == 1 else "s"
        needs = f"needs {self.count - len(counted)} more{of_groups(self.groups)} ({able(others)})"
        return f"{len(counted)} of {self.count} approval{plural}{by}; {needs}{less}"


def _newest(given: Iterable[Given]) -> tuple[Given, ...]:
    """Keep the last word of each person on each content: nobody counts twice."""
    last = {(one.by, one.digest): one for one in sorted(given, key=lambda one: one.number)}
    return tuple(last.values())


def _because(one: Given) -> str:
    return f": {one.comment}" if one.comment else ""
