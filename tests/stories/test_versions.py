"""Steps between versions: going back is said plainly, and a major step waits until the spec acknowledges it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.cli.plan import render
from controller.cli.why import explain
from controller.model.desired import Supersede
from controller.model.hooks import Hook, When
from controller.model.rollout import Phase
from controller.model.story import Event
from tests.world import ENV, Approval, FakeWorld, digest, release, settled

HOLD = "v2.0.0 is a major step from v1.9.3: write `breaking: acknowledged` beside the version"
MIGRATE = Hook(name="migrate", when=When.BEFORE, timeout=timedelta(minutes=10))


def blockers(w, name="api"):
    return {blocker.gate: blocker.why for blocker in w.cycles[-1].plan.decisions[name].blockers}


def instant_of(w, version):
    (since,) = (kept.since for kept in w.memory.goods if kept.release.version == version)
    return f"{since:%Y-%m-%dT%H:%M:%SZ}"


def wish(w, version, turns=1):
    w.version = version
    w.ticks(turns)
    return w


# --- going back


def test_going_back_to_what_was_good_says_so_and_until_when():
    w = wish(settled("v1.2.2", "v1.3.0"), "v1.2.2")
    told = f"goes back from v1.3.0 to v1.2.2, which was good here until {instant_of(w, 'v1.3.0')}"
    assert w.said == f"deploy: every gate is open: {told}"
    assert w.sent == [("forward", "v1.2.2")], "it needs no gate"
    assert [entry.text for entry in w.store.entries if entry.event is Event.OPENED][-1] == w.said


def test_what_was_good_before_others_was_so_until_the_next_one_was():
    w = wish(settled("v1.2.1", "v1.2.2", "v1.3.0"), "v1.2.1")
    until = instant_of(w, "v1.2.2")
    assert w.said.endswith(f"goes back from v1.3.0 to v1.2.1, which was good here until {until}")


def test_going_back_to_what_never_was_good_says_so_while_it_waits_and_when_it_begins():
    w = settled("v1.2.2", "v1.3.0")
    w.want["gates"] = (Approval(),)
    wish(w, "v1.2.9")
    told = "goes back from v1.3.0 to v1.2.9, which never was good here"
    assert w.said == f"wait: a gate is shut: {told}: 1 approval(s) missing"
    assert w.sent == []
    w.approvals["v1.2.9"] = frozenset({"ana"})
    w.tick()
    assert w.said == f"deploy: every gate is open: {told}"


def test_the_same_version_with_other_content_is_told_from_what_was_good():
    w = settled("v1.2.2", "v1.3.0")
    w.want["release"] = replace(release("rebuilt"), version="v1.2.2")
    w.tick()
    until = instant_of(w, "v1.3.0")
    assert w.said.endswith(f"to v1.2.2, which was good here until {until}, with other content")


def test_going_back_to_what_failed_says_so_when_a_person_says_retry():
    w = settled("v1.2.2", "v1.3.0")
    w.sick.add(digest("v1.2.9"))
    wish(w, "v1.2.9", 20)
    since = w.memory.quarantine[digest("v1.2.9")].since
    assert (w.running, w.phase) == ("v1.3.0", "stalled")
    w.retry()
    w.tick()
    assert w.said.endswith(f"goes back from v1.3.0 to v1.2.9, which failed here at {since:%Y-%m-%dT%H:%M:%SZ}")


def test_a_rollout_under_way_is_what_is_gone_back_from():
    w = wish(settled("v1.2.2"), "v1.3.0", 2)
    assert w.phase in {"rolling", "baking"}
    wish(w, "v1.2.2")
    assert w.said == ("deploy: a newer wish may replace it: goes back from v1.3.0 to v1.2.2, which is good here")


def test_a_hook_that_comes_first_is_told_with_it():
    w = settled("v1.2.2", "v1.3.0")
    w.terms = {"hooks": (MIGRATE,)}
    wish(w, "v1.2.9")
    assert w.memory.phase is Phase.PREPARING
    assert w.said.endswith("goes back from v1.3.0 to v1.2.9, which never was good here: migrate")


def test_a_rollout_that_has_not_touched_anything_is_not_gone_back_from():
    w = settled("v1.2.2")
    w.terms = {"hooks": (MIGRATE,)}
    wish(w, "v1.3.0")
    assert w.memory.phase is Phase.PREPARING
    w.platform.advance()
    w.terms = {}
    wish(w, "v1.2.5", 3)
    assert w.running == "v1.2.5"
    assert not any("goes back" in said for _, said in w.trail())


@pytest.mark.parametrize("to", ["v1.3.1", "v1.10.0", "latest", "v2.0.0"])
def test_going_forward_or_to_whatever_was_built_last_goes_back_nowhere(to):
    w = wish(settled("v1.2.2", "v1.3.0"), to, 2)
    assert not any("goes back" in said for _, said in w.trail()), w.trail()


def test_a_candidate_is_lower_than_what_it_leads_to():
    w = wish(settled("v1.3.0"), "v1.3.0-rc.2")
    assert w.said.endswith("goes back from v1.3.0 to v1.3.0-rc.2, which never was good here")


def test_what_waits_for_a_rollout_says_that_it_goes_back():
    w = settled("v1.2.2")
    w.want["supersede"] = Supersede.AFTER_BAKE
    wish(w, "v1.3.0")
    wish(w, "v1.2.9")
    told = "goes back from v1.3.0 to v1.2.9, which never was good here"
    assert blockers(w)["rollout"] == f"v1.2.9 waits for v1.3.0, which is rolling (supersede: afterBake); it {told}"


def test_plan_and_why_tell_it():
    w = settled("v1.2.2", "v1.3.0")
    w.want["gates"] = (Approval(),)
    wish(w, "v1.2.9")
    told = "goes back from v1.3.0 to v1.2.9, which never was good here"
    assert told in render(w.cycles[-1]).splitlines()[2]
    (status,) = w.cycles[-1].status
    assert told in explain(status, w.store.record.orders, w.now, w.memory).splitlines()[0]


# --- a major step


def test_a_major_step_waits_until_the_spec_acknowledges_it():
    w = wish(settled("v1.9.3"), "v2.0.0", 5)
    assert w.said == f"wait: a gate is shut: v2.0.0: {HOLD}"
    assert (w.sent, w.phase, blockers(w)) == ([], "pending", {"breaking": HOLD})
    w.want["breaking"] = True
    w.ticks(14)
    assert (w.running, w.goods) == ("v2.0.0", ["v2.0.0", "v1.9.3"])


def test_it_goes_on_though_the_word_is_taken_out_once_it_has_begun():
    w = settled("v1.9.3")
    w.want["breaking"] = True
    wish(w, "v2.0.0")
    w.want["breaking"] = False
    for _ in range(14):
        w.tick()
        assert "breaking" not in blockers(w)
    assert (w.running, w.goods[0]) == ("v2.0.0", "v2.0.0")


def test_a_newer_major_step_does_not_replace_a_rollout_that_is_under_way():
    w = wish(settled("v1.9.3"), "v1.9.4", 2)
    wish(w, "v2.0.0", 14)
    assert (w.running, w.goods[0]) == ("v1.9.4", "v1.9.4")
    assert blockers(w)["breaking"] == HOLD.replace("v1.9.3", "v1.9.4")


def test_a_candidate_of_the_next_major_version_is_such_a_step_and_the_release_after_it_none():
    w = wish(settled("v1.9.3"), "v2.0.0-rc.1", 3)
    assert blockers(w)["breaking"].startswith("v2.0.0-rc.1 is a major step from v1.9.3: ")
    w.want["breaking"] = True
    w.ticks(14)
    w.want["breaking"] = False
    wish(w, "v2.0.0", 14)
    assert w.goods == ["v2.0.0", "v2.0.0-rc.1", "v1.9.3"]


@pytest.mark.parametrize("to", ["v1.10.0", "v1.9.3-rc.1", "v0.9.0", "latest"])
def test_no_other_step_waits(to):
    w = wish(settled("v1.9.3"), to, 14)
    assert (w.running, w.goods[0]) == (to, to)


def test_a_first_release_waits_for_no_word():
    w = FakeWorld(versions={"api": "v2.0.0"})
    w.ticks(14)
    assert w.goods == ["v2.0.0"]


def test_a_pin_waits_for_no_word():
    w = settled("v1.9.3")
    w.pin("v2.0.0")
    w.ticks(14)
    assert w.running == "v2.0.0"


def test_what_was_good_here_is_returned_to_without_a_word():
    w = settled("v2.0.0", "v1.9.3")
    wish(w, "v2.0.0", 2)
    assert w.running == "v2.0.0"


def test_what_is_not_known_to_be_good_is_no_ground_for_a_step():
    w = FakeWorld(versions={"api": "v2.0.0"})
    w.platform.by_hand("api", "v1.9.3")
    w.platform.settle("api")
    w.rings = True
    w.want["release"] = release("v1.9.3")
    w.ticks(3)
    assert (w.goods, w.memory.current.release.version) == ([], "v1.9.3")
    w.want.clear()
    w.tick()
    assert "breaking" not in blockers(w)


def test_a_release_that_only_changes_its_name_waits_for_nothing():
    w = settled("v1.9.3")
    w.want["release"] = replace(release("v1.9.3"), version="v2.0.0")
    w.tick()
    assert w.said.endswith("v1.9.3 is v2.0.0 now") and blockers(w) == {}


def test_who_needs_it_waits_with_it():
    w = FakeWorld(versions={"api": "v1.9.3", "web": "v1.9.3"}, needs={"web": ("api",)})
    w.ticks(30)
    w.platform.calls.clear()
    w.versions = {"api": "v2.0.0", "web": "v1.9.4"}
    w.ticks(5)
    assert w.sent == []
    assert blockers(w, "web")["needs"] == "waits for api, which waits for its gates, and does not run v2.0.0 yet"
    assert w.store.load(ENV).targets["web"].phase is Phase.PENDING
