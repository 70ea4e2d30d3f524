"""A restart: the same content anew, watched like any rollout, and nothing is undone or blamed if it fails."""

from dataclasses import replace

from controller.gates.window import Window
from controller.model.desired import Load, Supersede
from controller.model.hooks import Hook, When
from controller.model.orders import Freeze
from tests.platform import digest
from tests.world import Crash, settled

NEVER = Window(allow=("2040-01-01..2040-01-02",))


def forced(w):
    return [(a.purpose.value, a.release.version, a.force, a.revision) for a in w.platform.calls]


def test_it_starts_the_same_revision_anew_once_and_bakes_it():
    w = settled("1", "2")
    revision, since = w.service.primary.revision, w.memory.goods[0].since
    w.restart()
    w.tick()
    assert forced(w) == [("restart", "2", True, revision)] and w.phase == "rolling"
    w.ticks(14)
    assert (w.phase, w.goods, w.quarantine) == ("idle", ["2", "1"], set())
    assert w.service.primary.revision == revision and len(w.platform.calls) == 1
    assert w.memory.goods[0].since == since  # its soak elsewhere is not begun anew: it ran all the time


def test_gates_windows_and_a_freeze_let_it_through_and_a_pause_does_not():
    w = settled("1", "2")
    w.want["gates"] = (NEVER,)
    w.version = "3"
    w.give(replace(w.store.record.orders, freeze=Freeze(reason="inventory", at=w.now)))
    w.tick()
    assert w.phase == "pending"
    w.pause()
    w.restart()
    w.ticks(3)
    assert not w.sent
    w.resume()
    w.ticks(14)
    assert w.sent == [("restart", "2")] and w.phase == "pending" and w.running == "2"


def test_hooks_do_not_run_again_and_no_slot_is_waited_for():
    w = settled("1")
    w.terms["hooks"] = (Hook(name="migrate", when=When.BEFORE), Hook(name="smoke", when=When.AFTER))
    w.load = Load(rollouts=0)
    w.restart()
    w.ticks(14)
    assert w.sent == [("restart", "1")] and w.phase == "idle" and not w.platform.tasks


def failed():
    w = settled("1", "2")
    w.restart()
    w.tick()
    w.sick.add(digest("2"))
    w.ticks(14)
    return w


def test_one_that_fails_is_said_and_blames_and_undoes_nothing():
    w = failed()
    assert (w.phase, w.running, w.goods, w.quarantine) == ("stalled", "2", ["2", "1"], set())
    assert w.sent == [("restart", "2")]
    assert any("the restart of 2 failed" in said for _, said in w.trail())
    ended = [entry.data for entry in w.store.entries if entry.event.value == "rollout ended"]
    assert (ended[-1]["result"], ended[-1]["cause"]) == ("failed", "alarm")
    w.ticks(30)
    assert w.sent == [("restart", "2")]


def test_one_that_failed_is_made_again_only_by_another_order():
    w = failed()
    w.sick.clear()
    w.restart()
    w.ticks(14)
    assert w.sent == [("restart", "2")] * 2 and w.phase == "idle" and w.goods[0] == "2"


def test_one_that_failed_gives_way_to_a_new_wish_and_to_a_rollback():
    w = failed()
    w.sick.clear()
    w.version = "3"
    w.ticks(14)
    assert w.goods == ["3", "2", "1"]

    w = failed()
    w.go_back("1")
    w.ticks(14)
    assert (w.running, w.quarantine) == ("1", {digest("2")})


def test_one_that_fails_while_something_newer_may_start_is_replaced_and_not_barred():
    w = settled("1", "2")
    w.restart()
    w.tick()
    w.version = "3"
    w.want["supersede"] = Supersede.WHEN_FAILING
    w.tick()
    w.sick.add(digest("2"))
    w.ticks(3)
    assert w.sent == [("restart", "2"), ("forward", "3")] and w.quarantine == set()


def test_a_call_whose_answer_is_lost_is_not_made_twice():
    w = settled("1", "2")
    w.platform.lose_answer = 1
    w.restart()
    w.ticks(14)
    assert len(w.platform.calls) == 1 and (w.phase, w.goods[0]) == ("idle", "2")


def test_a_crash_at_any_moment_makes_it_once():
    for effect in range(1, 5):
        w = settled("1", "2")
        w.restart()

        def die():
            raise Crash

        w.at_effect[w.effects + effect] = die
        try:
            w.tick(1)
        except Crash:
            pass
        w.at_effect.clear()
        w.ticks(14)
        made = [one for one in w.service.made if one.revision == w.service.primary.revision]
        assert len(made) == 2 and w.phase == "idle", (effect, w.trail())


def test_what_cannot_be_restarted_is_answered_and_never_served_later():
    w = settled("1", "2")
    w.version = "3"
    w.tick()
    w.restart()
    w.tick()
    assert "a restart was asked for, but 3 is rolling: say it again after that" in w.said
    w.ticks(14)
    assert w.sent == [("forward", "3")]

    w.platform.by_hand("api", "9")
    w.restart()
    w.tick(1)
    assert "a restart was asked for, but what runs is not 3, which should" in w.said

    w = settled("1", "2")
    w.platform.scale("api", 0)
    w.restart()
    w.tick()
    assert "a restart was asked for, but it runs no task" in w.said and not w.sent

    w = settled("1", "2")
    w.version = "3"
    w.restart()
    w.tick()
    assert w.sent == [("forward", "3")] and "something newer is deployed, which starts every task anew" in w.said
    w.ticks(14)
    assert w.sent == [("forward", "3")]

    w = settled("1", "2")
    w.unread = True
    w.restart()
    w.tick()
    assert "a restart was asked for, but no wish can be read: git is away" in w.said and not w.sent
