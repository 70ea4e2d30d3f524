"""The approval gate over whole lives: what was approved starts, once, and nothing else does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.gates.approval import Approval
from controller.model.consent import Authors
from controller.model.decision import Ensure
from controller.model.desired import Supersede
from controller.model.hooks import Hook, When
from controller.model.orders import Approval as Given
from controller.model.people import People, Person
from controller.model.questions import Unanswered
from controller.model.rollout import Purpose
from tests.world import Crash, digest, settled

PEOPLE = People(
    persons=tuple(
        Person(name=name, emails=(f"{name}@example.com",), groups=("release-managers",))
        for name in ("anna", "bob", "dora")
    )
)
DAY = timedelta(hours=24)


def gated(*versions, **gate):
    """A settled world whose next versions wait for a yes; dora writes the commits."""
    w = settled(*(versions or ("0", "1")))
    w.people, w.author = PEOPLE, "Dora <dora@example.com>"
    w.want["gates"] = (Approval(groups=("release-managers",), **gate),)
    w.version = "2"
    w.tick(1)
    return w


def say(w, by="anna", version=None, **how):
    """Write what `trueup approve` writes to the version that is wanted."""
    version = version or w.version
    given = Given(
        number=w.next_number(),
        version=version,
        digest=digest(version),
        by=by,
        at=w.now,
        groups=("release-managers",),
    )
    w.order(approvals=(*w.orders.approvals, replace(given, **how)))


def blocked(w):
    return [one.why for one in w.cycles[-1].plan.decisions["api"].blockers if one.gate == "approval"]


def opened(w):
    sent = (action for action in w.platform.calls if isinstance(action, Ensure))
    return [action.release.version for action in sent if action.purpose is Purpose.FORWARD]


def test_it_waits_for_days_and_starts_in_the_turn_after_the_yes():
    w = gated()
    w.ticks(20, minutes=180)
    assert w.phase == "pending" and w.running == "1" and not w.sent
    assert blocked(w) == ["0 of 1 approval; needs 1 more of release-managers (anna, bob can)"]
    say(w)
    w.tick(1)
    assert w.phase == "rolling" and blocked(w) == []
    w.ticks(14)
    assert w.goods[0] == "2" and opened(w) == ["2"]


def test_a_yes_to_one_content_starts_no_other():
    w = gated()
    say(w)
    w.version = "3"
    w.ticks(5)
    assert w.phase == "pending" and not w.sent
    say(w, by="bob")
    w.tick(1)
    assert opened(w) == ["3"]


def test_the_same_version_with_another_content_needs_another_yes():
    w = gated()
    say(w, version="2", digest=digest("1"))
    w.ticks(5)
    assert not w.sent
    assert "not counted: anna (for another content)" in blocked(w)[0]


def test_what_expired_starts_nothing_though_nobody_looked_meanwhile():
    w = gated(expires=timedelta(hours=1))
    say(w)
    w.unread = True
    w.tick(5)
    w.unread = False
    w.tick(56)
    assert not w.sent and "anna (expired at " in blocked(w)[0]
    say(w)
    w.tick(1)
    assert opened(w) == ["2"]


def test_a_no_keeps_it_until_the_content_changes_or_it_is_taken_back():
    w = gated()
    say(w, by="bob", yes=False, comment="the totals are wrong")
    say(w)
    w.ticks(3, minutes=24 * 60)
    assert not w.sent
    assert blocked(w)[0].startswith("rejected by bob at ") and blocked(w)[0].endswith(": the totals are wrong")
    w.version = "3"
    w.tick(1)
    say(w, version="3")
    w.tick(1)
    assert opened(w) == ["3"]


def test_a_no_that_comes_in_the_very_turn_in_which_it_would_start_is_heard():
    w = gated()
    say(w)
    w.at_effect[w.effects + 1] = lambda: say(w, by="bob", yes=False)
    w.tick(1)
    assert w.conflicts == 1 and not w.sent
    w.ticks(3)
    assert not w.sent and blocked(w)[0].startswith("rejected by bob")


def test_whoever_wrote_the_commit_does_not_open_it_alone():
    w = gated()
    say(w, by="dora")
    w.ticks(3)
    assert not w.sent and "not counted: dora (wrote it)" in blocked(w)[0]
    say(w, by="bob")
    w.tick(1)
    assert opened(w) == ["2"]


def test_without_people_it_stays_shut_and_says_what_to_configure():
    w = gated()
    w.people = Unanswered(why="nobody is known: --people (TRUEUP_PEOPLE) names no people.yaml")
    say(w)
    w.ticks(3)
    assert not w.sent and blocked(w) == ["nobody is known: --people (TRUEUP_PEOPLE) names no people.yaml"]
    w.people = PEOPLE
    w.tick(1)
    assert opened(w) == ["2"]


def test_whoever_is_known_no_more_counts_no_more():
    w = gated(count=2)
    say(w)
    w.people = replace(PEOPLE, persons=PEOPLE.persons[1:])
    say(w, by="bob")
    w.ticks(3)
    assert not w.sent and "not counted: anna (not in people.yaml)" in blocked(w)[0]


def failing(w):
    """What was approved goes out, fails, and comes back."""
    say(w)
    w.sick.add(digest("2"))
    w.ticks(14)
    assert w.running == "1" and digest("2") in w.quarantine, w.trail()
    w.sick.clear()
    return w


def test_what_failed_is_not_tried_again_on_the_old_yes():
    w = failing(gated())
    w.retry()
    w.ticks(3)
    assert opened(w) == ["2"] and w.phase == "pending"
    assert "not counted: anna (used already)" in blocked(w)[0]
    say(w, by="bob")
    w.tick(1)
    assert opened(w) == ["2", "2"]


def test_whoever_asked_to_try_again_does_not_say_yes_to_it():
    w = failing(gated())
    w.retry()
    w.order(retry=replace(w.orders.retry, by="bob@example.com"))
    w.tick(1)
    say(w, by="bob")
    w.ticks(2)
    assert opened(w) == ["2"] and "bob (asked for it)" in blocked(w)[0]
    say(w)
    w.tick(1)
    assert opened(w) == ["2", "2"]


def test_what_was_replaced_before_it_was_good_needs_a_new_yes():
    w = gated()
    say(w)
    w.tick(1)
    w.version = "3"
    say(w, version="3")
    w.ticks(14)
    assert w.goods[0] == "3"
    w.version = "2"
    w.ticks(3)
    assert opened(w) == ["2", "3"] and "anna (used already)" in blocked(w)[0]


def test_going_back_to_what_was_good_asks_nobody():
    w = gated()
    w.version = "0"
    w.ticks(2)
    assert opened(w) == ["0"]
    w.ticks(14)
    w.go_back("1")
    w.ticks(14)
    assert w.running == "1"


@pytest.mark.parametrize("supersede", list(Supersede))
def test_what_waits_beside_a_rollout_is_approved_beside_it(supersede):
    w = gated()
    w.want["supersede"] = supersede
    say(w)
    w.tick(1)
    w.version = "3"
    w.tick(1)
    assert blocked(w) == ["0 of 1 approval; needs 1 more of release-managers (anna, bob can)"]
    say(w)
    w.ticks(30)
    assert w.goods[0] == "3" and opened(w) == ["2", "3"]


def test_hooks_come_after_the_yes_and_use_it_up():
    w = gated(expires=timedelta(minutes=2))
    w.terms["hooks"] = (Hook(name="migrate", when=When.BEFORE),)
    w.ticks(2)
    assert not w.platform.tasks
    say(w)
    w.tick(1)
    assert w.phase == "preparing" and w.memory.approved == (w.orders.approvals[0].number,)
    w.ticks(20)  # it expires meanwhile: what has begun is not asked for again
    assert opened(w) == ["2"] and w.goods[0] == "2"


def test_a_crash_before_or_after_the_call_uses_one_yes_once():
    for effect in range(1, 5):
        w = gated()
        say(w)

        def die():
            raise Crash

        w.at_effect[w.effects + effect] = die
        try:
            w.tick(1)
        except Crash:
            pass
        w.at_effect.clear()
        w.ticks(14)
        assert w.goods[0] == "2", (effect, w.trail())
        assert opened(w) == ["2"] and w.memory.approved == (w.orders.approvals[0].number,)


def wait_for(w, version, author):
    w.version, w.author = version, f"{author} <{author}@example.com>"
    w.tick(1)
    return w


def test_a_later_commit_of_somebody_else_does_not_let_the_author_say_yes():
    w = gated()
    w.author = "Bob <bob@example.com>"  # the newest commit is bob's now, and what waits is still dora's
    w.tick(1)
    say(w, by="dora")
    w.ticks(3)
    assert not w.sent and "not counted: dora (wrote it)" in blocked(w)[0]
    say(w, by="bob")
    w.tick(1)
    assert opened(w) == ["2"]


def test_who_wrote_it_is_remembered_with_what_waits_and_asked_for_once():
    w = gated()
    assert w.memory.next.authors == Authors(emails=("dora@example.com",))
    asked = len(w.authors_asked)
    w.wrote = Unanswered(why="git is away")
    w.ticks(5)
    assert len(w.authors_asked) == asked
    say(w, by="bob")
    w.tick(1)
    assert opened(w) == ["2"]


def test_it_is_counted_anew_from_what_runs_when_the_content_changes():
    w = gated()
    wait_for(w, "3", "bob")
    assert w.memory.next.authors == Authors(emails=("bob@example.com",))
    asked = w.authors_asked[-1]
    assert (asked.target, asked.commit, asked.since) == ("api", "c3", w.memory.current.release.commit)


def test_until_it_is_known_who_wrote_it_a_yes_waits_and_may_turn_out_to_be_the_authors():
    w = settled("0", "1")
    w.people, w.author = PEOPLE, "Dora <dora@example.com>"
    w.want["gates"] = (Approval(groups=("release-managers",)),)
    w.wrote = Unanswered(why="git is away")
    w.version = "2"
    w.tick(1)
    say(w, by="dora")
    w.ticks(2)
    assert w.memory.next.authors is None and not w.sent
    assert blocked(w) == ["it is not known who wrote it: git is away; without that, say fourEyes: false"]
    w.wrote = None
    w.ticks(2)
    assert not w.sent and "not counted: dora (wrote it)" in blocked(w)[0]


def test_what_is_tried_again_while_it_runs_is_counted_from_what_was_good_before():
    w = failing(gated())
    w.retry()
    w.tick(1)
    runs = replace(w.memory.current, release=replace(w.memory.next.release, commit="c2"))
    good = replace(w.memory.goods[0], release=replace(w.memory.goods[0].release, commit="c1"))
    waits = replace(w.memory.next, authors=None)
    memory = replace(w.memory, current=runs, goods=(good,), next=waits)
    w.store.record = replace(w.store.record, targets={"api": memory})
    w.tick(1)
    assert w.authors_asked[-1].since == "c1"
