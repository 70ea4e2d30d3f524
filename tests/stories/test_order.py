"""What comes first: a wish waits until whatever it needs runs its own wish, at rest."""

import pytest

from controller.model.observation import Unseen
from controller.model.orders import Pin
from tests.world import ENV, Approval, FakePlatform, FakeWorld, digest, release


def two(*needs, **kw):
    """Two targets at rest on 1; web needs api."""
    w = FakeWorld(versions={"api": "1", "web": "1"}, needs={"web": needs or ("api",)}, **kw)
    w.ticks(30)
    assert phases(w) == {"api": "idle", "web": "idle"}
    w.cycles.clear()
    w.platform.calls.clear()
    return w


def phases(w):
    return {name: memory.phase.value for name, memory in w.store.load(ENV).targets.items()}


def sent(w):
    return [(call.target, call.release.version) for call in w.platform.calls]


def blockers(w, name="web"):
    return {blocker.gate: blocker.why for blocker in w.cycles[-1].plan.decisions[name].blockers}


def both(w, version):
    w.versions = {"api": version, "web": version}


def until(w, what, turns=60, minutes=1):
    for _ in range(turns):
        if what():
            return
        w.tick(minutes)
    raise AssertionError(w.trail()[-6:])


def test_one_commit_reaches_what_is_needed_first_and_the_other_only_once_that_is_good():
    w = two()
    both(w, "2")
    w.tick()
    assert sent(w) == [("api", "2")]
    said = []
    while not [call for call in sent(w) if call[0] == "web"]:
        assert phases(w)["web"] == "pending"
        said.append(blockers(w)["needs"])
        w.tick(1)
    assert list(dict.fromkeys(said)) == [
        "waits for api, which does not run 2 yet",
        "waits for api, which is rolling to 2",
        "waits for api, which is baking 2",
    ]
    assert w.goods[0] == "2", "it went only once the other was good"
    w.ticks(14)
    assert phases(w) == {"api": "idle", "web": "idle"} and sent(w) == [("api", "2"), ("web", "2")]


def test_the_names_do_not_matter_for_who_goes_first():
    w = FakeWorld(versions={"a": "1", "z": "1"}, needs={"a": ("z",)})
    w.ticks(30)
    w.platform.calls.clear()
    w.versions = {"a": "2", "z": "2"}
    w.ticks(30)
    assert sent(w) == [("z", "2"), ("a", "2")]


def test_what_nobody_changes_does_not_wait_for_itself():
    w = two()
    w.versions["web"] = "2"
    w.tick()
    assert sent(w) == [("web", "2")]


def test_who_needs_one_that_failed_waits_and_says_so():
    w = two()
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    both(w, "2")
    until(w, lambda: phases(w)["api"] == "rolling_back")
    w.tick(0.1)
    assert blockers(w)["needs"] == "waits for api, which is going back to 1"
    until(w, lambda: phases(w)["api"] == "stalled")
    w.ticks(2)
    assert blockers(w)["needs"] == "waits for api, which failed with 2"
    assert [call for call in sent(w) if call[0] == "web"] == []


def test_who_needs_one_whose_gates_are_shut_waits_and_says_so():
    w = two()
    w.want["gates"] = (Approval(),)
    both(w, "2")
    w.ticks(2)
    assert blockers(w)["needs"] == "waits for api, which waits for its gates, and does not run 2 yet"
    w.approvals["2"] = frozenset({"ana"})
    w.ticks(40)
    assert sent(w) == [("api", "2"), ("web", "2")]


def test_who_needs_one_that_is_paused_waits_and_says_so():
    w = two()
    w.pause("audit")
    both(w, "2")
    w.ticks(2)
    assert blockers(w)["needs"] == "waits for api, which is paused, and does not run 2 yet"
    assert sent(w) == []


def test_who_needs_one_that_cannot_be_seen_keeps_still():
    w = two()
    w.versions["web"] = "2"
    w.platform.delete("api")
    w.tick()
    assert blockers(w)["needs"] == "waits for api, which is not there"
    assert sent(w) == []


def test_who_needs_one_that_nobody_can_see_keeps_still_until_it_is_seen():
    class Half(FakePlatform):
        def look_at(self, name):
            return Unseen(why="not allowed") if name == self.hidden else super().look_at(name)

        hidden = ""

    w = two(platform=Half())
    w.platform.hidden = "api"
    w.versions["web"] = "2"
    w.tick()
    assert blockers(w)["needs"] == "waits for api, which could not be seen: not allowed" and sent(w) == []
    w.platform.hidden = ""
    w.tick()
    assert sent(w) == [("web", "2")]


def test_who_needs_one_that_is_tried_again_waits_for_that():
    w = FakeWorld()
    w.platform.breaker = False
    w.platform.bad.add(digest("1"))
    w.ticks(20)
    assert w.phase == "stalled" and w.running == "1"
    w.platform.by_hand("web", "0")
    w.platform.settle("web")
    w.versions, w.needs, w.want = {"api": "1", "web": "1"}, {"web": ("api",)}, {"gates": (Approval(),)}
    w.ticks(3)
    assert blockers(w)["needs"] == "waits for api, which failed with 1"
    w.retry()
    w.ticks(2)
    assert (w.phase, w.memory.current.digest) == ("pending", digest("1"))
    assert blockers(w)["needs"] == "waits for api, which waits for its gates, and does not run 1 yet"


def test_who_needs_one_that_drifted_waits_until_that_is_healed():
    w = two()
    w.platform.by_hand("api", "9")
    w.platform.settle("api")
    w.versions["web"] = "2"
    w.tick(1)
    assert blockers(w)["needs"] == "waits for api, which runs something else than 1"
    w.ticks(40, 1)
    assert sent(w) == [("api", "1"), ("web", "2")]


def test_who_needs_one_that_the_spec_does_not_name_just_now_waits():
    w = two()
    del w.versions["api"]
    w.versions["web"] = "2"
    w.tick()
    assert "waits for api, which has no wish that can be read: the spec no longer names it" in blockers(w)["needs"]
    assert sent(w) == []


@pytest.mark.parametrize("how", ["pin", "spec"])
def test_going_back_does_not_wait(how):
    w = two()
    both(w, "2")
    w.ticks(40)
    w.platform.bad.add(digest("3"))
    w.versions["api"] = "3"
    w.tick()
    assert phases(w)["api"] == "rolling"
    w.platform.calls.clear()
    if how == "pin":
        w.order("web", pin=pin_of(w, "1"))
    else:
        w.versions["web"] = "1"
    w.tick(0.1)
    assert sent(w) == [("web", "1")]


def pin_of(w, version):

    return Pin(number=w.next_number(), release=release(version), spec=digest(w.versions["web"]))


def test_a_rollout_under_way_is_not_stopped_by_what_it_needs():
    w = two()
    w.versions["web"] = "2"
    w.tick()
    w.versions["api"] = "2"
    w.ticks(20)
    assert phases(w) == {"api": "idle", "web": "idle"} and sent(w) == [("web", "2"), ("api", "2")]


def test_a_turn_that_is_only_about_one_looks_at_what_that_needs():
    w = two()
    both(w, "2")
    cycle = w.tick(due=("web",))
    assert set(cycle.plan.decisions) == {"api", "web"} and sent(w) == [("api", "2")]
    cycle = w.tick(1, due=("web",))
    assert set(cycle.plan.decisions) == {"api", "web"} and sent(w) == [("api", "2")]


def test_who_rests_costs_no_look_at_what_it_needs():
    w = two()
    assert set(w.tick(due=("web",)).plan.decisions) == {"web"}
    w.versions["web"] = "2"
    w.tick(due=("web",))
    assert set(w.tick(due=("web",)).plan.decisions) == {"web"}, "nor does who rolls"


def test_several_are_needed_and_each_is_named():
    w = FakeWorld(versions={"api": "1", "db": "1", "web": "1"}, needs={"web": ("api", "db")})
    w.ticks(30)
    w.versions = {"api": "2", "db": "2", "web": "2"}
    w.ticks(2, 1)
    needs = [b.why for b in w.cycles[-1].plan.decisions["web"].blockers if b.gate == "needs"]
    assert needs == ["waits for api, which is rolling to 2", "waits for db, which is rolling to 2"]
    assert w.cycles[-1].plan.decisions["web"].reason == f"wait: a gate is shut: 2: {needs[0]}; {needs[1]}"
