"""What a hotfix brought has to come to the branch, or the next release is without it: a reminder until then."""

from collections.abc import Mapping
from dataclasses import replace

from controller.model.application import Carried
from controller.model.desired import DesiredTarget
from controller.model.questions import Answer, OnBranch, Question, Unanswered
from controller.model.record import Memory


def question(memory: Memory, want: DesiredTarget | None) -> OnBranch | None:
    """Ask for what was good here, of an application whose repository the spec names, until it is on the branch."""
    lane, application = memory.lane, want.application if want else None
    if lane is None or application is None or lane.merged or not memory.is_good(lane.digest):
        return None
    return OnBranch(application=application, version=lane.version, since=lane.since)


def learnt_branch(memory: Memory, want: DesiredTarget | None, answers: Mapping[Question, Answer]) -> Memory:
    """Note once that it is there: nobody is reminded any more."""
    asked, lane = question(memory, want), memory.lane
    answer = answers.get(asked) if asked else None
    if lane is None or not isinstance(answer, Carried) or not answer.there:
        return memory
    return replace(memory, lane=replace(lane, merged=True))


def unmerged(memory: Memory, want: DesiredTarget | None, answers: Mapping[Question, Answer]) -> str:
    """Say that it is not there, or that nobody can tell; empty if there is nothing to be reminded of."""
    asked = question(memory, want)
    if asked is None:
        return ""
    branch, answer = asked.application.branch, answers.get(asked)
    if isinstance(answer, Carried):
        left = len(answer.missing)
        commits = f" ({left} commit{'s' if left != 1 else ''} of it)" if left else ""
        return f"what the hotfix {asked.version} brought is not on {branch}{commits}: bring it there"
    why = answer.why if isinstance(answer, Unanswered) else "it was not asked for"
    return f"whether what the hotfix {asked.version} brought is on {branch} is not known: {why}"
