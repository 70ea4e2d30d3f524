"""How much may change at once: room for so many rollouts, and a brake on changes of very many targets."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.model.desired import Load, Supersede
from controller.model.hooks import Hook, When
from controller.model.names import TargetName
from controller.model.orders import Pause, Pin
from controller.plan.mass import MASS_CHANGE
from tests.world import ENV, Approval, FakeWorld, digest, release


def many(*names, **kw):
    """Targets at rest on 1."""
    w = FakeWorld(versions=dict.fromkeys(names, "1"), **kw)
    w.load, load = Load(), w.load
    w.ticks(14)
    assert set(phases(w).values()) == {"idle"}
    w.load = load
    w.cycles.clear()
    w.platform.calls.clear()
    return w


def memories(w):
    return w.store.load(ENV).targets


def phases(w):
    return {name: memory.phase.value for name, memory in memories(w).items()}


def rolling(w):
    return sorted(name for name, phase in phases(w).items() if phase in {"rolling", "preparing"})


def sent(w):
    return [(call.target, call.release.version) for call in w.platform.calls]


def blocks(w, name, gate):
    cycle = next(c for c in reversed(w.cycles) if name in c.plan.decisions)
    return [blocker.why for blocker in cycle.plan.decisions[name].blockers if blocker.gate == gate]


def change(w, version, *names):
    w.versions.update(dict.fromkeys(names or w.versions, version))


def confirm(w, *names):
    """Confirm what these targets want, as `trueup confirm` does."""
    orders = w.store.record.orders
    told = {TargetName(name): digest(w.versions[name]) for name in names or w.versions}
    w.give(replace(orders, confirmed={**orders.confirmed, **told}))


# --- room for rollouts


def test_no_more_roll_at_once_than_there_is_room_for_and_a_bake_holds_none():
    w = many("a", "b", "c", "d", load=Load(rollouts=2))
    change(w, "2")
    w.tick()
    assert rolling(w) == ["a", "b"]
    assert blocks(w, "c", "slots") == ["at most 2 roll at once; a, b before it"]
    assert blocks(w, "d", "slots") == ["at most 2 roll at once; a, b before it; 1 more waited longer"]
    most, seen = 0, set()
    while set(phases(w).values()) != {"idle"}:
        w.tick(1)
        most, seen = max(most, len(rolling(w))), seen | set(phases(w).items())
    assert most == 2 and ("a", "baking") in seen
    assert sent(w) == [(name, "2") for name in "abcd"]


def test_it_says_how_many_roll_and_which():
    w = many("a", "b", "c", load=Load(rollouts=2))
    change(w, "2")
    w.ticks(2, 1)
    assert blocks(w, "c", "slots") == ["2 of 2 rollouts are under way (a, b)"]
    assert "2 of 2 rollouts are under way (a, b)" in w.cycles[-1].plan.decisions["c"].reason
    assert next(s for s in w.cycles[-1].status if s.target == "c").blockers[0].gate == "slots"


def test_who_waits_longest_goes_first_whatever_the_name():
    w = many("a", "b", "c", load=Load(rollouts=1))
    change(w, "2", "b")
    w.tick(1)
    change(w, "2", "c")
    w.tick(1)
    change(w, "2", "a")
    w.ticks(40, 1)
    assert sent(w) == [("b", "2"), ("c", "2"), ("a", "2")]


def test_the_line_is_kept_over_turns_that_are_about_others():
    w = many("a", "b", "c", load=Load(rollouts=1))
    change(w, "2", "a")
    w.tick(1)
    change(w, "2", "c")
    w.tick(1, due=("c",))
    change(w, "2", "b")
    while rolling(w):
        w.tick(1, due=("a",))
    w.tick(1, due=("b",))
    assert rolling(w) == [] and blocks(w, "b", "slots") == ["at most 1 roll at once; c before it"]
    w.tick(1, due=("c",))
    assert rolling(w) == ["c"]


def test_who_no_longer_waits_for_room_holds_up_nobody():
    w = many("a", "b", "c", load=Load(rollouts=1))
    change(w, "2")
    w.tick(1)
    w.order("b", pause=pause())
    w.tick(1)
    while rolling(w):
        w.tick(1, due=("a",))
    w.tick(1, due=("c",))
    assert rolling(w) == ["c"] and memories(w)["b"].queued is None


def pause():

    return Pause(reason="audit")


def test_who_waits_for_a_gate_as_well_holds_up_nobody():
    w = many("a", "b", load=Load(rollouts=1))
    w.want["gates"] = (Approval(),)
    w.approvals["3"] = frozenset({"ana"})
    change(w, "2", "a")
    w.tick(1)
    change(w, "3", "b")
    w.tick(1)
    assert rolling(w) == ["b"] and blocks(w, "a", "slots") == []


def test_the_next_in_line_look_soon_and_the_others_as_ever():
    w = many("a", "b", "c", load=Load(rollouts=1))
    change(w, "2")
    w.ticks(2, 1)
    again = {name: d.again - w.now for name, d in w.cycles[-1].plan.decisions.items()}
    assert again["b"] <= timedelta(seconds=6) < timedelta(seconds=9) < again["c"]


@pytest.mark.parametrize("how", ["pin", "spec"])
def test_going_back_by_wish_does_not_wait_for_room(how):
    w = many("a", "b", load=Load(rollouts=1))
    change(w, "2")
    w.ticks(40, 1)
    change(w, "3", "a")
    w.tick(1)
    assert rolling(w) == ["a"]
    if how == "pin":
        w.order("b", pin=Pin(number=w.next_number(), release=release("1"), spec=digest("2")))
    else:
        change(w, "1", "b")
    w.tick(0.1)
    assert rolling(w) == ["a", "b"]


def test_going_back_neither_waits_for_room_nor_takes_it():
    w = many("a", "b", load=Load(rollouts=1))
    change(w, "2", "a")
    while phases(w)["a"] != "baking":
        w.tick(1)
    w.sick.add(digest("2"))
    change(w, "3", "b")
    w.tick(1)
    assert phases(w) == {"a": "rolling_back", "b": "rolling"}


def test_healing_waits_for_room_says_so_and_comes_in_its_turn():
    w = many("a", "b", load=Load(rollouts=1))
    change(w, "2", "a")
    w.tick(1)
    w.platform.by_hand("b", "9")
    w.platform.settle("b")
    w.want["heal_after"] = timedelta(0)
    w.ticks(2, 0.5)
    assert rolling(w) == ["a"] and phases(w)["b"] == "idle"
    assert blocks(w, "b", "slots") == ["1 of 1 rollouts are under way (a)"]
    shown = next(s for s in w.cycles[-1].status if s.target == "b")
    assert shown.drift.heal == "heals when there is room for it: 1 of 1 rollouts are under way (a)"
    w.ticks(30, 1)
    assert sent(w) == [("a", "2"), ("b", "1")]


def test_healing_keeps_its_place_in_line():
    w = many("a", "b", "c", load=Load(rollouts=1), want={"heal_after": timedelta(0)})
    change(w, "2", "a")
    w.tick(1)
    w.platform.by_hand("c", "9")
    w.platform.settle("c")
    w.ticks(2, 0.5)
    change(w, "2", "b")
    w.ticks(30, 1)
    assert sent(w) == [("a", "2"), ("c", "1"), ("b", "2")]


def test_a_rollout_that_rolls_is_replaced_in_its_own_place():
    w = many("a", "b", load=Load(rollouts=1))
    change(w, "2")
    w.tick(1)
    change(w, "3", "a")
    w.tick(1)
    assert sent(w) == [("a", "2"), ("a", "3")] and rolling(w) == ["a"]


def test_one_that_bakes_waits_for_room_before_it_is_replaced():
    w = many("a", "b", load=Load(rollouts=1), want={"supersede": Supersede.ALWAYS})
    change(w, "2", "a")
    while phases(w)["a"] != "baking":
        w.tick(1)
    change(w, "2", "b")
    w.tick(1)
    change(w, "3", "a")
    w.tick(1)
    assert phases(w) == {"a": "baking", "b": "rolling"}
    assert blocks(w, "a", "slots") == ["1 of 1 rollouts are under way (b)"]
    w.ticks(40, 1)
    assert set(phases(w).values()) == {"idle"} and ("a", "3") in sent(w)


def test_one_that_bakes_keeps_its_place_in_line_too():
    w = many("a", "b", "c", load=Load(rollouts=1), want={"supersede": Supersede.ALWAYS})
    change(w, "2", "a")
    while phases(w)["a"] != "baking":
        w.tick(1)
    change(w, "2", "b")
    w.tick(0.5)
    change(w, "3", "a")
    w.tick(0.5)
    change(w, "2", "c")
    w.ticks(8, 0.5)
    assert sent(w) == [("a", "2"), ("b", "2"), ("a", "3"), ("c", "2")]


def test_what_somebody_else_deploys_is_watched_though_there_is_no_room():
    w = many("a", "b", "c", load=Load(rollouts=1))
    change(w, "2", "a")
    w.tick(1)
    w.platform.by_hand("b", "2")
    change(w, "2", "b", "c")
    w.tick(1)
    assert rolling(w) == ["a", "b"] and blocks(w, "c", "slots") == ["2 of 1 rollouts are under way (a, b)"]


def test_what_waits_for_room_goes_when_there_is_more_of_it():
    w = many("a", "b", "c", load=Load(rollouts=1))
    change(w, "2")
    w.tick(1)
    w.load = Load()
    w.tick(0.1)
    assert rolling(w) == ["a", "b", "c"] and {m.queued for m in memories(w).values()} == {None}


def test_who_waits_for_a_call_of_aws_holds_no_room_meanwhile():
    w = many("a", "b", load=Load(rollouts=1))
    change(w, "2")
    w.platform.in_hand = {"x": 0, **dict.fromkeys({w.wanted("a").place.quota}, 0)}
    w.ticks(3, 1)
    assert sent(w) == [] and rolling(w) == []
    w.platform.in_hand = {}
    w.ticks(40, 1)
    assert sorted(sent(w)) == [("a", "2"), ("b", "2")]


# --- the brake on mass changes


def test_a_commit_that_changes_more_than_it_may_holds_all_of_it_until_a_person_confirms():
    w = many("a", "b", "c", "d", load=Load(changes=2))
    change(w, "2", "a", "b", "c")
    w.ticks(30)
    assert sent(w) == [] and phases(w) == {"a": "pending", "b": "pending", "c": "pending", "d": "idle"}
    (why,) = blocks(w, "a", MASS_CHANGE)
    assert why == (
        "3 of 4 targets would change (a, b, c), more than maxChanges: 2; "
        "`trueup confirm prod --commit c2221 --reason …` lets them"
    )
    assert blocks(w, "b", MASS_CHANGE) == blocks(w, "c", MASS_CHANGE) == [why] and blocks(w, "d", MASS_CHANGE) == []
    confirm(w, "a", "b", "c")
    w.tick()
    assert sent(w) == [("a", "2"), ("b", "2"), ("c", "2")]
    w.ticks(14)
    assert set(phases(w).values()) == {"idle"}


def test_as_many_as_may_change_go_without_a_word():
    w = many("a", "b", "c", "d", load=Load(changes=2))
    change(w, "2", "a", "b")
    w.tick()
    assert sent(w) == [("a", "2"), ("b", "2")]


@pytest.mark.parametrize("share", [(50.0, 2), (49.0, 1), (1.0, 1), (100.0, 4)])
def test_a_share_counts_over_the_whole_environment_and_one_alone_is_never_too_many(share):
    percent, goes = share
    w = many("a", "b", "c", "d", load=Load(percent=percent))
    change(w, "2", *"abcd"[:goes])
    w.tick()
    assert len(sent(w)) == goes
    v = many("a", "b", "c", "d", load=Load(percent=percent))
    change(v, "2", *"abcd"[: goes + 1])
    v.tick()
    assert len(sent(v)) == (goes if goes == 4 else 0)


def test_many_small_turns_let_nothing_past_it():
    w = many("a", "b", "c", load=Load(changes=2))
    change(w, "2")
    for _ in range(10):
        for name in "abc":
            w.tick(0.5, due=(name,))
    assert sent(w) == []


def test_confirming_is_of_what_was_wanted_then():
    w = many("a", "b", "c", load=Load(changes=1))
    change(w, "2")
    w.tick()
    confirm(w)
    change(w, "3")
    w.tick()
    assert sent(w) == []
    confirm(w, "a")
    w.tick()
    assert sent(w) == [("a", "3")] and blocks(w, "b", MASS_CHANGE)[0].startswith(
        "2 of 3 targets would change (b, c)"
    )


def test_what_is_under_way_counts_and_is_not_stopped():
    w = many("a", "b", "c", load=Load(changes=2))
    change(w, "2", "a", "b")
    w.tick()
    change(w, "2", "c")
    w.ticks(2)
    assert sent(w) == [("a", "2"), ("b", "2")] and blocks(w, "c", MASS_CHANGE) and not blocks(w, "a", MASS_CHANGE)
    w.ticks(20)
    assert sent(w) == [("a", "2"), ("b", "2"), ("c", "2")], "once those are good it is a small change"
    assert set(phases(w).values()) == {"idle"}


def test_a_rollout_under_way_is_not_replaced_by_a_wish_that_is_held():
    w = many("a", "b", "c", load=Load(changes=2))
    change(w, "2", "a")
    w.tick()
    change(w, "3")
    w.ticks(12)
    assert sent(w) == [("a", "2")] and memories(w)["a"].goods[0].release.version == "2"


def test_going_back_is_neither_held_nor_counted():
    w = many("a", "b", "c", load=Load(changes=2))
    w.load = Load()
    change(w, "2")
    w.ticks(14)
    w.load = Load(changes=1)
    w.platform.calls.clear()
    change(w, "1")
    w.tick()
    assert sent(w) == [("a", "1"), ("b", "1"), ("c", "1")]


def test_what_is_pinned_or_failed_or_only_observed_is_not_counted():
    w = many("a", "b", "c", load=Load(changes=1))
    w.platform.bad.add(digest("2"))
    change(w, "2", "a")
    w.ticks(20)
    assert digest("2") in memories(w)["a"].quarantine
    w.order("b", pin=Pin(number=w.next_number(), release=release("1"), spec=digest("5")))
    change(w, "5", "b")
    w.platform.calls.clear()
    change(w, "5", "c")
    w.tick()
    assert sent(w) == [("c", "5")]


def test_first_deployments_count_and_a_new_environment_is_confirmed_as_well():
    w = FakeWorld(versions=dict.fromkeys("abc", "1"), load=Load(changes=2))
    w.ticks(5)
    assert sent(w) == [] and blocks(w, "a", MASS_CHANGE)
    confirm(w)
    w.ticks(14)
    assert len(sent(w)) == 3 and set(phases(w).values()) == {"idle"}


def test_what_was_never_looked_at_counts_until_it_was():
    w = many("a", "b", load=Load(changes=1))
    for name in "xyz":
        w.platform.by_hand(name, "1")
        w.platform.settle(name)
    change(w, "1", "x", "y", "z")
    change(w, "2", "a")
    w.tick(due=("a",))
    assert sent(w) == [] and "4 of 5 targets would change (a, x, y, z)" in blocks(w, "a", MASS_CHANGE)[0]
    w.ticks(2)
    assert sent(w) == [("a", "2")]


def test_a_spec_that_cannot_be_read_changes_nothing_and_counts_nothing():
    w = many("a", "b", "c", load=Load(changes=2))
    w.unread = True
    w.ticks(3)
    assert sent(w) == []
    w.unread = False
    change(w, "2", "a", "b")
    w.tick()
    assert sent(w) == [("a", "2"), ("b", "2")]


def test_healing_is_not_held():
    w = many("a", "b", "c", load=Load(changes=1), want={"heal_after": timedelta(0)})
    for name in "abc":
        w.platform.by_hand(name, "9")
        w.platform.settle(name)
    w.ticks(4)
    assert sent(w) == [("a", "1"), ("b", "1"), ("c", "1")]


def test_all_three_hold_together():
    w = many("a", "b", "c", load=Load(changes=1, rollouts=1))
    w.needs = {"a": ("b",)}
    change(w, "2")
    w.tick()
    assert sent(w) == [] and blocks(w, "a", "needs") and blocks(w, "a", MASS_CHANGE)
    confirm(w)
    w.ticks(60, 1)
    assert sent(w) == [("b", "2"), ("c", "2"), ("a", "2")]


# --- AWS's own quota


def test_tasks_have_a_budget_of_their_own_once_their_revision_is_there():
    w = settled_with_hooks()
    quota, tasks = w.wanted("api").place.quota, w.wanted("api").place.task_quota
    w.platform.in_hand = {quota: 0, tasks: 5}
    w.tick(1)
    assert not w.platform.tasks and "waits for AWS quota" in blocks(w, "api", "quota")
    w.platform.in_hand = {quota: 1, tasks: 1}
    w.tick(1)
    assert [task.hook for task in w.platform.tasks.values()] == ["migrate"]
    w.platform.in_hand = {quota: 0, tasks: 1}
    w.ticks(8, 1)
    assert [task.hook for task in w.platform.tasks.values()] == ["migrate", "seed"]
    assert phases(w)["api"] == "preparing" and "waits for AWS quota" in blocks(w, "api", "quota")
    w.platform.in_hand = {quota: 1, tasks: 0}
    w.tick(1)
    assert phases(w)["api"] == "rolling"


def test_without_a_budget_for_tasks_none_starts():
    w = settled_with_hooks()
    w.platform.in_hand = {w.wanted("api").place.quota: 9, w.wanted("api").place.task_quota: 0}
    w.ticks(3, 1)
    assert not w.platform.tasks and "waits for AWS quota" in blocks(w, "api", "quota")


def settled_with_hooks():
    w = many("api")
    w.terms = {"hooks": (Hook(name="migrate", when=When.BEFORE), Hook(name="seed", when=When.BEFORE))}
    change(w, "2")
    return w
