"""What guards are and what they are told is written and read by the codec that the product has."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from controller import kinds
from controller.gates.alarms import Alarms as AlarmGuard
from controller.gates.http import Http
from controller.gates.prometheus import Prometheus
from controller.gates.promoted import Promoted
from controller.gates.signed import SignedTag
from controller.gates.window import NotBefore, Window
from controller.model.gate import OnShut
from controller.model.names import TargetName
from controller.model.observation import Observation, Unseen
from controller.model.questions import (
    Alarm,
    AlarmHistory,
    AlarmState,
    Fetched,
    HttpAnswer,
    HttpSilence,
    Measured,
    RangBetween,
    Sample,
    Samples,
    Unanswered,
)
from controller.model.rollout import Terms
from controller.stores.codec import Codec

CODEC = Codec(kinds.STORED)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHERE = {"account": "111122223333", "region": "eu-west-1", "role": None}
SECOND = timedelta(seconds=1)
GUARDS = (
    AlarmGuard(**WHERE, names=("a",), action=OnShut.WARN, shadow=True, passes=3, failures=2, lasting=90 * SECOND),
    Http(url="https://api.example.com/", status=("200", "300-399"), max_latency=SECOND / 4, action=OnShut.HOLD),
    Http(url="https://api.example.com/", pointer="/a", equals="true", timeout=2 * SECOND, follow_redirects=True),
    Prometheus(query="up", max=0.01, min=-1.0, no_data="ok", url="http://prometheus:9090", lasting=120 * SECOND),
)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.kind)
def test_a_guard_is_read_as_it_was_written(guard):
    terms = Terms(guards=(guard,))
    assert CODEC.read(Terms, CODEC.write(terms).text) == terms


def test_a_guard_that_was_written_before_guards_could_count_is_read_and_means_the_same():
    old = {
        "guards": [
            {"kind": "alarms", "account": "111122223333", "region": "eu-west-1", "prefix": "p-", "noData": "unsure"}
        ],
        "bake": 600,
        "deadline": 1800,
        "progress": 300,
    }
    (guard,) = CODEC.read(Terms, json.dumps({"value": old})).guards
    assert guard == AlarmGuard(**WHERE, prefix="p-")
    assert (guard.action, guard.shadow, guard.passes, guard.failures) == (OnShut.ROLLBACK, False, 1, 1)


def test_every_question_and_its_answers_are_read_as_they_were_written():
    alarm = Alarm(name="a", state=AlarmState.ALARM, since=NOW)
    fetched = Fetched(url="https://x.example.com/", method="GET", timeout=5 * SECOND, content=True)
    series = (Sample(labels=(("code", "500"), ("job", "api")), value="NaN"), Sample(labels=(), value="+Inf"))
    seen = Observation(
        sights={TargetName("api"): Unseen(why="blind")},
        answers={
            RangBetween(**WHERE, after=NOW, before=NOW + SECOND, prefix="p-"): AlarmHistory(changes=(alarm,)),
            RangBetween(**WHERE, after=NOW, names=("a",)): Unanswered(why="throttled"),
            fetched: HttpAnswer(status=200, seconds=0.25, text="ok\u2028\ufffd", is_cut=True),
            Fetched(url="http://x/", method="HEAD", timeout=SECOND): HttpSilence(why="it broke off"),
            Measured(query="up"): Samples(samples=series, warning="a store is away"),
            Measured(query="up", url="http://prometheus:9090"): Samples(samples=()),
        },
        at=NOW,
    )
    assert CODEC.read(Observation, CODEC.write(seen).text) == seen


def test_whatever_a_spec_may_name_can_be_remembered():
    assert {**kinds.SPEC.guards, **kinds.SPEC.gates, "notBefore": NotBefore, "signed": SignedTag} == dict(
        kinds.STORED.gates
    )


GATES = (
    Promoted(source="stage", soak=60 * SECOND, target="backend", containers=("api",), environment="prod"),
    Window(allow=("Mon-Thu 09:00-16:00", "Sat"), holidays=("2026-12-24",), timezone="Europe/Berlin"),
    Window(deny=("daily 12:00-13:00",), deadline=60 * SECOND, bake=SECOND),
    NotBefore(at=NOW),
)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.kind)
def test_a_gate_is_read_as_it_was_written(gate):
    terms = Terms(guards=(gate,))
    assert CODEC.read(Terms, CODEC.write(terms).text) == terms
