"""No gate opens on an answer that is missing, of another form, too old or from the future: every kind there is."""

from datetime import timedelta
from itertools import combinations

import pytest

from controller.gates.window import NotBefore
from controller.kinds import STORED
from controller.model.gate import Open
from controller.model.hotfix import HOTFIX
from controller.model.questions import HttpSilence, Unanswered
from tests.gates.kinds import CANDIDATE, CASES, HOUR, NOW, hotfix
from tests.world import settled

MINUTE = timedelta(minutes=1)
EVERY = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
ANSWERS = [answer for case in CASES.values() for answer in case.opens.values()]
STRANGE = (None, True, 1, "yes", (), {}, object(), Open(), Unanswered(why="away"), HttpSilence(why="silent"))


def is_open(case, answers, now=NOW):
    return isinstance(case.gate.judge(CANDIDATE, answers, now), Open)


def test_every_kind_that_there_is_stands_here():
    assert {case.gate.kind for case in CASES.values()} == {*STORED.gates, HOTFIX}
    assert {type(answer) for answer in ANSWERS} <= set(STORED.answers.values())


@EVERY
def test_what_it_asks_opens_it(case):
    assert {*case.gate.asks(CANDIDATE)} == {*case.opens}
    assert is_open(case, case.opens)


@EVERY
def test_without_any_of_the_answers_it_does_not_open(case):
    for left in range(len(case.opens)):
        for some in combinations(case.opens.items(), left):
            assert not is_open(case, dict(some))
    # The answers to what others ask are none to it.
    others = {question: answer for other in CASES.values() for question, answer in other.opens.items()}
    assert not case.opens or not is_open(case, {q: a for q, a in others.items() if q not in case.opens})


@EVERY
def test_an_answer_of_another_form_does_not_open_it(case):
    for question, right in case.opens.items():
        for wrong in (*STRANGE, *(answer for answer in ANSWERS if type(answer) is not type(right))):
            assert not is_open(case, {**case.opens, question: wrong}), wrong


@EVERY
def test_an_answer_that_is_too_old_or_from_the_future_does_not_open_it(case):
    for answers in (*case.old, *case.ahead):
        assert {*answers} == {*case.opens}
        assert not is_open(case, answers)


def test_a_hotfix_that_is_too_old_or_from_the_future_does_not_count():
    for at in (NOW - 24 * HOUR, NOW + HOUR):
        assert not isinstance(hotfix(at).judge(CANDIDATE, CASES["hotfix"].opens, NOW), Open)


def test_what_bears_its_time_says_when_it_is_too_old_and_the_rest_is_of_its_moment():
    timed = {name for name, case in CASES.items() if case.ahead}
    assert timed == {*CASES} - {*OF_ITS_MOMENT, "hotfix", "notBefore"}


# What an answer of its moment is asked for anew at every look.
OF_ITS_MOMENT = ("alarms", "http", "prometheus", "signed")


@pytest.mark.parametrize("name", OF_ITS_MOMENT)
def test_an_answer_of_an_earlier_turn_opens_nothing_in_a_later_one(name):
    gate, answer = CASES[name].gate, next(iter(CASES[name].opens.values()))
    (asked,) = CASES[name].opens
    w = settled("0", "1")
    w.want["gates"] = (NotBefore(at=w.now + 2 * MINUTE), gate)
    w.answers[type(asked)], w.version = answer, "2"

    def blocked():
        return [blocker.gate for blocker in w.tick(1).plan.decisions["api"].blockers]

    assert blocked() == ["notBefore"]
    w.answers[type(asked)] = Unanswered(why="away")
    assert blocked() == [gate.kind] and not w.sent
    w.answers[type(asked)] = answer
    assert blocked() == [] and w.sent == [("forward", "2")]
