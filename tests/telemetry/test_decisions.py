"""A decision is logged when it differs from the last one; what came of an action is logged always."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.model.decision import Blocker
from controller.model.desired import Complaint, Unread
from controller.model.observation import Observation, Unseen
from controller.model.outcome import Lost, NotSent, Refused, Sent, Stale
from controller.model.record import Record
from controller.model.rollout import Phase
from controller.telemetry.decisions import LogDecisions
from tests.telemetry.cycles import NOW, cycle, decision, desired, ensure, live, memory, rollout, status
from tests.world import digest, settled


class Lines:
    """A log that keeps what it is told."""

    def __init__(self):
        self.told = []

    def info(self, event, **fields):
        self.told.append(("info", event, fields))

    def warning(self, event, **fields):
        self.told.append(("warning", event, fields))

    def of(self, event):
        return [fields for _, name, fields in self.told if name == event]

    def levels(self, event):
        return [level for level, name, _ in self.told if name == event]


@pytest.fixture
def lines():
    return Lines()


@pytest.fixture
def log(lines):
    return LogDecisions(lines)


def rolling(reason="watch: the platform is working: 3 of 4 run, 5m10s left", **more):
    given = {"move": "watch", "reason": reason, "memory": memory(Phase.ROLLING, rollout=rollout())}
    return decision(Phase.ROLLING, "MOVING", **given | more)


def test_a_decision_is_told_with_all_that_it_was_made_of(log, lines):
    blocker = Blocker(gate="window", why="opens at 09:00", until=NOW)
    log(cycle({"api": rolling(blockers=(blocker,))}, status=(status("api", wanted="v1.2.4", live="v1.2.3"),)))

    assert lines.of("decision") == [
        {
            "time": NOW,
            "environment": "prod",
            "target": "api",
            "phase": Phase.ROLLING,
            "reason": "watch: the platform is working: 3 of 4 run, 5m10s left",
            "before": Phase.ROLLING,
            "signal": "MOVING",
            "move": "watch",
            "wanted": "v1.2.4",
            "live": "v1.2.3",
            "digest": rolling().wanted,
            "rollout": 7,
            "blockers": [{"gate": "window", "why": "opens at 09:00", "until": NOW}],
            "running": 4,
            "desired": 4,
            "again": NOW + timedelta(minutes=1),
        }
    ]


def test_the_same_decision_is_told_once(log, lines):
    for _ in range(3):
        log(cycle({"api": decision()}))

    assert len(lines.of("decision")) == 1


@pytest.mark.parametrize(
    "reason",
    [
        "watch: the platform is working: 2 of 4 run, 59s left",
        "watch: the platform is working: 3 of 12 run, 1h2m left",
        "watch: the platform is working: 0 of 4 run, 0.5s left",
    ],
)
def test_counts_and_times_in_a_reason_are_no_news(log, lines, reason):
    log(cycle({"api": rolling()}))
    log(cycle({"api": rolling(reason)}))

    assert len(lines.of("decision")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"row": (Phase.ROLLING, "STEADY")},
        {"row": (Phase.PENDING, "MOVING")},
        {"move": "roll back"},
        {"memory": memory(Phase.BAKING)},
        {"wanted": "another digest"},
        {"ended": "good"},
        {"reason": "watch: the platform is working: 3 of 4 run, a task died: exit code 137"},
        {"blockers": (Blocker(gate="window", why="opens at 09:00"),)},
    ],
    ids=str,
)
def test_anything_else_is_news(log, lines, change):
    log(cycle({"api": rolling()}))
    log(cycle({"api": replace(rolling(), **change)}))

    assert len(lines.of("decision")) == 2


def test_a_gate_that_says_something_new_is_news_and_its_clock_is_not(log, lines):
    for why in ("1 of 2 people approved", "2 of 3 people approved", "the approval was rejected"):
        log(cycle({"api": decision(blockers=(Blocker(gate="approval", why=why),))}))

    assert len(lines.of("decision")) == 2


def test_how_many_tasks_run_is_news_while_it_moves_and_not_at_rest(log, lines):
    for running in (1, 2, 2, 3):
        log(cycle({"api": rolling()}, seen=Observation(sights={"api": live(running)})))
    assert [fields["running"] for fields in lines.of("decision")] == [1, 2, 3]

    for running in (4, 3, 4):
        log(cycle({"api": decision()}, seen=Observation(sights={"api": live(running)})))
    assert len(lines.of("decision")) == 4


def test_a_decision_that_comes_back_is_told_again(log, lines):
    for reason in ("rest: a", "rest: b", "rest: a"):
        log(cycle({"api": decision(reason=reason)}))

    assert [fields["reason"] for fields in lines.of("decision")] == ["rest: a", "rest: b", "rest: a"]


def test_targets_and_environments_are_told_apart_and_in_order(log, lines):
    log(cycle({"web": decision(), "api": decision()}))
    log(cycle({"api": decision()}, env="stage"))

    assert [(f["environment"], f["target"]) for f in lines.of("decision")] == [
        ("prod", "api"),
        ("prod", "web"),
        ("stage", "api"),
    ]


def test_a_target_that_left_is_forgotten_and_one_that_was_only_not_due_is_not(log, lines):
    both = Record(targets={"api": memory(), "web": memory()})
    log(cycle({"api": decision(), "web": decision()}))
    log(cycle({"api": decision()}, after=both))
    log(cycle({"web": decision()}, after=both))
    assert len(lines.of("decision")) == 2

    log(cycle({"api": decision()}))
    log(cycle({"web": decision()}))
    assert len(lines.of("decision")) == 3


def test_a_target_that_is_not_remembered_yet_is_not_told_of_again_and_again(log, lines):
    for _ in range(3):
        log(cycle({"api": decision(signal="BLIND")}, after=Record()))

    assert len(lines.of("decision")) == 1


@pytest.mark.parametrize(
    ("made", "sight"),
    [
        (decision(signal="BLIND", reason="rest: we could not look: denied"), Unseen(why="denied")),
        (decision(signal="GONE"), live()),
        (decision(signal="HELD_BY_FLAG", blockers=(Blocker(gate="held", why="lost memory"),)), live()),
        (decision(blockers=(Blocker(gate="claim", why="stage/api has it"),)), live()),
        (rolling(ended="failed:alarm"), live()),
        (decision(Phase.ROLLING_BACK, "STEADY", ended="rolled_back:alarm"), live()),
        (decision(Phase.STALLED, "HELD"), live()),
        (decision(Phase.ROLLING_BACK, "MOVING"), live()),
        (decision(reason="rest: a person paused it: lunch during rolling: WOULD ROLL BACK: 5xx"), live()),
    ],
    ids=["blind", "gone", "held", "claimed", "failed", "rolled back", "stalled", "going back", "would go back"],
)
def test_what_a_person_may_have_to_look_at_is_a_warning(log, lines, made, sight):
    log(cycle({"api": made}, seen=Observation(sights={"api": sight})))

    assert lines.levels("decision") == ["warning"]


@pytest.mark.parametrize("made", [decision(), rolling(), rolling(ended="good"), rolling(ended="superseded")])
def test_what_goes_well_is_not(log, lines, made):
    log(cycle({"api": made}))

    assert lines.levels("decision") == ["info"]


@pytest.mark.parametrize(
    ("outcome", "level", "reason"),
    [
        (
            Sent(
                action=ensure(), deployment="ecs-svc/9", revision="arn:aws:ecs:r:1:task-definition/api:43", asof=2
            ),
            "info",
            "accepted: api:43 as ecs-svc/9",
        ),
        (Stale(action=ensure()), "warning", "stale: what was to be replaced is no longer there"),
        (NotSent(action=ensure(), why="throttled"), "warning", "not sent: throttled"),
        (Refused(action=ensure(), why="no such image"), "warning", "refused: no such image"),
        (Lost(action=ensure(), why="timed out"), "warning", "no answer: timed out"),
    ],
)
def test_what_came_of_an_action_is_told_every_time(log, lines, outcome, level, reason):
    log(cycle({"api": rolling()}, outcomes=(outcome,)))
    log(cycle({"api": rolling()}, outcomes=(outcome,)))

    told = lines.of("outcome")
    assert len(told) == 2
    assert set(lines.levels("outcome")) == {level}
    assert (told[0]["reason"], told[0]["phase"], told[0]["version"]) == (reason, Phase.ROLLING, "v1.2.4")
    assert lines.told[-1][1] == "outcome"


def test_a_new_commit_is_told_once_and_so_is_git_that_is_away_and_back(log, lines):
    away = Unread(env="prod", why="git is away for 5s")
    for reading in (
        desired("api"),
        desired("api"),
        desired("api", commit="abc1234" * 6),
        away,
        replace(away, why="git is away for 20s"),
        desired("api", commit="abc1234" * 6),
    ):
        log(cycle({"api": decision()}, desired=reading))

    assert [(event, fields.get("commit")) for _, event, fields in lines.told if event != "decision"] == [
        ("read", "9f3c2ab"),
        ("read", "abc1234abc12"),
        ("not read", None),
        ("read", "abc1234abc12"),
    ]
    assert lines.of("not read")[0]["cause"] == "SourceUnavailable"
    assert lines.levels("not read") == ["warning"]


def test_what_is_wrong_in_a_spec_is_told_line_by_line_but_not_without_end(log, lines):
    complaints = tuple(
        Complaint(path="specs/prod.yaml", what="unknown key", line=line, column=3) for line in range(1, 31)
    )
    for _ in range(2):
        log(cycle({"api": decision()}, desired=desired("api", complaints=complaints)))

    told = [fields["reason"] for fields in lines.of("spec")]
    assert told[0] == "specs/prod.yaml:1:3: unknown key"
    assert told[-1] == "and 10 more complaints"
    assert len(told) == 21
    assert set(lines.levels("spec")) == {"warning"}


def test_a_real_life_reads_as_a_story_and_quiet_hours_say_nothing(log, lines):
    world = settled("1")
    world.sick.add(digest("2"))
    world.version = "2"
    world.ticks(40)
    for turn in world.cycles:
        log(turn)

    phases = [fields["phase"].value for fields in lines.of("decision")]
    assert [phase for phase, before in zip(phases, [None, *phases], strict=False) if phase != before] == [
        "rolling",
        "rolling_back",
        "stalled",
    ]
    assert len(lines.of("outcome")) == 2
    before = len(lines.told)
    world.cycles.clear()
    world.ticks(40)
    for turn in world.cycles:
        log(turn)
    assert len(lines.told) == before
