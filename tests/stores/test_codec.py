"""What the codec writes it reads back, exactly; what it cannot read it names."""

import json
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import PlatformError, Refusal
from controller.model.cycle import Cycle
from controller.model.decision import Plan
from controller.model.desired import Accepted, DesiredTarget, Unread
from controller.model.manifest import Manifest
from controller.model.names import EnvName
from controller.model.observation import Observation, Unseen
from controller.model.orders import Orders
from controller.model.packed import Packed
from controller.model.questions import Alarm, Alarms, AlarmsOf, AlarmState, Unanswered
from controller.model.record import Memory, Record
from controller.model.rollout import Rollout, Terms
from controller.model.status import TargetStatus
from controller.model.story import Entry
from controller.stores.codec import SCHEMA, Codec, Tables
from controller.stores.contents import Pool, address_of
from tests.contracts import made
from tests.contracts.made import API, CODEC, NOW, PROD
from tests.strategies import ANSWERS, GATES, QUESTIONS, any_value, releases

# What a store writes one at a time; a cycle holds the rest.
WRITTEN = (Memory, Orders, Entry, TargetStatus, Accepted, Rollout, Terms, DesiredTarget)


def read_back(value, codec=CODEC):
    """What another process makes of it, which knows no release."""
    written = codec.write(value)
    pool = Pool()
    for address, release in written.releases.items():
        pool.add(address, codec.read_content(codec.write_content(release)))
    return codec.read(type(value), written.text, pool)


def typed(value):
    """Every part of a value with its type: a member of a StrEnum is equal to its text, and 1 to True."""
    if is_dataclass(value):
        return type(value), [typed(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, tuple):
        return tuple(map(typed, value))
    if isinstance(value, dict):
        return {name: typed(part) for name, part in value.items()}
    return type(value), value


@given(st.one_of([any_value(kind) for kind in WRITTEN]))
def test_every_value_comes_back_equal_and_is_written_the_same_again(value):
    back = read_back(value)
    assert back == value
    assert typed(back) == typed(value)
    assert CODEC.write(back).text == CODEC.write(value).text


@settings(max_examples=60)
@given(any_value(Cycle))
def test_a_whole_turn_comes_back_equal_and_is_written_the_same_again(cycle):
    text = CODEC.write_cycle(cycle)
    assert CODEC.read_cycle(text) == cycle
    assert typed(CODEC.read_cycle(text)) == typed(cycle)
    assert CODEC.write_cycle(CODEC.read_cycle(text)) == text


@given(releases)
def test_a_release_keeps_what_equality_does_not_see(release):
    kept = replace(made.kept("v1.0.0"), release=release)
    back = read_back(replace(made.a_memory(), goods=(kept,))).goods[0].release
    assert (back.version, back.commit, back.shape) == (release.version, release.commit, release.shape)
    assert back.built == release.built
    assert repr(back.manifest) == repr(release.manifest)


def test_one_one_point_nought_and_true_are_told_apart():
    fields = {"a": 1, "b": 1.0, "c": True, "d": "1", "e": None, "f": 0, "g": False}
    release = replace(made.a_release(), manifest=Manifest.of(fields))
    twisted = replace(made.a_release(), manifest=Manifest.of({**fields, "a": True, "c": 1}))
    goods = tuple(replace(made.kept("v1.0.0"), release=found) for found in (release, twisted))
    back = read_back(replace(made.a_memory(), goods=goods))
    assert [repr(good.release.manifest.fields) for good in back.goods] == [
        repr(good.release.manifest.fields) for good in goods
    ]


def test_a_manifest_keeps_the_digest_that_it_was_given():
    # A later version may count digests otherwise: what was quarantined under one name stays under it.
    usual = made.a_release().manifest
    odd = replace(made.a_release(), manifest=Manifest.recorded(usual.pairs, "of another time", usual.owns))
    back = read_back(replace(made.a_memory(), goods=(replace(made.kept("v1.0.0"), release=odd),)))
    assert back.goods[0].digest == "of another time"


def test_the_same_content_has_one_address_and_another_shape_or_extent_another():
    release = made.a_release()
    assert address_of(release) == address_of(replace(release, version="other", commit=None))
    assert address_of(release) != address_of(replace(release, shape=Packed.of("{}")))
    assert address_of(release) != address_of(replace(release, manifest=replace(release.manifest, owns=("cpu",))))


def test_keys_are_camel_case_instants_utc_and_spans_seconds():
    zone = timezone(timedelta(hours=2))
    rollout = replace(
        made.rolling(made.a_memory(), "v2.0.0").rollout,
        opened=datetime(2026, 3, 1, 14, 0, tzinfo=zone),
        since=datetime(2026, 3, 1, 14, 0, 0, 250000, tzinfo=zone),
        baked=timedelta(seconds=90, microseconds=5),
        rang=frozenset({"b", "a"}),
    )
    tree = json.loads(CODEC.write(rollout).text)["value"]
    assert tree["opened"] == "2026-03-01T12:00:00Z"
    assert tree["since"] == "2026-03-01T12:00:00.250000Z"
    assert tree["baked"] == 90.000005
    assert tree["terms"]["bake"] == 3600
    assert tree["terms"]["backDeadline"] == 1800
    assert tree["terms"]["guards"][0] == {"kind": "lamp", "name": "api-5xx", "wait": 60}
    assert tree["rang"] == ["a", "b"]


def test_nothing_is_left_out_and_a_default_that_is_a_choice_is_not():
    tree = json.loads(CODEC.write(Terms()).text)["value"]
    assert "guards" not in tree
    assert tree == {
        "bake": 600,
        "deadline": 1800,
        "progress": 300,
        "backDeadline": 1800,
        "backCalls": 5,
        "settle": 60,
        "lookEvery": 30,
        "unsure": 21600,
        "stuck": 600,
        "rollbackSafe": True,
    }


def test_an_instant_without_a_zone_is_not_written():
    with pytest.raises(ValueError, match="no time zone"):
        CODEC.write(replace(made.an_entry(), at=datetime(2026, 1, 1)))  # noqa: DTZ001 - that is what is refused


def test_a_value_can_be_had_as_what_json_holds():
    tree = CODEC.plain(made.a_status(reason="watch"))
    assert tree == {
        "env": "prod",
        "target": "api",
        "phase": "idle",
        "reason": "watch",
        "since": "2026-03-01T12:00:00Z",
        "seen": True,
    }
    assert json.loads(json.dumps(tree)) == tree


def test_text_that_is_no_unicode_survives():
    entry = made.an_entry("half of a pair: \ud800, and a line\nmore")
    assert read_back(entry) == entry


def test_a_question_that_nobody_answered_needs_no_table():
    cycle = a_cycle(seen=Observation(sights={}, answers={lamp_question(): Unanswered(why="throttled")}))
    codec = Codec(Tables(questions=QUESTIONS))
    assert codec.read_cycle(codec.write_cycle(cycle)) == cycle


# ---- what cannot be written or read


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameless:
    """A gate that is in no table."""

    kind = "nameless"


def test_a_gate_in_no_table_is_refused_when_it_is_written():
    with pytest.raises(Refusal, match="Nameless is no kind of gate"):
        CODEC.write(Terms(guards=(Nameless(),)))


@pytest.mark.parametrize(
    ("codec", "what"),
    [
        (Codec(Tables(questions=QUESTIONS, answers=ANSWERS)), "no gate of kind 'lamp'"),
        (Codec(Tables(gates=GATES, answers=ANSWERS)), "no question of kind 'alarms'"),
        (
            Codec(Tables(gates=GATES, questions=QUESTIONS)),
            r"no answer of kind 'alarms' here \(there are: unanswered\)",
        ),
    ],
)
def test_a_kind_that_this_version_does_not_have_is_named(codec, what):
    answer = Alarms(alarms=(Alarm(name="api-5xx", state=AlarmState.OK),))
    seen = Observation(sights={API: Unseen(why="blind")}, answers={lamp_question(): answer})
    before = Record(targets={API: made.rolling(made.a_memory(), "v2.0.0")})
    with pytest.raises(Refusal, match=what):
        codec.read_cycle(CODEC.write_cycle(a_cycle(seen=seen, before=before)))


@pytest.mark.parametrize(
    ("twist", "what"),
    [
        ({"colour": "red"}, "extra fields found.*colour"),
        ({"at": "2026-03-01T12:00:00"}, "no offset @ Entry.at"),
        ({"at": "yesterday"}, "'yesterday' @ Entry.at"),
        ({"at": 17}, "17 is not an instant"),
        ({"text": None}, "None is not of type str @ Entry.text"),
        ({"rollout": "one"}, "'one' is not of type int"),
        ({"rollout": True}, "True is not of type int"),
        ({"event": "sneezed"}, "'sneezed' is not a valid Event"),
        ({"data": ["x"]}, "expected a mapping @ Entry.data"),
    ],
)
def test_what_is_not_as_it_should_be_is_named_with_its_place(twist, what):
    tree = json.loads(CODEC.write(made.an_entry()).text)
    tree["value"].update(twist)
    with pytest.raises(Refusal, match=what):
        CODEC.read(Entry, json.dumps(tree))


@pytest.mark.parametrize("seconds", ["600", True, None])
def test_a_span_that_is_no_number_of_seconds_is_named(seconds):
    tree = json.loads(CODEC.write(Terms()).text)
    tree["value"]["bake"] = seconds
    with pytest.raises(Refusal, match=r"is not a number of seconds @ Terms\.bake"):
        CODEC.read(Terms, json.dumps(tree))


def test_a_field_that_is_missing_is_named():
    with pytest.raises(Refusal, match=r"required field missing @ Entry\.at"):
        CODEC.read(Entry, '{"value": {"env": "prod", "event": "intent", "text": ""}}')


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, "\ud800"])
def test_what_is_no_json_object_is_said_to_be_damaged(text):
    for read in (CODEC.read_cycle, CODEC.parse, CODEC.read_content):
        with pytest.raises(PlatformError, match="damaged"):
            read(text)


@pytest.mark.parametrize(
    ("tree", "what"),
    [
        ({}, "its kind is not Cycle"),
        ({"kind": "Record"}, "its kind is not Cycle"),
        ({"kind": "Cycle"}, "newer trueup"),
        ({"kind": "Cycle", "schema": SCHEMA + 1}, f"form {SCHEMA + 1}; this one reads {SCHEMA}"),
        ({"kind": "Cycle", "schema": SCHEMA}, "cannot read"),
        ({"kind": "Cycle", "schema": SCHEMA, "cycle": {}}, "missing @ Cycle.desired"),
        (
            {"kind": "Cycle", "schema": SCHEMA, "releases": {"x": {}}},
            r"missing @ dict\['x'\]\.manifest",
        ),
        ({"kind": "Cycle", "schema": SCHEMA, "releases": [1]}, "cannot read"),
    ],
)
def test_a_file_that_is_no_turn_of_this_form_is_refused(tree, what):
    with pytest.raises(Refusal, match=what):
        CODEC.read_cycle(json.dumps(tree))


def test_a_turn_whose_release_is_missing_is_refused():
    tree = json.loads(CODEC.write_cycle(a_cycle(before=Record(targets={API: made.a_memory()}))))
    tree["releases"] = {}
    with pytest.raises(Refusal, match=r"content '.*' of a release is missing @ Cycle\.before\.targets\['api'\]"):
        CODEC.read_cycle(json.dumps(tree))


# ---- what is written today is read for ever


def a_cycle(**given) -> Cycle:
    base = {
        "desired": Unread(env=PROD, why="git is away"),
        "seen": Observation(sights={}),
        "before": Record(),
        "now": NOW,
        "plan": Plan(env=EnvName("prod"), decided_at=NOW, decisions={}),
        "outcomes": (),
        "after": Record(),
    }
    return Cycle(**{**base, **given})


def lamp_question() -> AlarmsOf:
    return AlarmsOf(account="111122223333", region="eu-west-1", role=None, names=("api-5xx",))
