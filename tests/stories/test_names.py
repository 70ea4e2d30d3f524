"""Names of releases: equal content may be called otherwise, and the newest name counts."""

from dataclasses import replace

from tests.world import Approval, release, settled


def called(version, name):
    return {"release": replace(release(version), version=name)}


def names(w):
    memory = w.memory
    return (memory.current.release.version, [good.release.version for good in memory.goods])


def test_what_rests_takes_the_name_that_is_wanted_and_nothing_is_called():
    w = settled()
    w.want |= called("1", "one")
    w.tick()
    assert w.said == "rename: runs what is wanted, under another name: 1 is one now"
    assert names(w) == ("one", ["one"])
    assert w.cycles[-1].status[0].live == "one"
    writes = w.store.writes
    w.ticks(3)
    assert w.said == "rest: runs what is wanted: one"
    assert (w.sent, w.store.writes) == ([], writes)


def test_a_name_that_comes_while_another_wish_waits_ends_the_waiting():
    w = settled()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "2"
    w.ticks(2)
    assert w.phase == "pending"
    w.want |= called("1", "one")
    w.ticks(2)
    assert (w.phase, w.memory.next, names(w)) == ("idle", None, ("one", ["one"]))


def test_what_waits_takes_a_new_name_too_and_has_waited_since_then():
    w = settled()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "2"
    w.tick()
    since = w.memory.next.since
    w.want |= called("2", "two")
    w.ticks(2)
    assert (w.memory.next.release.version, w.memory.next.since) == ("two", since)


def test_what_is_stalled_says_that_it_blocks_itself():
    w = settled()
    w.version = "2"
    w.tick()
    w.platform.by_hand("api", "9")
    w.ticks(3)
    assert w.phase == "stalled" and w.quarantine == set()
    (blocker,) = w.cycles[-1].plan.decisions["api"].blockers
    assert (blocker.gate, blocker.why) == ("stalled", "only a person or a new wish moves it")
