"""What blocks a target is one list: `why`, its JSON, the metric and what people are told say the same, in order."""

import json
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.cli.orders import set_freeze, set_pause
from controller.cli.show import listing
from controller.cli.why import explain
from controller.gates.window import NotBefore
from controller.model.desired import Load
from controller.model.names import TargetName
from controller.model.orders import Freeze, Orders, Pause
from controller.model.story import Event
from controller.notifiers.render import event_of, text_of
from controller.plan.blocked import line_of
from controller.plan.messages import digest_of, message_of
from controller.plan.needed import waits_of
from controller.telemetry.table import Table
from tests.contracts import made
from tests.gates.kinds import GROUP, PEOPLE, UNMET
from tests.loop.telling import Life
from tests.world import ENV

MINUTE = timedelta(minutes=1)
API = TargetName("api")
KINDS = ("promoted", "approval", "window", "alarms", "backup", "http", "prometheus", "checklist", "signed")


@pytest.fixture
def life():
    """A target that everything blocks at once: a gate of each kind, what it needs, a brake and a freeze."""
    found = Life()
    w = found.world
    w.author, w.people, w.versions = "Dora <dora@example.com>", PEOPLE, {"web": "1", "api": "1"}
    found.ticks(14)
    w.rings, w.load, w.needs = True, Load(changes=1), {"api": ["web"]}
    w.want = {"gates": (*map(UNMET.get, KINDS), NotBefore(at=w.now + 90 * MINUTE)), "owner": "payments"}
    w.versions = {"web": "2", "api": "2"}
    freeze = Freeze(reason="inventory", at=w.now, until=w.now + 60 * MINUTE, by="anna")
    found.store.order(ENV, set_freeze(freeze), made.an_entry(env=ENV))
    found.ticks(1, 1)
    yield found
    found.store.close()


def status_of(life):
    return next(one for one in life.store.shown() if one.target == "api")


def measured(status):
    """The gates for which the metric says that they block."""
    table = Table()
    table.show([status])
    families = text_string_to_metric_families(table.text(openmetrics=False).decode())
    blocked = next(family for family in families if family.name == "trueup_blocked")
    return {one.labels["gate"] for one in blocked.samples if one.value and one.labels["target"] == status.target}


def to_the_second(found):
    """The same, however exactly its instants are written."""
    return [
        {key: at[:19] if (at := one[key]) and key in {"since", "until"} else one[key] for key in one}
        for one in found
    ]


def check(status, message):
    """Hold `why`, its JSON, the metric and a message to one list."""
    lines = [line_of(one) for one in status.blockers]
    told = [line.strip() for line in explain(status, Orders(), status.since, None).splitlines()]
    assert [line for line in told if line.startswith("blocks")] == [f"blocks  {line}" for line in lines]
    (shown,) = json.loads(listing("TargetStatus", [status], "json"))["items"]
    assert shown["blockers"] == json.loads(listing("Blocker", status.blockers, "json"))["items"]
    assert measured(status) == {one.gate for one in status.blockers}
    assert message.blocked == status.blockers
    assert to_the_second(event_of(message)["data"]["blocked"]) == to_the_second(shown["blockers"])
    assert [line.strip() for line in text_of(message).splitlines() if line.strip() in lines] == lines


def digest(life, status):
    return digest_of(waits_of([status], "payments"), "payments", 1, life.world.now, life.world.now)


def test_every_answer_to_what_blocks_is_the_same_list_in_order(life):
    status, began = status_of(life), life.world.now
    gates = [one.gate for one in status.blockers]
    assert {*gates} == {*KINDS, "notBefore", "freeze", "needs", "massChange"}
    assert [gate for gate in gates if gate in KINDS][: len(KINDS)] == list(KINDS)
    by_gate = {one.gate: one for one in status.blockers}
    assert {one.since for gate, one in by_gate.items() if gate != "freeze"} == {began}
    assert (by_gate["freeze"].since, by_gate["freeze"].until) == (began - MINUTE, began + 59 * MINUTE)
    assert by_gate["approval"].groups == by_gate["checklist"].groups == by_gate["window"].groups == (GROUP,)
    assert by_gate["window"].until and by_gate["notBefore"].until and by_gate["checklist"].items
    needed = [row for row in life.store.journal(limit=1000) if row.event is Event.NEEDED and row.target == API]
    assert {row.data["need"] for row in needed} >= {"approval", "checklist"}
    for row in needed:
        check(status, message_of(row, lambda *_: "payments"))
    check(status, digest(life, status))


def test_what_blocks_keeps_its_time_over_turns_and_starts_and_a_pause_comes_first(life):
    before = {one.gate: one.since for one in status_of(life).blockers}
    life.ticks(2, 5)
    pause = Pause(reason="lunch", at=life.world.now, until=life.world.now + 30 * MINUTE)
    life.store.order(ENV, set_pause(API, pause, life.world.now), made.an_entry(env=ENV))
    again = life.dies()
    again.ticks(1, 5)
    status = status_of(again)
    first, *rest = status.blockers
    assert (first.gate, first.why, first.since, first.until) == ("pause", "lunch", pause.at, pause.until)
    assert {one.gate: one.since for one in rest} == before
    check(status, digest(again, status))
    again.store.close()


def test_what_shuts_later_blocks_since_then_and_what_waits_anew_is_blocked_anew(life):
    w = life.world
    w.rings, began = False, w.now
    life.ticks(1, 5)
    assert "alarms" not in [one.gate for one in status_of(life).blockers]
    w.rings = True
    life.ticks(1, 5)
    since = {one.gate: one.since for one in status_of(life).blockers}
    assert (since["alarms"], since["backup"]) == (w.now, began)
    w.versions["api"] = "3"
    life.ticks(1, 5)
    assert {one.since for one in status_of(life).blockers if one.gate in KINDS} == {w.now}
