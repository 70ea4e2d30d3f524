"""What a commit had looked up is remembered with its target, for the next process to fill in again."""

from controller.model.lookups import Looked, LookedValue, Lookup
from controller.model.names import Commit
from tests.world import settled


def looked(commit, value):
    found = LookedValue(lookup=Lookup(kind="ssm", name="/prod/url"), text=value)
    return Looked(commit=Commit(commit), values=(found,))


def test_what_was_looked_up_is_remembered_until_another_commit_looks_up():
    w = settled()
    w.tick()
    assert w.memory.looked is None
    for one in (looked("c1", "one"), looked("c2", "two")):
        w.want = {"looked": one}
        w.tick()
        assert w.memory.looked == one
        w.unread = True
        w.tick()
        assert w.memory.looked == one, "nobody knows what the spec says now"
        w.unread = False


def test_a_turn_that_looks_up_the_same_writes_nothing():
    w = settled()
    w.want = {"looked": looked("c1", "one")}
    w.ticks(3)
    writes = w.store.writes
    w.want = {"looked": looked("c1", "one")}
    w.tick()
    assert w.store.writes == writes
