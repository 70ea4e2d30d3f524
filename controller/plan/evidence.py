"""What is kept of a release that failed: verdict, what its hooks logged, when alarms rang, what its kind tells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.model.decision import Plan
from controller.model.hooks import RunState
from controller.model.names import DeploymentId, EnvName, TargetName
from controller.model.place import Place
from controller.model.questions import AlarmHistory, Answer, Candidate, Question
from controller.model.record import Memory, Quarantined, Record
from controller.model.rollout import Rollout
from controller.model.story import EVIDENCE_LIMIT, EVIDENCE_TEXT, Entry, Event
from controller.plan.watching import asked_since


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A release that has just been quarantined, and where to look for why; `said` is what is known already."""

    target: TargetName
    place: Place
    barred: Quarantined
    rollout: Rollout | None
    said: tuple[str, ...]

    @property
    def deployment(self) -> DeploymentId | None:
        """The deployment that failed."""
        return self.rollout.deployment if self.rollout else None


def failed_in(before: Record, plan: Plan) -> Iterator[Failed]:
    """Name every release that this plan bars."""
    for name, decision in sorted(plan.decisions.items()):
        was, after = before.targets.get(name) or Memory(), decision.memory
        for digest in sorted(after.quarantine.keys() - was.quarantine.keys()):
            if after.place is None:
                continue
            barred = after.quarantine[digest]
            rollout = was.rollout if was.rollout and was.rollout.release.digest == digest else None
            yield Failed(target=name, place=after.place, barred=barred, rollout=rollout, said=_said(after, barred))


def _said(memory: Memory, barred: Quarantined) -> tuple[str, ...]:
    runs = [run for run in memory.runs if run.digest == barred.digest and run.state is not RunState.PASSED]
    told = (f"{run.title}: {run.state.value}: {run.why}" for run in runs)
    lines = (f"{run.hook}: {line}" for run in runs for line in run.lines)
    return (f"verdict: {barred.why}", *told, *lines)


def history_questions(env: EnvName, failed: Failed) -> Iterator[Question]:
    """Ask the guards of what failed when they shut since it was opened."""
    rollout = failed.rollout
    if rollout is None:
        return
    candidate = Candidate.of(env, failed.target, failed.place, rollout.release)
    yield from asked_since(rollout.terms.guards, candidate, rollout.opened)


def history_lines(answers: Mapping[Question, Answer]) -> Iterator[str]:
    """Say when alarms rang."""
    for answer in answers.values():
        for change in answer.changes if isinstance(answer, AlarmHistory) else ():
            at = f"{change.since:%Y-%m-%dT%H:%M:%SZ} " if change.since else ""
            yield f"alarm {change.name}: {at}{change.state.value}"


def row_of(env: EnvName, plan: Plan, failed: Failed, lines: tuple[str, ...]) -> Entry:
    """Write what was gathered as a row of the journal, no longer than one may be."""
    text = "\n".join((*failed.said, *lines)).encode()[:EVIDENCE_LIMIT].decode(errors="ignore")
    return Entry(
        at=plan.decided_at,
        env=env,
        target=failed.target,
        event=Event.EVIDENCE,
        text=f"what was gathered of {failed.barred.version}",
        rollout=failed.rollout.number if failed.rollout else 0,
        version=failed.barred.version,
        data={"digest": failed.barred.digest, EVIDENCE_TEXT: text},
    )
