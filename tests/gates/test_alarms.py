"""The alarms guard: shut while one rings, unsure while one cannot be heard, open only when all are quiet."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import SpecError
from controller.gates.alarms import Alarms
from controller.model.gate import Gate, Open, Remembers, Shut, Unsure
from controller.model.names import Digest, EnvName, TargetName
from controller.model.place import Place
from controller.model.questions import Alarm, AlarmHistory, AlarmsOf, AlarmState, Candidate, RangBetween, Unanswered
from controller.model.questions import Alarms as Heard

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHERE = {"account": "111122223333", "region": "eu-west-1", "role": "arn:aws:iam::111122223333:role/trueup"}
PLACE = Place(kind="ecs", account="111122223333", region="eu-west-1", cluster="c", service="s")
CANDIDATE = Candidate(
    env=EnvName("prod"), target=TargetName("api"), place=PLACE, version="v1.2.3", digest=Digest("d" * 32)
)


def guard(**more) -> Alarms:
    return Alarms(**WHERE, **more)


def judged(gate: Gate, **states: AlarmState):
    (question,) = gate.asks(CANDIDATE)
    alarms = tuple(Alarm(name=name.replace("_", "-"), state=state) for name, state in sorted(states.items()))
    return gate.judge(CANDIDATE, {question: Heard(alarms=alarms)}, NOW)


def test_it_asks_one_question_in_its_own_account():
    question = AlarmsOf(**WHERE, names=("a",), prefix="p-")
    gate: Gate = guard(names=("a",), prefix="p-", exclude=("x",))
    assert gate.kind == "alarms"
    assert list(gate.asks(CANDIDATE)) == [question]


def test_it_is_open_when_every_alarm_is_quiet():
    assert judged(guard(prefix="p-"), p_1=AlarmState.OK, p_2=AlarmState.OK) == Open()
    assert judged(guard(names=("a", "b")), a=AlarmState.OK, b=AlarmState.OK) == Open()


def test_it_is_shut_when_one_rings_and_names_all_that_ring():
    states = {"p_1": AlarmState.ALARM, "p_2": AlarmState.OK, "p_3": AlarmState.ALARM}
    assert judged(guard(prefix="p-"), **states) == Shut(why="ringing: p-1, p-3", rings=frozenset({"p-1", "p-3"}))


def test_a_ring_counts_though_another_alarm_is_missing_or_silent():
    assert isinstance(judged(guard(names=("a", "b")), a=AlarmState.ALARM), Shut)
    assert isinstance(judged(guard(prefix="p-"), p_1=AlarmState.ALARM, p_2=AlarmState.NO_DATA), Shut)


def test_what_is_excluded_does_not_count():
    of = guard(prefix="p-", exclude=("*-scale-*", "p-?"))
    assert judged(of, p_ok=AlarmState.OK, p_scale_in=AlarmState.ALARM, p_1=AlarmState.NO_DATA) == Open()


def test_what_is_named_counts_though_a_pattern_would_exclude_it():
    of = guard(names=("p-scale-in",), prefix="p-", exclude=("*-scale-*",))
    assert isinstance(judged(of, p_ok=AlarmState.OK, p_scale_in=AlarmState.ALARM), Shut)


def test_patterns_mind_the_case_of_letters():
    assert isinstance(judged(guard(prefix="p-", exclude=("P-*",)), p_1=AlarmState.ALARM), Shut)


@pytest.mark.parametrize(
    ("of", "states", "why"),
    [
        (guard(names=("a", "b")), {"a": AlarmState.OK}, "no such alarm: b"),
        (guard(names=("a",)), {}, "no such alarm: a"),
        (guard(prefix="p-"), {}, "no alarm has the prefix p-"),
        (
            guard(prefix="p-", exclude=("*",)),
            {"p_1": AlarmState.OK},
            "no alarm has the prefix p-, or every one is excluded",
        ),
        (guard(names=("a",), prefix="p-"), {"a": AlarmState.OK}, "no alarm has the prefix p-"),
        (guard(prefix="p-"), {"p_1": AlarmState.OK, "p_2": AlarmState.NO_DATA}, "no data: p-2"),
    ],
    ids=["missing", "all-missing", "no-prefix", "all-excluded", "only-the-named", "no-data"],
)
def test_it_is_unsure_when_it_cannot_hear_all(of, states, why):
    assert judged(of, **states) == Unsure(why=why)


def test_no_data_may_be_said_to_be_healthy():
    assert judged(guard(prefix="p-", no_data="ok"), p_1=AlarmState.NO_DATA) == Open()
    assert judged(guard(names=("a",), no_data="ok")) == Unsure(why="no such alarm: a")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({}, "alarms unreadable: not asked"),
        ({guard(prefix="p-").asks(CANDIDATE)[0]: Unanswered(why="throttled")}, "alarms unreadable: throttled"),
        ({guard(prefix="p-").asks(CANDIDATE)[0]: "nonsense"}, "alarms unreadable: not asked"),
        ({guard(prefix="q-").asks(CANDIDATE)[0]: Heard(alarms=())}, "alarms unreadable: not asked"),
    ],
    ids=["nothing", "refused", "nonsense", "another-question"],
)
def test_it_is_unsure_without_an_answer_to_its_question(answers, why):
    assert guard(prefix="p-").judge(CANDIDATE, answers, NOW) == Unsure(why=why)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "watches nothing: give names, or a prefix"),
        ({"prefix": ""}, "watches nothing: give names, or a prefix"),
        ({"exclude": ("a",)}, "watches nothing: give names, or a prefix"),
        ({"names": ("a",), "exclude": ("a",)}, "excludes from nothing: exclude goes with a prefix"),
    ],
)
def test_a_guard_that_would_watch_nothing_cannot_be_made(more, why):
    with pytest.raises(SpecError, match=f"^{why}$"):
        guard(**more)


def changed(**states):
    """A history in which each alarm went into the states that are named."""
    return AlarmHistory(
        changes=tuple(
            Alarm(name=name.replace("_", "-"), state=state, since=NOW)
            for name, ones in states.items()
            for state in ones
        )
    )


def judged_gap(of, history):
    (question,) = of.asks_gap(CANDIDATE, NOW)
    return of.judge_gap(CANDIDATE, {question: history}, NOW)


def test_a_gap_in_watching_is_filled_from_history_with_a_margin_for_clocks_that_differ():
    of = guard(names=("a",), prefix="p-", exclude=("x",))
    assert isinstance(of, Remembers)
    (question,) = of.asks_gap(CANDIDATE, NOW)
    assert question == RangBetween(
        **WHERE,
        after=NOW - timedelta(seconds=30),
        names=("a",),
        prefix="p-",
    )


OK, ALARM, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.NO_DATA


@pytest.mark.parametrize(
    ("of", "history", "certain"),
    [
        (guard(prefix="p-"), changed(), True),
        (guard(prefix="p-"), changed(p_1=[OK]), True),
        (guard(prefix="p-"), changed(p_1=[OK], p_2=[ALARM, OK]), False),
        (guard(prefix="p-"), changed(p_1=[NO_DATA]), False),
        (guard(prefix="p-", no_data="ok"), changed(p_1=[NO_DATA]), True),
        (guard(prefix="p-", no_data="ok"), changed(p_1=[ALARM]), False),
        (guard(prefix="p-", exclude=("*-scale-*",)), changed(p_scale_in=[ALARM]), True),
        (guard(names=("p-scale-in",), prefix="p-", exclude=("*-scale-*",)), changed(p_scale_in=[ALARM]), False),
    ],
)
def test_only_a_history_without_a_ring_fills_a_gap(of, history, certain):
    assert judged_gap(of, history) is certain


@pytest.mark.parametrize("history", [None, Unanswered(why="throttled"), "nonsense", Heard(alarms=())])
def test_without_a_history_nothing_is_certain(history):
    assert judged_gap(guard(prefix="p-"), history) is False
    assert guard(prefix="p-").judge_gap(CANDIDATE, {}, NOW) is False


def test_the_history_since_another_instant_fills_no_gap():
    of = guard(prefix="p-")
    (question,) = of.asks_gap(CANDIDATE, NOW)
    assert of.judge_gap(CANDIDATE, {question: changed()}, NOW - timedelta(hours=1)) is False


STATES = st.dictionaries(st.sampled_from(["p-1", "p-2", "p-x", "n"]), st.sampled_from(AlarmState))
GUARDS = st.builds(
    guard,
    names=st.sampled_from([(), ("n",), ("p-1",)]),
    prefix=st.just("p-"),
    exclude=st.sampled_from([(), ("*-x",), ("*",)]),
    no_data=st.sampled_from(["ok", "unsure"]),
)


@given(GUARDS, STATES)
def test_it_opens_only_if_everything_that_counts_was_heard_and_is_quiet(of, states):
    (question,) = of.asks(CANDIDATE)
    heard = Heard(alarms=tuple(Alarm(name=name, state=state) for name, state in sorted(states.items())))
    verdict = of.judge(CANDIDATE, {question: heard}, NOW)
    matching = {name: state for name, state in states.items() if name in of.names or not excluded(of, name)}
    ringing = {name for name, state in matching.items() if state is AlarmState.ALARM}
    assert isinstance(verdict, Shut) == bool(ringing)
    if isinstance(verdict, Shut):
        assert verdict.rings == ringing
    if isinstance(verdict, Open):
        assert set(of.names) <= set(matching)
        assert any(name.startswith("p-") for name in matching)
        assert of.no_data == "ok" or set(matching.values()) == {AlarmState.OK}


def excluded(of: Alarms, name: str) -> bool:
    return "*" in of.exclude or ("*-x" in of.exclude and name.endswith("-x"))
