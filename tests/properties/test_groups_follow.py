"""Groups that follow tags: whatever is tagged, missing or not read, no two members go to different versions."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.model.names import Commit
from controller.model.rollout import MOVING
from controller.plan.transitions import Move
from tests.properties.script import long_lives, patience
from tests.properties.test_groups import check_good_together, check_told
from tests.stories.test_groups import memories, phases, running
from tests.stories.test_groups_follow import following
from tests.world import ENV

pytestmark = patience

NAMES = ("api", "web", "worker")
name, number = st.sampled_from(NAMES), st.integers(1, 4)
happens = st.one_of(
    st.tuples(st.just("turn"), st.sets(name, min_size=1).map(sorted)),
    st.tuples(st.just("turns"), st.integers(1, 8)),
    st.tuples(st.just("tag"), number),
    st.tuples(st.just("untag"), number),
    st.tuples(st.just("lacks"), st.tuples(name, number)),
    st.tuples(st.just("built"), st.none()),
    st.tuples(st.just("away"), st.booleans()),
    st.tuples(st.just("joins"), st.none()),
    st.tuples(st.just("sick"), st.tuples(name, number)),
)


def happen(w, what, arg):
    match what:
        case "turn":
            w.tick(1, due=tuple(one for one in arg if one in w.versions))
        case "turns":
            w.ticks(arg, 1)
        case "tag":
            w.tags[f"v1.{arg}.0"] = Commit(f"{arg}" * 40)
        case "untag":
            w.tags.pop(f"v1.{arg}.0", None)
        case "lacks":
            w.missing.add((arg[0], f"v1.{arg[1]}.0"))
        case "built":
            w.missing.clear()
        case "away":
            w.away = arg
        case "joins":
            w.versions, w.groups = dict.fromkeys(NAMES, "follow"), {"unifocus": NAMES}
        case "sick":
            w.sick.add((arg[0], f"v1.{arg[1]}.0"))


def check(w):
    for c in w.cycles:
        check_good_together(c)
        wanted = {one.wanted for one in c.status if one.wanted and one.group}
        opens = any(decision.move == Move.OPEN.value for decision in c.plan.decisions.values())
        assert len(wanted) == 1 or not opens, wanted
    check_told(w)


@settings(max_examples=long_lives(30), deadline=None)
@given(st.lists(happens, max_size=25))
@example([("lacks", ("web", 2)), ("tag", 2), ("turns", 3)])
@example([("tag", 2), ("turns", 40), ("untag", 2), ("joins", None), ("turns", 10)])
def test_no_two_members_go_to_different_versions(life):
    w = following()
    w.sick.clear()
    w.is_sick = lambda one: one in w.versions and (one, running(w).get(one)) in w.sick
    for what, arg in life:
        happen(w, what, arg)
    w.missing.clear()
    w.away = False
    w.tags["v1.9.0"] = Commit("9" * 40)
    w.ticks(70, 1)
    check(w)
    assert not MOVING & {memory.phase for memory in memories(w).values()}, phases(w)
    assert {running(w)[one] for one in w.versions} == {"v1.9.0"}, (running(w), phases(w))
    assert {w.store.load(ENV).targets[one].followed.commit for one in w.versions} == {Commit("9" * 40)}
