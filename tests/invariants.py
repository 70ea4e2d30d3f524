"""What never happens, by its number: what one step of a target, or one call that leaves, must keep to.

They are judged from what was seen, remembered and sent, and not by the code that decided.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.model.cycle import Cycle
from controller.model.decision import Action, Continue, Decision, Ensure, Start, Stop
from controller.model.desired import Desired, DesiredTarget
from controller.model.gate import Open
from controller.model.hooks import RunState
from controller.model.names import EnvName, TargetName
from controller.model.observation import Blame, Live, Sight, State, Unseen
from controller.model.orders import Pause, TargetOrders
from controller.model.questions import Candidate
from controller.model.record import Memory, Owner, Record
from controller.model.rollout import Call, Phase, Purpose, Result

INTENT_LIFE = timedelta(seconds=30)
BY_A_PERSON = {"ORDERED", "RETRIED"}
OURS = {"us", "ecs"}
FORWARD = {Purpose.FORWARD, Purpose.HEAL, Purpose.RESTART}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One target in one turn: what was seen and remembered of it, and what was decided."""

    cycle: Cycle
    name: TargetName
    decision: Decision
    before: Memory
    sight: Sight

    @property
    def action(self) -> Action | None:
        return self.decision.action

    @property
    def after(self) -> Memory:
        return self.decision.memory

    @property
    def signal(self) -> str:
        return self.decision.row[1]

    @property
    def live(self) -> Live | None:
        return self.sight if isinstance(self.sight, Live) else None

    @property
    def want(self) -> DesiredTarget | None:
        desired = self.cycle.desired
        return desired.targets.get(self.name) if isinstance(desired, Desired) else None

    @property
    def orders(self) -> TargetOrders:
        return self.cycle.before.orders.targets.get(self.name, TargetOrders())

    @property
    def pauses(self) -> list[Pause]:
        """Every pause that holds now, whoever said it."""
        desired = self.cycle.desired
        told = (self.cycle.before.orders.pause, self.orders.pause, self.want.pause if self.want else None)
        spec = (desired.pause,) if isinstance(desired, Desired) else ()
        return [pause for pause in (*told, *spec) if pause is not None and pause.holds(self.cycle.now)]

    @property
    def foreign(self) -> bool:
        """Whether what is PRIMARY was made by somebody else, and is still on its way."""
        made, rollout = self.live.primary if self.live else None, self.before.rollout
        if made is None or made.state is not State.MOVING or made.by in OURS:
            return False
        if rollout is None or made.id == rollout.deployment:
            return rollout is None
        same = rollout.call is not None and rollout.deployment is None and rollout.goal.runs_in(made.manifest)
        return not (same and rollout.call is not None and made.born > rollout.call.after)  # else it counts as ours


def steps(cycle: Cycle) -> Iterator[Step]:
    """Every target that a turn decided about."""
    for name, decision in cycle.plan.decisions.items():
        before = cycle.before.targets.get(name, Memory())
        yield Step(cycle=cycle, name=name, decision=decision, before=before, sight=cycle.seen.sights[name])


def one_open_intent(step: Step) -> None:
    """1: before another call, the last one was answered, was seen, or has had its time to show."""
    call = _open_call(step.before)
    if (
        step.action is None
        or call is None
        or step.before.rollout is None
        or step.action.purpose is Purpose.SETTINGS
    ):
        return
    rollout, live = step.before.rollout, step.live
    shows = live is not None and any(
        one.born > call.after and rollout.goal.runs_in(one.manifest) for one in live.deployments
    )
    waited = step.cycle.now - call.at >= INTENT_LIFE + rollout.terms.settle
    assert shows or waited, f"1: a second intent while the first is open ({step.decision.reason})"


def no_call_over_a_foreign_deployment(step: Step) -> None:
    """2: somebody else's deployment is let be until it has ended, unless a person says otherwise."""
    if not isinstance(step.action, Ensure) or not step.foreign or step.action.purpose is Purpose.SETTINGS:
        return
    made = step.live.primary if step.live else None
    pinned = step.orders.pin is not None and step.orders.pin.number > step.before.unpinned
    asked = step.signal in BY_A_PERSON or (step.before.next is not None and step.before.next.again) or pinned
    deadline = step.want.terms.deadline if step.want else timedelta()
    ends = made is not None and step.cycle.now.timestamp() - made.born / 1e6 > deadline.total_seconds()
    assert asked or ends, f"2: a call while a foreign deployment is in progress ({step.decision.reason})"


def no_failed_release_forward(step: Step) -> None:
    """3: what failed here is not deployed."""
    if isinstance(step.action, Ensure) and step.action.purpose in FORWARD:
        assert step.action.release.digest not in step.after.quarantine, (
            f"3: {step.action.release.version} failed here"
        )


def an_intent_before_each_call(step: Step) -> None:
    """4: what is asked for is in the memory that is saved first: what, over what, until when, and where."""
    action, rollout = step.action, step.after.rollout
    if action is None:
        return
    assert action.place == step.after.place, "4: the intent is for another place"
    if isinstance(action, Ensure) and action.purpose is not Purpose.SETTINGS:
        assert rollout is not None and rollout.call is not None, "4: a call without an intent"
        call = rollout.call
        said = (call.digest, call.expect, call.force, call.result, call.at + INTENT_LIFE, rollout.number)
        done = (
            action.release.digest,
            action.expect,
            action.force,
            Result.UNKNOWN,
            action.not_after,
            action.rollout,
        )
        assert said == done, f"4: the intent is another: {said} is not {done}"


def paused_opens_nothing(step: Step) -> None:
    """7: paused means no call, and that people's orders are kept for later; what is seen is still noted."""
    if not step.pauses:
        return
    armed = all(pause.armed for pause in step.pauses)
    back = step.action is not None and step.action.purpose is Purpose.BACK
    assert step.action is None or (armed and back), f"7: a call while paused ({step.decision.reason})"
    if step.live is not None and step.live.asof >= step.before.watermark and step.before.place is not None:
        moved = step.after.place != step.before.place
        assert moved or step.after.watermark >= step.live.asof, "7: observation goes on"


def paused_goes_back_only_if_armed(step: Step) -> None:
    """8: going back while paused needs a pause that says so, and a decision that is told."""
    if step.pauses and step.action is not None:
        assert all(pause.armed for pause in step.pauses), "8: a pause that is not armed stops going back too"
        assert step.action.purpose is Purpose.BACK and step.decision.reason.strip()


def nothing_from_nothing(step: Step) -> None:
    """9: where no wish can be read nothing opens: only what is under way is finished, or a person's order."""
    if step.action is None or step.want is not None or step.signal in BY_A_PERSON:
        return
    if isinstance(step.action, Stop):
        assert any(run.id == step.action.id for run in step.before.runs), "9: a task is stopped that is not ours"
        return
    known = step.before.rollout
    assert known is not None and step.action.rollout == known.number, f"9: opened without a wish ({step.signal})"


def way_back_is_known(step: Step) -> None:
    """13: we go back only to what ran here, by its revision, and never to what failed or is gone back from."""
    action = step.action
    if not isinstance(action, Ensure) or action.purpose is not Purpose.BACK:
        return
    known = {kept.digest for kept in (*step.before.goods, step.before.found) if kept}
    assert action.release.digest in known - set(step.after.quarantine), "13: a way back that never was good here"
    assert action.revision, "13: a way back without its revision"
    rollout = step.after.rollout
    assert rollout is not None and action.release.digest != rollout.release.digest, "13: back to what failed"


def no_rollback_of_a_rollback(step: Step) -> None:
    """14: what goes back has one clock and one budget; when they are spent nothing more is sent by itself."""
    before, after = step.before, step.after
    if step.decision.row[0] is Phase.ROLLING_BACK and step.action is not None:
        rollout = after.rollout
        assert rollout is not None and before.rollout is not None and rollout.number == before.rollout.number
        assert rollout.tries <= rollout.terms.back_calls, "14: more calls than the budget"
        late = step.cycle.now - before.rollout.since > rollout.terms.back_deadline
        sends = isinstance(step.action, Ensure)
        assert not late or not sends or before.halted is not None, (
            f"14: a call after the deadline ({step.signal}, {step.decision.reason})"
        )
    if step.decision.row[0] is Phase.STALLED and isinstance(step.action, Stop):
        assert after.phase is Phase.STALLED, "14: a task that is late is stopped, and nothing else"
    elif step.decision.row[0] is Phase.STALLED and step.action is not None:
        assert step.signal in {"CLEARED", "HOOKED", "ORDERED", "RESTARTED"}, "14: nothing leaves stalled by itself"


def rolled_back_is_stable(step: Step) -> None:
    """15: what is wanted and failed here is not called for, and a stalled target is called for only anew."""
    want, action = step.want, step.action
    if action is None or isinstance(action, Stop) or want is None or step.decision.row[0] is not Phase.STALLED:
        return
    left = step.before.rollout.release.digest if step.before.rollout else None
    same = action.release.digest == left and not (step.before.next and step.before.next.again)
    assert not same or step.signal in {*BY_A_PERSON, "RESTARTED"}, (
        "15: the release that was given up is sent again by itself"
    )


def claimed_or_still(step: Step) -> None:
    """17: what another target owns is not called for."""
    place, env = step.after.place, step.cycle.desired.env
    if step.action is None or place is None:
        return
    owner = step.cycle.before.claims.get(place.claim)
    moved = step.orders.moved
    ordered = moved is not None and owner == Owner(env=moved.env, target=moved.target)
    assert owner is None or owner == Owner(env=EnvName(env), target=step.name) or ordered, "17: somebody else's"


def old_reads_prove_nothing(step: Step) -> None:
    """19: a read that is older than one before it causes no call and settles nothing."""
    live, before = step.live, step.before
    if live is None or live.asof >= before.watermark or before.place != step.after.place:
        return
    assert step.action is None, f"19: a call from an old read ({step.decision.reason})"
    if before.rollout is not None and step.after.rollout is not None:
        kept = (before.rollout.call, before.rollout.deployment)
        assert (step.after.rollout.call, step.after.rollout.deployment) == kept, "19: an old read settled an intent"
    held = {"SETTLING", "PAUSED", "HELD_BY_FLAG", "OBSERVED", "RECOVERED_BY_ORDER"}
    assert step.signal in held, f"19: an old read was believed: {step.signal}"


def good_is_what_the_platform_finished(step: Step) -> None:
    """20: a rollout ends good only if the platform finished just that deployment."""
    if step.decision.ended != "good" or step.before.rollout is None:
        return
    live, rollout = step.live, step.before.rollout
    assert live is not None, "20: good, and nothing was seen"
    made = live.primary
    assert made is not None and made.state is State.SUCCESSFUL, "20: good, and the platform has not finished it"
    assert rollout.release.runs_in(live.manifest), "20: good, and something else runs"
    mine = rollout.deployment
    assert mine is None or made.id == mine, "20: good, and it was not ours"


def given_up_is_failed(step: Step) -> None:
    """20: what the platform gave up for its content is a failed release, and never taken for somebody's change."""
    rollout = step.before.rollout
    ours = step.live.find(rollout.deployment) if step.live and rollout else None
    if ours is None or ours.blame is not Blame.CONTENT or step.decision.row[0] not in {Phase.ROLLING, Phase.BAKING}:
        return
    if ours.state in {State.RETURNING, State.RETURNED, State.FAILED}:
        assert step.signal not in {"FOREIGN", "TAKEN", "BAKED"}, f"20: given up, and read as {step.signal}"


def gates_are_passed(step: Step) -> None:
    """12: what is deployed for a wish passed every gate at that very look, unless it is one we may go back to."""
    action, want, before = step.action, step.want, step.before
    if not isinstance(action, Ensure) or want is None or action.release.digest != want.release.digest:
        return
    opened = step.after.rollout is not None and step.after.rollout.number > before.rollouts
    if action.purpose is not Purpose.FORWARD or not opened or before.is_known(action.release.digest):
        return
    if step.orders.pin is not None:
        return
    part = step.after.rollout.part if step.after.rollout else None
    if part is not None and part.since < step.cycle.now:
        return  # its group has begun, with the gates of all its members open
    candidate = Candidate(
        env=step.cycle.desired.env,
        target=step.name,
        place=action.place,
        version=action.release.version,
        digest=action.release.digest,
        whole=part.whole if part else None,
    )
    for gate in want.gates:
        verdict = gate.judge(candidate, step.cycle.seen.answers, step.cycle.now)
        assert isinstance(verdict, Open), f"12: a gate is shut, and it is deployed: {verdict}"


def promoted_only_when_sure(step: Step) -> None:
    """23: kept is what ran, all of it, under guards that all said yes, for the whole bake."""
    if step.decision.ended != "good" or step.before.rollout is None or step.live is None:
        return
    assert step.live.running >= step.live.desired >= 1, "23: good, and too few of it run"
    rollout, now = step.before.rollout, step.cycle.now
    since = now - rollout.well_at if rollout.well_at else timedelta()
    assert rollout.baked + since >= rollout.terms.bake, "23: good before its bake was over"
    assert since <= 2 * rollout.terms.look_every or rollout.baked >= rollout.terms.bake, "23: nobody watched"


def blind_is_still(step: Step) -> None:
    """Rule 2 of the design, and of every invariant: when blind, be still."""
    if step.action is not None:
        assert not isinstance(step.sight, Unseen), "a call while blind"


OF_A_STEP: dict[int, Callable[[Step], None]] = {
    0: blind_is_still,
    1: one_open_intent,
    2: no_call_over_a_foreign_deployment,
    3: no_failed_release_forward,
    4: an_intent_before_each_call,
    7: paused_opens_nothing,
    8: paused_goes_back_only_if_armed,
    9: nothing_from_nothing,
    12: gates_are_passed,
    13: way_back_is_known,
    14: no_rollback_of_a_rollback,
    15: rolled_back_is_stable,
    17: claimed_or_still,
    19: old_reads_prove_nothing,
    20: lambda step: (good_is_what_the_platform_finished(step), given_up_is_failed(step)),
    23: promoted_only_when_sure,
}


def check_cycle(cycle: Cycle, *numbers: int) -> None:
    """Hold one turn to the invariants with these numbers, or to all of them."""
    for step in steps(cycle):
        for number in numbers or OF_A_STEP.keys():
            OF_A_STEP[number](step)


def check_call(action: Action, stored: Record, now: datetime, *, held: bool) -> None:
    """4 and 5: at the moment of its send a call has an open intent in the store, is in time, and has the lease."""
    assert now <= action.not_after, "5: a call after not_after"
    assert held, "5: a call without the lease"
    memory = stored.targets.get(action.target)
    assert memory is not None, "4: a call that nobody wrote down"
    if action.purpose is Purpose.SETTINGS:
        assert memory.applied is not None and memory.applied.at + INTENT_LIFE == action.not_after, "4: no intent"
        return
    if not isinstance(action, Ensure):
        _check_other(action, memory)
        return
    call = _open_call(memory)
    assert call is not None, "5: a call whose intent is closed"
    assert call.digest == action.release.digest and call.at + INTENT_LIFE == action.not_after, "4: another intent"


def _check_other(action: Action, memory: Memory) -> None:
    """4 and 5 for one-off tasks, and for the platform's own pauses."""
    if isinstance(action, Continue):
        continued = memory.rollout.continued if memory.rollout else None
        assert continued is not None and continued.deployment == action.deployment, (
            "4: a yes that nobody wrote down"
        )
        return
    run = next((run for run in memory.runs if run.id == action.id), None)
    assert run is not None, "4: a task that nobody wrote down"
    if isinstance(action, Start):
        assert run.state is RunState.BEGUN and run.at + INTENT_LIFE == action.not_after, "5: its intent is closed"


def _open_call(memory: Memory) -> Call | None:
    """The call that was written down and of which nothing is known yet."""
    rollout = memory.rollout
    if rollout is None or rollout.call is None or rollout.deployment is not None:
        return None
    return rollout.call if rollout.call.result is Result.UNKNOWN else None
