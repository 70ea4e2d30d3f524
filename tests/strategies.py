"""Hypothesis strategies for every value of the model, drawn from its own annotations: a new field is drawn at once.

`any_value(Memory)` draws memories; `any_value(Memory, phase=st.just(Phase.IDLE))` fixes a field.
"""

import enum
import json
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache

from hypothesis import strategies as st

from controller.model.gate import Gate, Open, Verdict
from controller.model.manifest import Manifest, Scalar
from controller.model.names import (
    ClaimKey,
    Commit,
    DeploymentId,
    Digest,
    EnvName,
    GroupName,
    Revision,
    TargetName,
    TaskId,
)
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.questions import Alarms, AlarmsOf, Answer, Candidate, Question, Unanswered
from controller.model.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """A gate that tests have for themselves: its kind is no field of it."""

    name: str
    wait: timedelta = timedelta(minutes=1)
    only: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "lamp"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        return (AlarmsOf(account=candidate.place.account, region="", role=None, names=(self.name,)),)

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        return Open()


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Another one, whose kind is a field of it."""

    kind: str = "door"
    shut: bool = False

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        return ()

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        return Open()


GATES = {"lamp": Lamp, "door": Door}
QUESTIONS = {"alarms": AlarmsOf, "place": Place}
ANSWERS = {"alarms": Alarms}

T = typing.TypeVar("T")

# few names, so that two draws meet
ENVIRONMENTS = tuple(map(EnvName, ("dev", "stage", "prod")))
TARGETS = tuple(map(TargetName, ("api", "web", "worker", "cron")))

zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-7))])
instants = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=zones)  # noqa: DTZ001 - hypothesis wants the bounds bare
spans = st.one_of(
    st.integers(0, 10_000).map(lambda seconds: timedelta(seconds=seconds)),
    st.integers(0, 10**15).map(lambda microseconds: timedelta(microseconds=microseconds)),
)
words = st.text(max_size=6)
numbers = st.one_of(st.integers(0, 5), st.integers(-(2**63), 2**63))
fractions = st.floats(allow_nan=False, allow_infinity=False)
scalars: st.SearchStrategy[Scalar] = st.one_of(
    words, st.integers(0, 1), numbers, fractions, st.booleans(), st.none()
)
paths = st.sampled_from(["cpu", "memory", "containers[api].image", "containers[api].env[X]", "family", "ü"])
manifests = st.builds(
    Manifest.of,
    st.dictionaries(paths, scalars, max_size=4),
    st.one_of(st.just(("",)), st.lists(paths, max_size=2).map(tuple)),
)
versions = st.sampled_from(["v1.0.0", "v1.1.0", "v2.0.0-rc.1", ""])
commits = st.sampled_from([Commit("a" * 40), Commit("b" * 40)])
shapes = st.dictionaries(paths, words, max_size=2).map(json.dumps)
packed = shapes.map(Packed.of)
some_commit = st.one_of(st.none(), commits)
releases = st.builds(
    Release, version=versions, manifest=manifests, shape=packed, commit=some_commit, built=some_commit
)
clusters = st.sampled_from(["unifocus-prod-cluster", "unifocus-dev-cluster"])
services = st.sampled_from(["api-service", "web-service", "worker-service"])
places = st.builds(
    Place,
    kind=st.just("ecs"),
    account=st.just("111122223333"),
    region=st.sampled_from(["eu-west-1", "us-east-1"]),
    cluster=clusters,
    service=services,
    role=st.one_of(st.none(), words),
)
gates: st.SearchStrategy[Gate] = st.deferred(
    lambda: st.one_of(any_value(Lamp), st.builds(Door, shut=st.booleans()))
)
questions: st.SearchStrategy[Question] = st.deferred(lambda: st.one_of(any_value(AlarmsOf), places))
answers: st.SearchStrategy[Answer] = st.deferred(lambda: st.one_of(any_value(Alarms), any_value(Unanswered)))

_KNOWN: dict[object, st.SearchStrategy[object]] = {
    str: words,
    int: numbers,
    float: fractions,
    bool: st.booleans(),
    types.NoneType: st.none(),
    datetime: instants,
    timedelta: spans,
    Manifest: manifests,
    Packed: packed,
    Release: releases,
    Place: places,
    Gate: gates,
    Question: questions,
    Answer: answers,
    EnvName: st.sampled_from(ENVIRONMENTS),
    TargetName: st.sampled_from(TARGETS),
    GroupName: st.sampled_from([GroupName("unifocus"), GroupName("shop")]),
    Commit: commits,
    ClaimKey: places.map(lambda place: place.claim),
    Digest: manifests.map(lambda manifest: manifest.digest),
    Revision: st.sampled_from([Revision("api:1"), Revision("api:2"), Revision("web:7")]),
    TaskId: st.sampled_from([TaskId("0f" * 16), TaskId("a1" * 16)]),
    DeploymentId: st.sampled_from([DeploymentId("ecs-svc/1"), DeploymentId("ecs-svc/2")]),
}


def any_value(kind: type[T], **fixed: st.SearchStrategy[object]) -> st.SearchStrategy[T]:
    """Draw values of a dataclass of the model, of all that its annotations allow."""
    hints = typing.get_type_hints(kind)
    drawn = {field.name: any_of(hints[field.name]) for field in fields(kind) if field.init}
    return st.builds(kind, **{**drawn, **fixed})


@cache
def any_of(hint: object) -> st.SearchStrategy[object]:
    """Draw values that an annotation allows."""
    known = _KNOWN.get(hint)
    if known is not None:
        return known
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return any_value(hint)
    return _any_generic(typing.get_origin(hint), typing.get_args(hint))


def _any_generic(origin: object, args: tuple[object, ...]) -> st.SearchStrategy[object]:
    if origin in {typing.Union, types.UnionType}:
        return st.one_of([any_of(arg) for arg in args])
    if origin is tuple and args[-1] is Ellipsis:
        return st.lists(any_of(args[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(any_of, args))
    if origin is frozenset:
        return st.frozensets(any_of(args[0]), max_size=3)
    if origin is Mapping:
        return st.dictionaries(any_of(args[0]), any_of(args[1]), max_size=2)
    raise NotImplementedError(f"no strategy for {origin}[{args}]")
