"""Groups: several targets, one version, one verdict; there and back together."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from controller.model.decision import Ensure, Start
from controller.model.desired import Supersede
from controller.model.hooks import Hook, When
from controller.model.observation import Unseen
from controller.model.orders import Pause, Pin, Rollback
from controller.model.rollout import Terms
from controller.plan.whole import whole_of
from tests.world import ENV, GUARD, Approval, Crash, FakePlatform, FakeWorld, copied, digest, guard, release


class Half(FakePlatform):
    """A platform of which one service can not be seen."""

    hidden = ""

    def look_at(self, name):
        return Unseen(why="not allowed") if name == self.hidden else super().look_at(name)


def group(*members, version="1", **kw):
    """A group at rest on a version that is good; web needs api if both are in it."""
    return (
        _group(members or ("api", "web"), version, **kw) if kw else copied(_group_once(members or ("api", "web")))
    )


@cache
def _group_once(members):
    return _group(members, "1")


def _group(members, version, **kw):
    needs = {"web": ("api",)} if {"api", "web"} <= {*members} else {}
    w = FakeWorld(
        versions=dict.fromkeys(members, version), needs=needs, groups={"unifocus": members}, platform=Half(), **kw
    )
    w.ticks(30)
    assert phases(w) == dict.fromkeys(members, "idle") and goods(w) == {one: [version] for one in members}
    w.cycles.clear()
    w.platform.calls.clear()
    return w


def memories(w):
    return w.store.load(ENV).targets


def phases(w):
    return {name: memory.phase.value for name, memory in memories(w).items()}


def goods(w):
    return {name: [kept.release.version for kept in memory.goods] for name, memory in memories(w).items()}


def running(w):
    there = {name: w.platform.service(w.at(name)).primary.manifest for name in w.versions}
    return {name: dict(made.fields)["taskDefinition.image"].removeprefix("api:") for name, made in there.items()}


def barred(w):
    return {name: {one.version for one in memory.quarantine.values()} for name, memory in memories(w).items()}


def sent(w):
    return [(call.target, call.release.version) for call in w.platform.calls]


def blockers(w, name):
    return [(one.gate, one.why) for one in w.cycles[-1].plan.decisions[name].blockers]


def reason(w, name):
    return w.cycles[-1].plan.decisions[name].reason


def to(w, version):
    w.versions = dict.fromkeys(w.versions, version)


def until(w, what, turns=80, minutes=1):
    for _ in range(turns):
        w.tick(minutes)
        if what():
            return
    raise AssertionError([(phases(w), reason(w, name)) for name in w.versions])


def sick(w, name, version):
    """Let one member fail with a version, and no other."""
    w.is_sick = lambda other: other == name and running(w)[name] == version


# --- there


def test_a_group_goes_in_the_order_of_needs_and_is_good_in_one_turn():
    w = group()
    to(w, "2")
    seen = []
    until(w, lambda: seen.append(goods(w)) or phases(w) == {"api": "idle", "web": "idle"})
    assert sent(w) == [("api", "2"), ("web", "2")]
    assert {str(one) for one in seen} == {
        str({"api": ["1"], "web": ["1"]}),
        str({"api": ["2", "1"], "web": ["2", "1"]}),
    }, "at no time was one good and the other not"


def test_who_needs_another_starts_once_that_bakes_and_not_only_when_it_is_good():
    w = group()
    to(w, "2")
    w.tick()
    assert blockers(w, "web") == [("needs", "waits for api, which does not run 2 yet")]
    until(w, lambda: ("web", "2") in sent(w))
    assert phases(w)["api"] == "baking" and goods(w)["api"] == ["1"]


def test_who_baked_first_says_that_it_waits_for_its_group():
    w = group()
    w.want["web"] = {"terms": Terms(guards=(), bake=timedelta(hours=1), look_every=timedelta(minutes=3))}
    to(w, "2")
    until(w, lambda: "it stayed well" in reason(w, "api"))
    w.ticks(5, 1)
    assert ("group", "waits for web of its group, which is baking 2") in blockers(w, "api")
    assert goods(w) == {"api": ["1"], "web": ["1"]}


def test_what_need_not_change_takes_part_without_a_call():
    w = group("api", "web", "worker")
    w.versions = {"api": "2", "web": "2", "worker": "1"}
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    assert sent(w) == [("api", "2"), ("web", "2")]
    assert goods(w) == {"api": ["2", "1"], "web": ["2", "1"], "worker": ["1"]}


# --- back


@pytest.mark.parametrize("who", ["api", "web"])
def test_when_one_fails_in_its_bake_both_go_back(who):
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    sick(w, who, "2")
    until(w, lambda: phases(w) == {"api": "stalled", "web": "stalled"})
    assert running(w) == {"api": "1", "web": "1"} and goods(w) == {"api": ["1"], "web": ["1"]}
    assert barred(w) == {"api": {"2"}, "web": {"2"}}
    assert sent(w)[2:] == [("web", "1"), ("api", "1")], "who needs the other goes back first"


def test_ecs_itself_takes_one_back_and_the_other_follows():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w)["web"] == "rolling")
    w.platform.bad.add(digest("2"))
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "1", "web": "1"} and barred(w) == {"api": {"2"}, "web": {"2"}}


@pytest.mark.parametrize("safe", [True, False])
def test_one_that_still_rolls_does_what_the_others_do(safe):
    w = group(terms={"rollback_safe": safe})
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "rolling"})
    sick(w, "api", "2")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == ({"api": "1", "web": "1"} if safe else {"api": "2", "web": "2"})


def test_one_whose_own_hooks_still_run_does_not_begin():
    w = group()
    w.platform.takes["seed"] = 30
    seed = Hook(name="seed", when=When.BEFORE, timeout=timedelta(hours=5))
    w.want["web"] = {"terms": Terms(guards=(guard("5xx-web"),), hooks=(seed,))}
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "preparing"})
    sick(w, "api", "2")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "1", "web": "1"} and barred(w) == {"api": {"2"}, "web": {"2"}}
    assert [call for call in w.platform.calls if call.target == "web" and isinstance(call, Ensure)] == []


def test_who_had_not_begun_never_begins():
    w = group()
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    to(w, "2")
    until(w, lambda: phases(w)["api"] == "stalled")
    w.ticks(5)
    assert sent(w) == [("api", "2"), ("api", "1")]
    assert ("group", "waits for api of its group: 2 failed there") in blockers(w, "web")


def test_a_change_by_hand_that_stops_one_takes_the_other_back():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    w.platform.by_hand("web", "9")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "1", "web": "9"}, "what somebody made is not fought"


def test_the_way_back_of_a_whole_group_counts_once_for_the_brake():
    w = group()
    w.brake = replace(w.brake, limit=1, window=timedelta(hours=5))
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    w.sick.add(digest("2"))
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "1", "web": "1"} and len(w.store.load(ENV).rollbacks) == 1


def test_a_brake_stops_the_whole_group():
    w = group()
    w.brake = replace(w.brake, limit=0)
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    sick(w, "web", "2")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "2", "web": "2"} and goods(w) == {"api": ["1"], "web": ["1"]}
    assert "another of its group has stopped" in w.cycles[-1].plan.decisions["api"].reason or barred(w)["web"] == {
        "2"
    }


def test_a_member_that_may_not_go_back_by_itself_makes_the_whole_group_ask():
    w = group(terms={"rollback_safe": False})
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    sick(w, "web", "2")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "2", "web": "2"} and goods(w) == {"api": ["1"], "web": ["1"]}


# --- blind, paused, crashed


def test_a_member_that_can_not_be_seen_keeps_the_other_from_being_good():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    w.platform.hidden = "web"
    w.ticks(10)
    assert goods(w) == {"api": ["1"], "web": ["1"]} and phases(w)["api"] == "baking"
    assert ("group", "waits for web of its group, which could not be seen") in blockers(w, "api")
    w.platform.hidden = ""
    w.ticks(10)
    assert goods(w) == {"api": ["2", "1"], "web": ["2", "1"]}


def test_a_member_that_can_not_be_seen_goes_back_once_it_is_and_the_others_wait_for_it():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    w.platform.hidden = "web"
    sick(w, "api", "2")
    w.ticks(25)
    assert phases(w) == {"api": "rolling_back", "web": "baking"} and running(w) == {"api": "2", "web": "2"}
    assert ("group", "waits for web, which needs it, and is baking 2") in blockers(w, "api")
    w.platform.hidden = ""
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "1", "web": "1"} and barred(w) == {"api": {"2"}, "web": {"2"}}


def test_a_group_does_not_start_while_one_can_not_be_seen_or_is_paused():
    w = group()
    w.platform.hidden = "web"
    to(w, "2")
    w.ticks(3)
    assert sent(w) == [] and ("group", "waits for web of its group: it could not be seen: not allowed") in blockers(
        w, "api"
    )
    w.platform.hidden = ""
    w.order("web", pause=Pause(reason="audit", at=w.now))
    w.ticks(3)
    assert sent(w) == [] and ("group", "waits for web of its group: it is paused: audit") in blockers(w, "api")


@pytest.mark.parametrize("fails", [False, True])
def test_a_crash_at_any_moment_leaves_no_group_in_parts(fails):
    faultless = lived(fails, None)
    for at in range(1, 400, 4):
        w = lived(fails, at)
        if w is None:
            assert at > 20
            return
        assert (phases(w), running(w), goods(w), barred(w)) == faultless, at
    raise AssertionError("it never ends")


def lived(fails, crash_at):
    w = group()
    w.effects = 0
    to(w, "2")
    if fails:
        w.sick.add(digest("2"))

    def crash():
        raise Crash

    if crash_at:
        w.at_effect = {crash_at: crash}
    for _ in range(60):
        try:
            w.tick(1)
        except Crash:
            continue
    if crash_at is None:
        return phases(w), running(w), goods(w), barred(w)
    return None if w.at_effect else w


# --- gates and orders


def test_no_member_starts_before_the_gates_of_all_are_open():
    w = group()
    w.want["web"] = {"gates": (Approval(),)}
    to(w, "2")
    w.ticks(3)
    assert sent(w) == []
    assert ("group", "waits for web of its group: 1 approval(s) missing") in blockers(w, "api")
    w.approvals["2"] = frozenset({"ana"})
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    assert sent(w) == [("api", "2"), ("web", "2")]


def test_a_gate_that_shuts_once_the_group_has_begun_does_not_tear_it():
    w = group()
    w.want["web"] = {"gates": (Approval(),)}
    w.approvals["2"] = frozenset({"ana"})
    to(w, "2")
    w.tick()
    assert sent(w) == [("api", "2")]
    w.approvals.clear()
    until(w, lambda: goods(w)["web"] == ["2", "1"])


def test_a_newer_version_replaces_the_group_as_a_whole():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "rolling"})
    to(w, "3")
    until(w, lambda: goods(w)["web"] == ["3", "1"])
    assert goods(w)["api"] == ["3", "1"] and barred(w) == {"api": set(), "web": set()}


def test_a_version_that_had_not_begun_everywhere_is_replaced_whatever_supersede_says():
    w = group()
    w.want["supersede"] = Supersede.AFTER_BAKE
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "rolling", "web": "pending"})
    to(w, "3")
    until(w, lambda: goods(w)["web"] == ["3", "1"])


def test_a_version_that_has_begun_everywhere_is_let_bake_if_supersede_says_so():
    w = group()
    w.want["supersede"] = Supersede.AFTER_BAKE
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "rolling"})
    to(w, "3")
    until(w, lambda: goods(w)["web"] == ["3", "2", "1"])
    assert goods(w)["api"] == ["3", "2", "1"]


def test_a_retry_of_the_group_tries_all_of_it_again():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    sick(w, "web", "2")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    w.retry("api")
    w.ticks(3)
    assert running(w)["api"] == "1" and ("group", "waits for web of its group: 2 failed there") in blockers(
        w, "api"
    )
    w.is_sick = lambda name: False
    w.retry("web")
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    assert goods(w)["api"] == ["2", "1"]


def test_who_only_went_back_with_another_is_not_barred_in_a_newer_version():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    sick(w, "web", "2")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    w.versions = {"api": "2", "web": "3"}
    until(w, lambda: goods(w)["web"] == ["3", "1"])
    assert goods(w)["api"] == ["2", "1"] and barred(w) == {"api": set(), "web": {"2"}}


def test_what_somebody_deployed_of_one_member_opens_the_gates_of_no_other():
    w = group()
    w.want["gates"] = (Approval(),)
    to(w, "2")
    w.tick()
    w.platform.by_hand("web", "2")
    w.ticks(20, 1)
    assert sent(w) == [] and goods(w) == {"api": ["1"], "web": ["1"]} and phases(w)["web"] == "baking"
    w.approvals["2"] = frozenset({"ana"})
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    assert goods(w)["api"] == ["2", "1"] and sent(w) == [("api", "2")]


def test_a_spec_that_can_not_be_read_lets_what_has_begun_end_together():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    w.unread = True
    sick(w, "web", "2")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "1", "web": "1"}


def test_a_person_has_the_whole_group_taken_back_who_needs_another_first():
    w = group()
    to(w, "2")
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    w.platform.calls.clear()
    for name in w.versions:
        w.order(name, rollback=Rollback(number=900), pin=Pin(number=900, release=release("1"), spec=whole(w)))
    until(w, lambda: set(phases(w).values()) == {"idle"})
    assert running(w) == {"api": "1", "web": "1"} and sent(w) == [("web", "1"), ("api", "1")]
    w.ticks(30)
    assert running(w) == {"api": "1", "web": "1"}, "and there it stays"
    w.versions = {"api": "1", "web": "3"}
    until(w, lambda: goods(w)["web"][0] == "3")
    assert running(w) == {"api": "1", "web": "3"}, "until something else is wanted of any of them"


def whole(w):
    return whole_of(w.read(ENV, None), w.store.load(ENV), "api").digest


def test_a_member_that_the_spec_no_longer_names_does_not_wait_for_ever():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    del w.versions["web"]
    w.groups = {"unifocus": ("api",)}
    w.ticks(30, 1)
    assert phases(w) == {"api": "idle", "web": "idle"} and goods(w) == {"api": ["2", "1"], "web": ["2", "1"]}


def test_a_group_that_the_spec_takes_apart_ends_together_what_it_has_begun():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    w.groups, w.versions = {}, {"api": "2", "web": "3"}
    until(w, lambda: goods(w) == {"api": ["2", "1"], "web": ["3", "2", "1"]})


def test_a_group_that_the_spec_takes_apart_keeps_nobody_waiting_for_who_left():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "pending"})
    w.groups, w.versions = {}, {"api": "2", "web": "3"}
    until(w, lambda: goods(w) == {"api": ["2", "1"], "web": ["3", "1"]})


def test_a_revert_in_git_takes_all_of_a_good_group_back_without_a_gate():
    w = group()
    to(w, "2")
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    w.want["gates"] = (Approval(),)
    to(w, "1")
    until(w, lambda: running(w) == {"api": "1", "web": "1"} and set(phases(w).values()) == {"idle"})
    assert goods(w) == {"api": ["1", "2"], "web": ["1", "2"]}


def test_a_revert_of_what_failed_comes_to_rest():
    w = group()
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    sick(w, "web", "2")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    to(w, "1")
    until(w, lambda: set(phases(w).values()) == {"idle"})
    assert running(w) == {"api": "1", "web": "1"}


def test_a_version_that_is_new_for_one_member_only_does_not_pass_by_the_gates_as_known():
    w = group()
    to(w, "2")
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    w.platform.calls.clear()
    w.want["gates"] = (Approval(),)
    w.versions = {"api": "1", "web": "3"}
    w.ticks(5)
    assert sent(w) == [], "api knows 1, but web does not know 3"


def test_a_person_has_the_whole_group_taken_back_in_its_order_though_git_is_away():
    w = group()
    to(w, "2")
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    w.unread = True
    w.ticks(2)
    assert [one.group for one in w.cycles[-1].status] == ["unifocus", "unifocus"]
    w.platform.calls.clear()
    for name in w.versions:
        w.order(name, rollback=Rollback(number=900), pin=Pin(number=900, release=release("1"), spec=None))
    until(w, lambda: running(w) == {"api": "1", "web": "1"} and set(phases(w).values()) == {"stalled"})
    assert started(w) == ["web", "api"]


# --- hooks of the group


def hooked(*hooks, who="api", **kw):
    w = group(hooked=who, **kw)
    terms = Terms(guards=(GUARD,), look_every=timedelta(minutes=3), hooks=hooks)
    w.want[who] = {"terms": terms}
    return w


MIGRATE = Hook(name="migrate", when=When.BEFORE)
UNDO = Hook(name="undo", when=When.ON_ROLLBACK)


def started(w):
    return [call.hook.name if isinstance(call, Start) else call.target for call in w.platform.calls]


def tasks(w):
    return [task.hook for task in w.platform.tasks.values()]


def test_a_hook_of_the_group_runs_once_before_any_member():
    w = hooked(MIGRATE)
    w.needs = {}
    to(w, "2")
    w.tick()
    assert phases(w) == {"api": "preparing", "web": "pending"}
    assert ("group", "waits for api, which runs the hooks of its group first") in blockers(w, "web") or (
        "needs",
        "waits for api, which runs the hooks of its group first",
    ) in blockers(w, "web")
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    assert tasks(w) == ["migrate"]


def test_a_hook_of_the_group_that_fails_lets_no_member_begin():
    w = hooked(MIGRATE)
    w.platform.exits_with["migrate"] = 1
    to(w, "2")
    w.ticks(10)
    assert phases(w)["api"] == "stalled" and running(w) == {"api": "1", "web": "1"}
    assert [call for call in sent(w) if call[0] == "web"] == []


def test_the_way_back_of_the_database_comes_before_that_of_any_member():
    w = hooked(UNDO)
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    sick(w, "web", "2")
    until(w, lambda: tasks(w) == ["undo"])
    assert set(phases(w).values()) == {"rolling_back"} and running(w) == {"api": "2", "web": "2"}
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "1", "web": "1"} and tasks(w) == ["undo"]
    assert [call for call in sent(w) if call[1] == "1"] == [("web", "1"), ("api", "1")]


def test_a_person_has_the_database_taken_back_before_any_member():
    w = hooked(UNDO)
    to(w, "2")
    until(w, lambda: goods(w)["web"] == ["2", "1"])
    w.platform.calls.clear()
    for name in w.versions:
        w.order(name, rollback=Rollback(number=900), pin=Pin(number=900, release=release("1"), spec=whole(w)))
    until(w, lambda: set(phases(w).values()) == {"idle"})
    assert started(w) == ["undo", "web", "api"]


def test_no_member_goes_back_to_what_does_not_know_the_database():
    w = hooked(UNDO)
    w.platform.exits_with["undo"] = 1
    to(w, "2")
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    sick(w, "web", "2")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "2", "web": "2"}
