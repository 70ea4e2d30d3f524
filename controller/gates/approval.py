"""The approval gate: enough different people said yes to just this content, and nobody said no."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.orders import Approval as Given
from controller.model.people import People, Person
from controller.model.questions import Answer, Approvals, ApprovalsOf, Candidate, Question, Unanswered, WhoIsWho
from controller.model.reviews import Review, Reviews, ReviewsOf, RunApprovalsOf, review_number

_AHEAD: Final = timedelta(minutes=5)
"""How far the clock of whoever said yes may be ahead of ours."""
_NAMED: Final = 8
_GROUP: Final = (r"[a-z][a-z0-9-]{0,39}", "the name of a group in people.yaml")


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
            "about": "Whether who wrote the spec's commit, or asked for it to be tried again, does not count."
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
        reviews = self._reviews(candidate, answers)
        if isinstance(reviews, Unsure):
            return reviews
        authors = {email: people.of_email(email) for email in reviews.authors}
        strangers = [email for email, person in authors.items() if person is None]
        if strangers and self.four_eyes:
            return Unsure(why=_unmapped(strangers[0], f"a commit of {reviews.of}"))
        barred = self._barred(author, people.meant(said.requester), authors.values())
        return self._counted(candidate, said, people, barred, now, reviews)

    def _reviews(self, candidate: Candidate, answers: Mapping[Question, Answer]) -> Reviews | Unsure:
        """Find what the git host knows; without its answer nobody can tell whether somebody said no there."""
        if self.via is Via.COMMAND:
            return Reviews()
        asked = self._elsewhere(candidate)
        answer = Unanswered(why="the commit is not known") if asked is None else answers.get(asked)
        if isinstance(answer, Reviews):
            return answer
        return Unsure(why=f"who said yes by {self.via} cannot be read: {_unknown('it', answer)}")

    def _author(self, said: Approvals, people: People) -> Person | Unsure | None:
        """Find who wrote the commit: somebody unknown may be anybody, also whoever says yes."""
        if not self.four_eyes:
            return None
        email = _email(said.author)
        found = people.of_email(email) if email else None
        if found is not None:
            return found
        if not email:
            return Unsure(why="it is not known who wrote the spec's commit: add that there, or say fourEyes: false")
        return Unsure(why=_unmapped(email, "the spec's commit"))

    def _barred(
        self, author: Person | None, requester: Person | None, authors: Iterable[Person | None]
    ) -> Mapping[str, str]:
        """Name those who may not say yes for themselves, and why."""
        asked = {requester.name: "asked for it"} if requester and self.four_eyes else {}
        wrote = [one for one in (author, *authors) if one and self.four_eyes]
        return asked | {one.name: "wrote the commit" for one in wrote}

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
            elif why and (one.version == candidate.version or one.digest == candidate.digest):
                passed_over.append(f"{one.by} ({why})")
        if len(counted) >= self.count:
            return Open()
        # Who is not known has no name here, though a login at GitHub may be spelled like one.
        passed_over += [f"{one.login} at GitHub (not in people.yaml)" for one, person in known if person is None]
        able = [one.name for one in people.members(self.groups) if one.name not in {*barred, *counted}]
        why = self._missing(counted, passed_over, able)
        return Shut(why=f"{why}; {reviews.why}" if reviews.why else why)

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


def _as_given(one: Review, person: Person, candidate: Candidate, via: Via) -> Given:
    """Take a yes of the git host for one that was said here: it is of the very commit that is judged."""
    return Given(
        number=review_number(one),
        version=candidate.version,
        digest=candidate.digest,
        by=person.name,
        at=one.at,
        groups=person.groups,
        via=via,
    )


def _newest(given: Iterable[Given]) -> tuple[Given, ...]:
    """Keep the last word of each person on each content: nobody counts twice."""
    last = {(one.by, one.digest): one for one in sorted(given, key=lambda one: one.number)}
    return tuple(last.values())


def _email(author: str) -> str:
    """Take the email out of an author as git writes one: `Anna <anna@example.com>`."""
    return author.rpartition("<")[2].removesuffix(">").strip()


def _unmapped(email: str, what: str) -> str:
    who = f"people.yaml knows nobody with the email {email}, who wrote {what}"
    return f"{who}: add that there, or say fourEyes: false"


def _unknown(what: str, answer: Answer) -> str:
    return answer.why if isinstance(answer, Unanswered) else f"{what} was not asked for"


def _because(one: Given) -> str:
    return f": {one.comment}" if one.comment else ""


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
