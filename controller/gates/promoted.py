"""The promoted gate: what is to run here was good in another environment, image by image, for long enough."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.errors import SpecError
from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.instants import AHEAD, instant
from controller.model.names import EnvName, TargetName
from controller.model.questions import Answer, Candidate, Proof, Proven, ProvenIn, Question, Unanswered
from controller.plan.calls import in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """The very digests were good in another environment for the soak time, whatever runs there now.

    Raises SpecError if that is the environment itself. `environment` is the target's own.
    """

    source: str = field(
        metadata={
            "about": "The environment in which it has to have been good.",
            "key": "from",
            "like": (r"[a-z][a-z0-9-]{0,39}", "the name of an environment"),
            "floor": "same",
            "environment": True,
        }
    )
    soak: timedelta = field(
        default=timedelta(),
        metadata={"about": "How long it has to have been good there. 0s if absent.", "floor": "least"},
    )
    target: str = field(
        default="",
        metadata={
            "about": "What the target is called there. The same if absent.",
            "like": (r"[a-z][a-z0-9-]{0,39}", "the name of a target"),
            "floor": "same, if any",
        },
    )
    containers: tuple[str, ...] = field(
        default=(),
        metadata={"about": "The containers whose images are compared. All if absent.", "floor": "all of, or all"},
    )
    environment: str = ""

    def __post_init__(self) -> None:
        if self.source == self.environment:
            raise SpecError(f"asks for what was good in {self.source}, which is the environment itself")

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "promoted"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask for the digests, if they are known."""
        question, missing = self._question(candidate)
        return (question,) if question is not None and not missing else ()

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Open if one proof lasted long enough; unsure while nobody can tell, or no digest is known."""
        question, missing = self._question(candidate)
        if missing or question is None:
            named = f"{', '.join(missing)} of {candidate.version}" if missing else candidate.version
            return Unsure(why=f"{named} is not run by digest, so that nobody can tell whether it was good")
        answer = answers.get(question)
        if isinstance(answer, Unanswered):
            return Unsure(why=f"what was good in {self.source} cannot be read: {answer.why}")
        if not isinstance(answer, Proven):
            return Unsure(why=f"what was good in {self.source} cannot be read: not asked")
        if answer.failed:
            return Shut(why=f"what {candidate.version} runs failed in {self.source}: {answer.failed}")
        return self._weighed(candidate, answer.proofs, question, now)

    def _weighed(
        self, candidate: Candidate, proofs: tuple[Proof, ...], question: ProvenIn, now: datetime
    ) -> Verdict:
        begun = [proof for proof in proofs if proof.since <= now + AHEAD]
        best = max(begun, key=lambda proof: proof.lasted(now), default=None)
        if best is None and proofs:
            ahead = f"since {instant(proofs[0].since)}"
            return Unsure(why=f"{proofs[0].version} is good in {self.source} {ahead}: compare the clocks")
        if best is None:
            return Shut(why=f"{candidate.version} ({_short(question)}) was not good in {self.source}")
        lasted = best.lasted(now)
        if lasted >= self.soak:
            return Open(why=self._proven(best, lasted, question))
        long = f"good in {self.source} for {in_words(lasted)} of {in_words(self.soak)}"
        if best.is_stopped(now):
            return Shut(why=f"{best.version} is {long}, and paused there: that does not count")
        if best.until is None:
            return Shut(why=f"{best.version} is {long}", until=now + self.soak - lasted)
        return Shut(why=f"{best.version} was {long}, until {instant(best.until)}")

    def _proven(self, best: Proof, lasted: timedelta, question: ProvenIn) -> str:
        """Say by what it is proven, for the journal: which release was good there, since when, and what it ran."""
        where, since = f"{question.env}/{question.target}", instant(best.since)
        long = f"{in_words(lasted)} since {since}, of {in_words(self.soak)}"
        return f"{best.version} good in {where} for {long}, with {', '.join(question.images)}"

    def _question(self, candidate: Candidate) -> tuple[ProvenIn | None, list[str]]:
        """Give what to ask, None if no digest is known, and the named containers of which none is."""
        images = candidate.images
        missing = [name for name in self.containers if name not in images]
        wanted = {images[name] for name in (self.containers or images) if name in images}
        there = TargetName(self.target or candidate.target)
        asked = ProvenIn(env=EnvName(self.source), target=there, images=tuple(sorted(wanted)))
        return asked if wanted else None, missing


def _short(question: ProvenIn) -> str:
    return ", ".join(f"{digest[:19]}…" for digest in question.images)
