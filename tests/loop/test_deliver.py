"""Delivery: in order, at least once and with the same id, with patience and an end to it."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.errors import AccessError, PlatformError, Refusal
from controller.loop.bell import Bell
from controller.loop.deliver import Deliverer, begin_all
from controller.loop.receiver import Receiver
from controller.model.message import DEAD, Occasion, Route
from controller.stores.sqlite import SqliteBackend
from tests.loop.telling import EVERY, Box, Life
from tests.world import ENV

GOOD = ["started", "baking", "good"]


@pytest.fixture
def life():
    made = Life()
    yield made
    made.store.close()


def released(life, version="1"):
    life.world.version = version
    return life.ticks(14)


def test_a_release_is_told_step_by_step_each_with_its_own_id(life):
    box = Box()
    deliverer = life.deliverer(box)
    released(life)
    assert deliverer.step() == (5.0, True)
    assert box.told == GOOD
    assert len({message.id for message in box.got}) == 3
    assert {message.version for message in box.got} == {"1"}
    assert [message.row for message in box.got] == sorted(message.row for message in box.got)
    assert deliverer.step() == (5.0, True)
    assert box.told == GOOD
    assert life.heard.counts == [("box", "sent")] * 3
    assert life.heard.waiting == {"box": None}


def test_a_notifier_that_is_new_is_told_nothing_old(life):
    released(life)
    box = Box()
    deliverer = life.deliverer(box)
    deliverer.step()
    assert box.told == []
    released(life, "2")
    deliverer.step()
    assert box.told == GOOD


def test_only_what_is_asked_for_is_sent(life):
    after, stage, nobody = Box(), Box(), Box()
    routes = {"occasions": frozenset({Occasion.AFTER})}
    first = life.deliverer(after, name="after", routes=(Route(notifier="after", **routes),))
    second = life.deliverer(
        stage, name="stage", routes=(Route(notifier="stage", occasions=EVERY, environments=frozenset({"stage"})),)
    )
    third = life.deliverer(
        nobody, name="nobody", routes=(Route(notifier="nobody", occasions=EVERY, owners=frozenset({"web"})),)
    )
    released(life)
    for one in (first, second, third):
        one.step()
    assert (after.told, stage.told, nobody.told) == (["good"], [], [])


def test_the_messages_of_a_rollout_share_a_thread(life):
    box = Box()
    deliverer = life.deliverer(box)
    released(life)
    deliverer.step()
    assert box.threads == ["", "thread of prod/api/1", "thread of prod/api/1"]
    released(life, "2")
    deliverer.step()
    assert box.threads[3:] == ["", "thread of prod/api/2", "thread of prod/api/2"]


def test_what_fails_is_tried_again_later_and_later_and_holds_up_what_follows(life):
    box = Box(always=PlatformError("no answer"))
    deliverer = life.deliverer(box)
    released(life)
    waits = [deliverer.step()[0] for _ in range(12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert (life.state().tries, life.state().why) == (12, "no answer")
    assert life.heard.waiting["box"] is not None
    box.always = None
    deliverer.step()
    assert box.told == GOOD
    assert (life.state().tries, life.state().why, life.state().failed) == (0, "", 12)


def test_chance_takes_at_most_half_of_a_wait(life):
    box = Box(always=PlatformError("no answer"))
    deliverer = life.deliverer(box)
    deliverer._chance = lambda: 0.0
    released(life)
    assert deliverer.step() == (0.5, False)


@pytest.mark.parametrize("error", [PlatformError("away"), AccessError("not you"), OSError("odd"), KeyError("bug")])
def test_one_that_waits_for_too_long_is_a_dead_letter_and_the_rest_goes_on(life, error):
    box = Box(fails=[error] * 2)
    deliverer = life.deliverer(box)
    released(life)
    deliverer.step()
    assert life.state().dead == ()
    life.world.now += timedelta(hours=2)
    deliverer.step()
    assert box.told == GOOD[1:]
    (letter,) = life.state().dead
    assert (letter.tries, letter.why, life.state().died) == (2, str(error), 1)
    assert letter.title == "prod/api: 1 starts"
    assert life.heard.counts[:3] == [("box", "failed"), ("box", "failed"), ("box", "dead")]


def test_one_that_is_refused_is_a_dead_letter_at_once(life):
    box = Box(fails=[Refusal("too long")])
    deliverer = life.deliverer(box)
    released(life)
    assert deliverer.step() == (5.0, True)
    assert box.told == GOOD[1:]
    assert [letter.why for letter in life.state().dead] == ["too long"]


def test_only_the_newest_dead_letters_are_kept(life):
    box = Box(always=Refusal("no"))
    deliverer = life.deliverer(box)
    released(life)
    deliverer.step()
    letter = life.state().dead[0]
    many = tuple(replace(letter, id=f"msg_{at}") for at in range(DEAD))
    life.store.deliver("box", life.state(), replace(life.state(), dead=many))
    deliverer._saved = None
    released(life, "2")
    deliverer.step()
    assert len(life.state().dead) == DEAD
    assert life.state().dead[-1].title == "prod/api: 2 is good, after 21m"


def test_dead_letters_are_sent_again_when_a_person_says_so_with_the_same_id(life):
    box = Box(fails=[Refusal("no")] * 3)
    deliverer = life.deliverer(box)
    released(life)
    deliverer.step()
    ids = [letter.id for letter in life.state().dead]
    life.store.send_again("box", (ids[1],))
    deliverer.step()
    assert [message.id for message in box.got] == [ids[1]]
    life.store.send_again("box", ())
    box.fails = [PlatformError("still away")]
    deliverer.step()
    assert [message.id for message in box.got] == [ids[1], ids[2]]
    assert [(letter.id, letter.why) for letter in life.state().dead] == [(ids[0], "still away")]
    deliverer.step()
    assert len(box.got) == 2  # an order is carried out once


def test_after_a_crash_between_sending_and_noting_it_comes_again_with_the_same_id(life):
    box = Box()
    deliverer = life.deliverer(box)
    released(life)

    class Died(BaseException):
        pass

    def die(*_args):
        raise Died

    deliverer._save = die
    with pytest.raises(Died):
        deliverer.step()
    assert box.told == ["started"]
    second = life.dies()
    second.deliverer(box).step()
    second.store.close()
    assert box.told == ["started", *GOOD]
    assert box.got[0] == box.got[1]


def test_a_controller_that_starts_again_tells_each_thing_once(tmp_path):
    life, box = Life(lambda: SqliteBackend(tmp_path / "trueup.db")), Box()
    first = life.deliverer(box)
    released(life)
    first.step()
    second = life.dies()
    later = second.deliverer(box)
    later.step()
    released(second, "2")
    third = second.dies()
    third.deliverer(box).step()
    third.ticks(3).store.close()
    assert box.told == GOOD * 2
    assert len({message.id for message in box.got}) == 6


def test_while_the_store_is_away_nothing_is_sent_and_then_nothing_is_lost(life):
    box = Box()
    deliverer = life.deliverer(box)
    released(life)
    journal = life.store.journal

    def away(**_how):
        raise PlatformError("the disk is gone")

    life.store.journal = away
    assert deliverer.step() == (5.0, False)
    assert box.told == []
    life.store.journal = journal
    deliverer.step()
    assert box.told == GOOD


def test_another_who_delivers_too_is_followed_and_not_written_over(life):
    box, other = Box(), Box()
    mine, theirs = life.deliverer(box), life.deliverer(other, begin=False)
    released(life)
    mine.step()
    theirs.step()
    assert (box.told, other.told) == (GOOD, [])
    released(life, "2")
    theirs.step()
    assert mine.step()[1] is False  # it sent one, and sees that somebody else has gone on
    mine.step()
    assert box.told == [*GOOD, "started"]
    assert box.got[-1].id == other.got[0].id


def rung(life, *receivers):
    """All of these at work, each in a thread of its own."""
    stop = threading.Event()
    made = {
        one.name: Deliverer(one, life.store, lambda: life.world.now, lambda: 1.0, life.heard, stop.is_set)
        for one in receivers
    }
    begin_all(made, life.store)
    return Bell(made, stop)


def test_one_that_hangs_delays_nobody(life):
    hold, entered = threading.Event(), threading.Event()

    class Hangs:
        def send(self, message, thread):
            entered.set()
            hold.wait(20)
            return ""

    box = Box()
    how = {"digest": timedelta(hours=1), "give_up": timedelta(hours=1)}
    receivers = [
        Receiver(name=name, notifier=one, routes=(Route(notifier=name, occasions=EVERY),), **how)
        for name, one in (("dead", Hangs()), ("box", box))
    ]
    bell = rung(life, *receivers)
    bell.start()
    released(life)
    bell.watch(life.world.cycles[-1])
    bell.ring()
    assert entered.wait(10)
    released(life, "2")  # and no turn waits for it either
    bell.ring()
    deadline = threading.Event()
    for _ in range(200):
        if len(box.got) == 6:
            break
        deadline.wait(0.05)
    assert box.told == GOOD * 2
    assert life.state("dead").sent == 0
    hold.set()
    bell.stop()


def test_single_turns_end_when_all_is_told_or_after_a_while(life):
    how = {"digest": timedelta(hours=1), "give_up": timedelta(hours=1)}

    def bell(box):
        routes = (Route(notifier="box", occasions=EVERY),)
        return rung(life, Receiver(name="box", notifier=box, routes=routes, **how))

    box = Box()
    first = bell(box)
    released(life)
    assert first.drain(10)
    first.stop()
    assert box.told == GOOD
    released(life, "2")
    second = bell(Box(always=PlatformError("away")))
    assert not second.drain(0.2)
    second.stop()


def test_a_notifier_that_is_gone_is_forgotten_and_starts_anew_when_it_comes_back(life):
    life.deliverer(Box(), name="old")
    begin_all({}, life.store)
    assert life.store.deliveries() == {}
    released(life)
    box = Box()
    life.deliverer(box, name="old").step()
    assert box.got == []


def test_the_owner_of_a_target_is_told(life):
    life.world.want = {"owner": "payments"}
    box, other = Box(), Box()
    mine = life.deliverer(box, routes=(Route(notifier="box", occasions=EVERY, owners=frozenset({"payments"})),))
    theirs = life.deliverer(
        other, name="other", routes=(Route(notifier="other", occasions=EVERY, owners=frozenset({"web"})),)
    )
    released(life)
    mine.step()
    theirs.step()
    assert (box.told, other.told) == (GOOD, [])
    assert {message.env for message in box.got} == {ENV}
