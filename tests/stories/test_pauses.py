"""Pauses of the platform's own: a person says yes or no; on the way back nobody is asked."""

from controller.model.orders import Answer
from tests.world import digest, settled


def awaiting():
    w = settled("0", "1")
    w.platform.pauses[digest("2")] = "hook-1"
    w.version = "2"
    w.ticks(3, 1)
    assert w.phase == "rolling" and "POST_SCALE_UP" in w.said
    return w


def answer(w, *, yes, version="2"):
    w.order(answer=Answer(number=w.next_number(), version=version, yes=yes, by="ana", reason="looks odd"))


def test_a_pause_of_ecs_waits_for_a_person_and_the_deadline_stands_still():
    w = awaiting()
    w.ticks(30)
    assert w.phase == "rolling" and not w.quarantine
    answer(w, yes=True)
    w.ticks(14)
    assert w.goods[0] == "2"
    assert sum(type(call).__name__ == "Continue" for call in w.platform.calls) == 1


def test_no_at_a_pause_takes_the_release_back_and_bars_it():
    w = awaiting()
    answer(w, yes=False)
    w.ticks(8, 1)
    assert w.running == "1" and "rejected by ana" in w.memory.quarantine[digest("2")].why


def test_an_answer_to_another_version_is_not_an_answer_to_this():
    w = awaiting()
    answer(w, yes=True, version="1")
    w.ticks(4)
    assert w.phase == "rolling" and w.service.primary.awaits is not None


def test_an_answer_when_nothing_waits_is_said_and_never_served_later():
    w = settled("0", "1")
    answer(w, yes=True, version="2")
    w.tick()
    assert "nothing waits for an answer" in w.said
    w.platform.pauses[digest("2")] = "hook-1"
    w.version = "2"
    w.ticks(8)
    assert w.phase == "rolling" and w.service.primary.awaits is not None


def test_a_continue_that_was_not_taken_is_asked_again():
    w = awaiting()
    w.platform.throttled = 2
    answer(w, yes=True)
    w.ticks(10, 1)
    assert w.service.primary.awaits is None and w.phase in {"rolling", "baking"}


def test_a_pause_on_the_way_back_needs_nobody():
    w = settled("0", "1")
    w.version = "2"
    w.ticks(5, 1)
    w.platform.pauses[digest("1")] = "hook-2"
    w.sick.add(digest("2"))
    w.ticks(12, 1)
    assert w.phase == "stalled" and w.running == "1"
    assert any(type(call).__name__ == "Continue" for call in w.platform.calls)
