"""What the journal keeps of a rollout for machines: what it opened with, what blocked it, what its hooks came to.

Keys are `gate:KIND`, `image:PATH` and `hook0.state`: flat, because the data of a row is text by name.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from controller.model.decision import Decision, OpenGate
from controller.model.desired import Desired, Reading
from controller.model.hooks import Run
from controller.model.instants import instant
from controller.model.names import TargetName
from controller.model.questions import Answer, Question
from controller.model.record import Memory
from controller.model.release import Release
from controller.model.reviews import Brought, ChangeOf
from controller.model.rollout import Purpose, Rollout
from controller.plan.blocked import until_of

GATE: Final = "gate:"
IMAGE: Final = "image:"
HOOK: Final = "hook"
REVIEWERS: Final = "reviewers"
CHECKS: Final = "checks"
OPEN: Final = "open"
WANTED: Final = "wanted"
"""Where a row about waiting says what waits, by its digest."""
SKIPPED: Final = "skipped"
UNASKED: Final = "not asked: what is known here needs no gate"


def opened_facts(
    desired: Reading,
    name: TargetName,
    before: Memory,
    rollout: Rollout,
    opened: Collection[OpenGate],
    answers: Mapping[Question, Answer],
) -> dict[str, str]:
    """Say what a rollout is of, who brought that, what it replaces, and under which gates and guards.

    `opened` are the gates that say what opened them.
    """
    release, current = rollout.release, before.current
    other = current if current is not None and current.digest != release.digest else None
    known = isinstance(desired, Desired) and desired.commit == release.commit
    facts = {
        "digest": release.digest,
        "way": rollout.way,
        "purpose": rollout.purpose.value,
        "commit": release.commit or "",
        "built": release.built or "",
        "follows": _follows(desired, name, release),
        "author": desired.author if known and isinstance(desired, Desired) else "",
        "from": other.release.version if other else "",
        "fromDigest": other.digest if other else "",
        "guards": ", ".join(sorted({guard.kind for guard in rollout.terms.guards})),
        "rang": ", ".join(sorted(rollout.rang)),
        "hotfix": str(rollout.hotfix or ""),
        "group": rollout.part.group.name if rollout.part else "",
        **{f"{IMAGE}{path}": value for path, value in _images(rollout)},
        **_gates(desired, name, before, rollout, opened),
        **_brought(before, rollout, answers),
    }
    return {key: value for key, value in facts.items() if value}


def _follows(desired: Reading, name: TargetName, release: Release) -> str:
    """Say where the version of a release comes from, if it is the one that is followed."""
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    followed = want.followed if want is not None else None
    return followed.source if followed is not None and followed.version == release.version else ""


def _images(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """Give what a release names by the digest of its content: images."""
    for path, value in rollout.release.manifest.fields:
        if isinstance(value, str) and "@sha256:" in value:
            yield path, value


def _brought(before: Memory, rollout: Rollout, answers: Mapping[Question, Answer]) -> dict[str, str]:
    """Say what the git host knows of the commit that brought it, if that was asked while it waited."""
    waited = before.next.release if before.next else None
    if waited is None or waited.commit is None or waited.digest != rollout.release.digest:
        return {}
    told = answers.get(ChangeOf(commit=waited.commit))
    if not isinstance(told, Brought):
        return {}
    facts = {"pull": told.pull, "pullUrl": told.url, "pullAuthor": told.author}
    return {**facts, REVIEWERS: "\n".join(told.reviewers), CHECKS: "\n".join(told.checks)}


def _gates(
    desired: Reading, name: TargetName, before: Memory, rollout: Rollout, opened: Collection[OpenGate]
) -> dict[str, str]:
    """Say what the gates said when it was opened; only a way forward has any."""
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    if want is None or rollout.purpose is not Purpose.FORWARD:
        return {}
    known = before.is_known(rollout.release.digest) or want.release.digest != rollout.release.digest
    skipped = {f"{GATE}{kind}": f"{SKIPPED}: {why}" for kind, why in rollout.skipped}
    # What is known of one member is asked all the same where its group as a whole is not.
    if known and not opened:
        return {f"{GATE}{gate.kind}": UNASKED for gate in want.gates} | skipped
    facts = {f"{GATE}{gate.kind}": OPEN for gate in want.gates}
    for one in opened:
        key, why = f"{GATE}{one.gate}", f"{one.why}{until_of(one.until)}"
        facts[key] = f"{OPEN}: {why}" if facts[key] == OPEN else f"{facts[key]}; {why}"
    return facts | skipped


def blocked_facts(decision: Decision) -> dict[str, str]:
    """Say what keeps the wish from being deployed, by its kind."""
    found: dict[str, str] = {}
    for blocker in decision.blockers:
        said = f"{blocker.why}{until_of(blocker.until)}"
        key = f"{GATE}{blocker.gate}"
        found[key] = f"{found[key]}; {said}" if key in found else said
    return found


def runs_of(rollout: Rollout, runs: Iterable[Run]) -> tuple[Run, ...]:
    """Give the one-off tasks that belong to a rollout: those of its release, under the order that it is tried by.

    Healing runs none before it, and what it may have run began after it was opened.
    """
    mine = (run for run in runs if run.digest == rollout.release.digest and run.retry == rollout.retry)
    return tuple(run for run in mine if rollout.purpose is Purpose.FORWARD or run.at >= rollout.opened)


def hook_facts(rollout: Rollout, before: Memory, after: Memory) -> dict[str, str]:
    """Say what became of the hooks of a rollout that ends."""
    known = {run.id: run for run in (*before.runs, *after.runs)}
    facts: dict[str, str] = {}
    for at, run in enumerate(runs_of(rollout, known.values())):
        facts |= {f"{HOOK}{at}.{key}": value for key, value in run_facts(run).items() if value}
    return facts


def run_facts(run: Run) -> dict[str, str]:
    """Say what became of one hook."""
    return {
        "name": run.hook,
        "when": run.when.value,
        "state": run.state.value,
        "started": instant(run.at),
        "ended": instant(run.ended) if run.ended else "",
        "code": "" if run.code is None else str(run.code),
        "task": run.task,
        "why": run.why,
    }
