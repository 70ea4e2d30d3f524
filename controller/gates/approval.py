"""The approval gate: enough different people said yes to just this content, and nobody said no."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from controller.gates.words import GROUP, NAMED, able, of_groups, stale, unknown, wrong
from controller.model.consent import APPROVED_BY, Approvals, ApprovalsOf, WhoIsWho
from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.instants import instant
from controller.model.orders import Approval as Given
from controller.model.people import People, Person
from controller.model.questions import Answer, Candidate, Question, Unanswered
from controller.model.reviews import Review, Reviews, ReviewsOf, RunApprovalsOf, review_number


class Via(StrEnum):
    """Where else somebody may say yes than by `trueup approve`, which always counts."""

    COMMAND = "command"
    REVIEW = "github-review"
    ENVIRONMENT = "github-environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """People who have to say yes before a release starts.

    A yes counts from somebody whom people.yaml knows, who was in one of `groups` when saying it and still is, for
    the content that was shown, once, and until it expires. A no by anybody known shuts the gate for that content.
    What the git host has of reviewers counts in the same way, for the commit that brought the content: `files` are
    those that the target is made of, `environment` is its own.
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
            "about": "Whether those who wrote it in the specs, or asked for the retry or hotfix, do not count.",
            "floor": "kept",
        },
    )

    via: Via = field(
        default=Via.COMMAND,
        metadata={
            "about": "Where else a yes may come from: github-review, the pull request that brought the commit, or "
            "github-environment, the required reviewers of a deployment environment. `command` if absent."
        },
    )
    github_environment: str = field(
        default="",
        metadata={
            "about": "What the deployment environment is called at GitHub. As this environment if absent.",
            "like": (r"[^\x00-\x1f\x7f]{1,255}", "the name of an environment at GitHub"),
        },
    )
    environment: str = ""
    files: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "approval"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask what people said to it, here and at the git host, and who they are."""
        elsewhere = self._elsewhere(candidate)
        return (ApprovalsOf(candidate=candidate), WhoIsWho(), *(() if elsewhere is None else (elsewhere,)))

    def _elsewhere(self, candidate: Candidate) -> Question | None:
        if self.via is Via.COMMAND or candidate.commit is None:
            return None
        if self.via is Via.REVIEW:
            return ReviewsOf(commit=candidate.commit, files=self.files)
        return RunApprovalsOf(commit=candidate.commit, environment=self.github_environment or self.environment)

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Open if enough people said yes; else shut, with who did, what is missing, and who can give it."""
        said, people = answers.get(ApprovalsOf(candidate=candidate)), answers.get(WhoIsWho())
        if not isinstance(people, People):
            return Unsure(why=unknown("who is who", people))
        if not isinstance(said, Approvals):
            return Unsure(why=unknown("what people said", said))
        mine = _newest(one for one in said.given if one.digest == candidate.bound)
        noes = [one for one in mine if not one.yes and people.named(one.by)]
        if noes:
            return Shut(why="; ".join(f"rejected by {one.by} at {instant(one.at)}{_because(one)}" for one in noes))
        authors = self._authors(said, people)
        if isinstance(authors, Unsure):
            return authors
        reviews = self._reviews(candidate, answers)
        if isinstance(reviews, Unsure):
            return reviews
        brought = self._known(reviews.authors, people, f", who wrote a commit of {reviews.of}")
        if isinstance(brought, Unsure):
            return brought
        barred = self._barred((*authors, *brought), map(people.meant, said.requesters))
        return self._counted(candidate, said, people, barred, now, reviews)

    def _reviews(self, candidate: Candidate, answers: Mapping[Question, Answer]) -> Reviews | Unsure:
        """Find what the git host knows; without its answer nobody can tell whether somebody said no there."""
        if self.via is Via.COMMAND:
            return Reviews()
        asked = self._elsewhere(candidate)
        answer = Unanswered(why="the commit is not known") if asked is None else answers.get(asked)
        if isinstance(answer, Reviews):
            return answer
        return Unsure(why=f"who said yes by {self.via} cannot be read: {unknown('it', answer)}")

    def _authors(self, said: Approvals, people: People) -> Sequence[Person] | Unsure:
        """Find all who wrote it."""
        if not self.four_eyes:
            return ()
        if said.unknown:
            return Unsure(why=f"it is not known who wrote it: {said.unknown}; without that, say fourEyes: false")
        # Only who committed may be a machine: whoever could write as one would be nobody, and approve their own.
        hands = (email for email in said.authors.committers if not people.is_machine(email))
        found = self._known((*said.authors.emails, *hands), people, ", who wrote it")
        if isinstance(found, Unsure):
            return found
        # Machines and strangers write applications too; only what is released with them is the operator's people's.
        built = (people.of_email(email) for email in said.authors.builders)
        signed = (people.named(name) for name in said.authors.signers)
        return tuple(person for person in (*found, *built, *signed) if person)

    def _known(self, emails: Iterable[str], people: People, wrote: str) -> Sequence[Person] | Unsure:
        """Find whose these are: somebody unknown may be anybody, also whoever says yes."""
        found = {email: people.of_email(email) for email in emails} if self.four_eyes else {}
        machines = [email for email in found if people.is_machine(email)]
        if machines:
            whose = f"{', '.join(machines[:NAMED])}{wrote}, is a machine in people.yaml, and may only commit"
            return Unsure(why=f"{whose}: whoever wrote that may be anybody; write it anew, or say fourEyes: false")
        strangers = [email or "none" for email, person in found.items() if person is None]
        if not strangers:
            return tuple(person for person in found.values() if person)
        who = f"people.yaml knows nobody with the email {', '.join(strangers[:NAMED])}{wrote}"
        return Unsure(why=f"{who}: add that there, or say fourEyes: false")

    def _barred(self, authors: Sequence[Person], requesters: Iterable[Person | None]) -> Mapping[str, str]:
        """Name those who may not say yes for themselves, and why."""
        asked = {one.name: "asked for it" for one in requesters if one and self.four_eyes}
        return asked | {author.name: "wrote it" for author in authors}

    def _counted(
        self,
        candidate: Candidate,
        said: Approvals,
        people: People,
        barred: Mapping[str, str],
        now: datetime,
        reviews: Reviews,
    ) -> Verdict:
        counted: list[str] = []
        passed_over: list[str] = []
        known = [(one, people.of_github(one.login)) for one in reviews.reviews]
        noes = [one.login for one, person in known if person and not one.yes]
        if noes:
            return Shut(why=f"{', '.join(noes)} said no to {reviews.of}")
        reviewed = [_as_given(one, person, candidate, self.via) for one, person in known if person]
        for one in (*_newest(one for one in said.given if one.yes), *reviewed):
            why = self._wrong(one, candidate, said, people, now) or barred.get(one.by, "")
            if not why and one.by not in counted:
                counted.append(one.by)
            elif why and (one.version == candidate.version or one.digest == candidate.bound):
                passed_over.append(f"{one.by} ({why})")
        if len(counted) >= self.count:
            return Open(why=f"{APPROVED_BY}{', '.join(counted)}")
        # Who is not known has no name here, though a login at GitHub may be spelled like one.
        passed_over += [f"{one.login} at GitHub (not in people.yaml)" for one, person in known if person is None]
        others = [one for one in people.members(self.groups) if one.name not in {*barred, *counted}]
        why = self._missing(counted, passed_over, others)
        return Shut(why=f"{why}; {reviews.why}" if reviews.why else why, groups=self.groups)

    def _wrong(self, one: Given, candidate: Candidate, said: Approvals, people: People, now: datetime) -> str:
        return wrong(one, candidate, self.groups, people) or stale(one, said.used, self.expires, now)

    def _missing(self, counted: Sequence[str], passed_over: Sequence[str], others: Sequence[Person]) -> str:
        by = f": {', '.join(counted)}" if counted else ""
        less = f"; not counted: {', '.join(passed_over)}" if passed_over else ""
        plural = "" if self.count == 1 else "s"
        needs = f"needs {self.count - len(counted)} more{of_groups(self.groups)} ({able(others)})"
        return f"{len(counted)} of {self.count} approval{plural}{by}; {needs}{less}"


def _as_given(one: Review, person: Person, candidate: Candidate, via: Via) -> Given:
    """Take a yes of the git host for one that was said here: it is of the very commit that is judged."""
    return Given(
        number=review_number(one),
        version=candidate.version,
        digest=candidate.bound,
        by=person.name,
        at=one.at,
        groups=person.groups,
        via=via,
    )


def _newest(given: Iterable[Given]) -> tuple[Given, ...]:
    """Keep the last word of each person on each content: nobody counts twice."""
    last = {(one.by, one.digest): one for one in sorted(given, key=lambda one: one.number)}
    return tuple(last.values())


def _because(one: Given) -> str:
    return f": {one.comment}" if one.comment else ""
