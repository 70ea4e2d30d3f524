"""Windows: a wish waits until one opens, and begins just then; going back waits for none."""

from datetime import UTC, datetime, timedelta

from controller.gates.window import NotBefore, Window
from controller.model.hooks import Hook, When
from tests.platform import digest
from tests.world import settled

# The world of the stories begins on Tuesday, 2030-01-01, at midnight UTC.
OFFICE = Window(allow=("Mon-Thu 09:00-16:00",))


def waiting(gate=OFFICE, version="3"):
    w = settled("1", "2")
    w.want["gates"] = (gate,)
    w.version = version
    w.tick()
    return w


def blockers(w):
    return w.cycles[-1].plan.decisions["api"].blockers


def test_a_wish_waits_until_the_window_opens_and_says_until_when():
    w = waiting()
    opens = datetime(2030, 1, 1, 9, tzinfo=UTC)
    assert w.now < opens
    assert (w.phase, w.sent) == ("pending", [])
    (blocker,) = blockers(w)
    assert (blocker.gate, blocker.until) == ("window", opens)
    assert blocker.why == "the window is shut; it opens Tue 2030-01-01 09:00 UTC"

    w.tick((opens - w.now).total_seconds() / 60 - 1)
    assert w.sent == []
    w.tick(1)
    assert w.sent == [("forward", "3")]


def test_it_is_looked_at_again_just_when_the_window_opens():
    w = waiting()
    w.now = datetime(2030, 1, 1, 8, 59, 58, tzinfo=UTC)
    w.turn()
    again = w.cycles[-1].plan.decisions["api"].again
    assert timedelta() < again - datetime(2030, 1, 1, 9, tzinfo=UTC) < timedelta(seconds=1)


def test_a_window_that_shuts_while_it_rolls_stops_nothing():
    w = waiting()
    w.now = datetime(2030, 1, 1, 15, 56, tzinfo=UTC)
    w.ticks(14)
    assert (w.goods[0], w.sent) == ("3", [("forward", "3")])


def test_a_release_that_fails_after_the_window_has_shut_goes_back():
    w = waiting()
    w.now = datetime(2030, 1, 1, 15, 56, tzinfo=UTC)
    w.sick.add(digest("3"))
    w.ticks(14)
    assert (w.running, w.quarantine, w.sent) == ("2", {digest("3")}, [("forward", "3"), ("back", "2")])


def test_going_back_by_commit_or_by_hand_needs_no_window():
    by_commit = waiting(version="1")
    by_commit.ticks(3)
    assert by_commit.sent == [("forward", "1")]

    by_hand = settled("1", "2")
    by_hand.want["gates"] = (OFFICE,)
    by_hand.rollback("1")
    by_hand.ticks(3)
    assert by_hand.running == "1"


def test_a_migration_waits_for_the_window_too():
    w = settled("1", "2")
    w.want["gates"] = (OFFICE,)
    w.terms["hooks"] = (Hook(name="migrate", when=When.BEFORE),)
    w.version = "3"
    w.ticks(5)
    assert (w.platform.tasks, w.phase) == ({}, "pending")
    w.now = datetime(2030, 1, 1, 9, tzinfo=UTC)
    w.ticks(8)
    assert [task.hook for task in w.platform.tasks.values()] == ["migrate"]
    assert w.running == "3"


def test_a_clock_that_jumps_over_the_window_opens_nothing():
    w = waiting()
    w.now = datetime(2030, 1, 1, 16, 30, tzinfo=UTC)
    w.ticks(3)
    assert (w.sent, blockers(w)[0].until) == ([], datetime(2030, 1, 2, 9, tzinfo=UTC))


def test_a_release_that_is_not_to_start_before_a_moment_starts_then():
    at = datetime(2030, 1, 1, 6, tzinfo=UTC)
    w = waiting(NotBefore(at=at))
    assert blockers(w)[0].why == "3 is not to start before 2030-01-01T06:00:00Z"
    w.now = at
    w.turn()
    assert w.sent == [("forward", "3")]


def test_what_rings_keeps_a_gate_shut_unless_the_release_ends_an_incident():
    w = settled("1", "2")
    gate = w.wanted("api").terms.guards[0]
    w.want["gates"] = (gate,)
    w.rings = True
    w.version = "3"
    w.ticks(3)
    assert (w.sent, blockers(w)[0].gate) == ([], "alarms")
    w.terms["incident"] = "INC-42"
    w.ticks(2)
    assert w.sent == [("forward", "3")]
