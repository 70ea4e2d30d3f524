"""A plan holds no more actions than there are AWS tokens in hand; the rest wait, going back first."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from controller.model.decision import Action, Blocker, Decision, Start, Stop
from controller.model.names import TargetName
from controller.model.record import Memory, Record
from controller.model.rollout import Purpose
from controller.plan.transitions import Move

WAIT: Final = timedelta(seconds=1)
"""How soon one more call may be made, at the slowest of AWS's rates."""
LOOK_TOGETHER: Final = 10
"""How many wait for one another, so that their next look goes in one call of DescribeServices."""
LONGEST_WAIT: Final = timedelta(seconds=30)


def ration(
    decisions: Mapping[TargetName, Decision], record: Record, tokens: Mapping[str, int], now: datetime
) -> Mapping[TargetName, Decision]:
    """Let as many act as there are tokens for; a quota that nobody counts is not rationed."""
    if not tokens:
        return decisions
    left = dict(tokens)
    kept = dict(decisions)
    queues: dict[str, list[TargetName]] = {}
    acting = [(name, d) for name, d in sorted(decisions.items()) if d.action is not None]
    for name, decision in sorted(acting, key=lambda pair: _rank(pair[1])):
        needed = _quotas(decision.action, left) if decision.action else frozenset()
        lacking = next((quota for quota in sorted(needed) if left[quota] < 1), None)
        if lacking is not None:
            queues.setdefault(lacking, []).append(name)
            continue
        for quota in needed:
            left[quota] -= 1
    for queue in queues.values():
        for place, name in enumerate(queue):
            group_ends = min((place // LOOK_TOGETHER + 1) * LOOK_TOGETHER, len(queue))
            kept[name] = _waiting(decisions[name], record.targets.get(name), now, group_ends)
    return kept


def _quotas(action: Action, counted: Mapping[str, int]) -> frozenset[str]:
    """Name what an action spends of: a task whose revision is known needs no registration, nor does a stop.

    Where nobody counts tasks apart they count as deployments do.
    """
    quota, tasks = action.place.quota, action.place.task_quota
    named = {quota}
    if isinstance(action, Start | Stop) and tasks in counted:
        registers = isinstance(action, Start) and action.revision is None
        named = {quota, tasks} if registers else {tasks}
    return frozenset(named & counted.keys())


def _rank(decision: Decision) -> int:
    return 0 if decision.action and decision.action.purpose is Purpose.BACK else 1


def _waiting(decision: Decision, before: Memory | None, now: datetime, line: int) -> Decision:
    """Decide nothing yet: the same look will decide the same again once there is a token.

    `line` is the place of its group's last in the queue: who is far behind need not look again so soon.
    """
    longest = decision.again if before and before.rollout else now + LONGEST_WAIT
    return replace(
        decision,
        memory=before or Memory(),
        move=Move.WAIT.value,
        action=None,
        ended="",
        again=min(longest, now + WAIT * line),
        reason=f"wait: for AWS quota, then {decision.reason}",
        blockers=(*decision.blockers, Blocker(gate="quota", why="waits for AWS quota")),
    )
