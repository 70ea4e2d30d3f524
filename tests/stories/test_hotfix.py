"""A hotfix: one version past soak, window and freeze, for its content alone, with the people whom that takes."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from controller.gates.approval import Approval as ApprovalGate
from controller.gates.window import NotBefore, Window
from controller.model.application import Application, Carried, Carry
from controller.model.gate import Open, Shut
from controller.model.hotfix import EMERGENCY, Hotfix, Refused, Seconded
from controller.model.names import Commit
from controller.model.orders import Freeze, Opening
from controller.model.people import People, Person
from controller.model.questions import OnBranch, Unanswered
from controller.model.story import Event
from tests.platform import digest, release
from tests.stories.test_approval import say
from tests.world import Approval, Crash, settled

NAMES = ("anna", "bob", "carl")
PEOPLE = People(persons=(*(Person(name=name, groups=(EMERGENCY,)) for name in NAMES[:2]), Person(name="carl")))
SHUT = Window(allow=("2032-01-01..2032-01-02",))
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """A gate of the tests: these versions were good elsewhere for long enough."""

    versions: frozenset[str] = frozenset()
    kind: str = "promoted"

    def asks(self, candidate):
        return ()

    def judge(self, candidate, answers, now):
        return (
            Open() if candidate.version in self.versions else Shut(why=f"{candidate.version} was not good in stage")
        )


def locked(*more):
    """A settled world in which nothing new may start: no soak, no window, not yet, and frozen."""
    w = settled("1", "2")
    w.people = PEOPLE
    w.want["gates"] = (Soaked(), SHUT, NotBefore(at=w.now + timedelta(days=300)), *more)
    w.give(replace(w.store.record.orders, freeze=Freeze(reason="inventory", at=w.now, by="ana")))
    return w


def ask(w, version="3", by="anna", **how):
    """Write what `trueup hotfix` writes."""
    groups = (EMERGENCY,) if by in NAMES[:2] else ()
    new = Hotfix(
        number=w.next_number(), version=version, by=by, at=w.now, groups=groups, **{"reason": "checkout", **how}
    )
    w.order(hotfixes=(*w.orders.hotfixes, new), pin=None)


def agree(w, by="bob", of=None, **how):
    """Write what `trueup approve --hotfix` writes."""
    last = w.orders.hotfixes[-1]
    groups = (EMERGENCY,) if by in NAMES[:2] else ()
    yes = Seconded(by=by, at=w.now, digest=of or digest(last.version), groups=groups)
    w.order(hotfixes=(*w.orders.hotfixes[:-1], replace(last, second=replace(yes, **how))))


def end(w):
    w.order(hotfixes=(*w.orders.hotfixes[:-1], replace(w.orders.hotfixes[-1], ended=w.now)))


def shut(w):
    return {one.gate: one.why for one in w.cycles[-1].plan.decisions["api"].blockers}


def told(w):
    return [entry.text for entry in w.store.entries if entry.event is Event.HOTFIX]


def status(w):
    return w.cycles[-1].status[0]


def test_two_people_let_it_past_what_it_skips_and_it_is_loud():
    w = locked()
    ask(w)
    w.tick(1)
    assert w.phase == "pending" and status(w).wanted == "3" and not w.sent
    assert set(shut(w)) == {"freeze", "promoted", "window", "notBefore", "hotfix"}
    assert shut(w)["hotfix"] == (
        "the hotfix of anna needs another of emergency (bob can): trueup approve prod api 3 --hotfix"
    )
    agree(w)
    w.tick(1)
    assert w.sent == [("forward", "3")] and shut(w) == {}
    w.ticks(14)
    assert w.goods[0] == "3" and w.phase == "idle"
    assert told(w)[0] == "hotfix: 3 asked for by anna: checkout"
    assert told(w)[1].startswith(
        "3 skips freeze: frozen by ana: inventory; promoted: 3 was not good in stage; window: "
    )
    assert told(w)[1].endswith("(3 asked for by anna, with bob: checkout)")
    opened = next(entry.data for entry in w.store.entries if entry.event is Event.OPENED and entry.version == "3")
    assert opened["gate:promoted"] == "skipped: 3 was not good in stage" and opened["hotfix"]
    assert status(w).hotfixes[0].standing and status(w).hotfixes[0].second == "bob"


def test_one_that_cannot_be_wanted_holds_what_runs_and_does_not_begin_the_specs_version():
    w = settled("1", "2")
    ask(w)
    w.ticks(14)
    assert w.running == "3" and w.phase == "idle"
    why = "4-stage cannot be wanted instead: it is a stage version"
    w.want["unfit"] = why
    ask(w, "2")  # what the spec wants was good here, and would need no gate
    w.ticks(14)
    assert (w.running, w.sent) == ("3", [("forward", "3")])
    assert shut(w) == {"source": f"{why}; ask for another hotfix, or follow the spec: trueup unpin"}
    end(w)
    del w.want["unfit"]
    w.ticks(14)
    assert w.running == "2"


def test_it_stays_whatever_waits_until_the_spec_says_something_else():
    w = locked()
    ask(w)
    w.tick(1)
    agree(w)
    w.ticks(40)
    assert w.running == "3" and w.sent == [("forward", "3")]
    w.version = "4"
    w.ticks(3)
    assert told(w)[-1] == "the hotfix to 3 has ended" and status(w).wanted == "4" and w.phase == "pending"
    assert set(shut(w)) == {"freeze", "promoted", "window", "notBefore"} and len(w.sent) == 1
    w.version = "2"
    w.ticks(14)
    assert w.running == "2" and status(w).hotfixes == ()  # what was good needs no gate, and the hotfix stays over


@pytest.mark.parametrize(
    "case",
    [
        ({"by": "anna"}, "the yes of anna to the hotfix of anna does not count"),
        ({"by": "carl"}, "the yes of carl to the hotfix of anna does not count"),
        ({"of": digest("9")}, f"the hotfix of anna is for {digest('9')[:12]}, and 3 is {digest('3')[:12]} now"),
    ],
)
def test_a_second_yes_that_does_not_count_opens_nothing(case):
    said, why = case
    w = locked()
    ask(w)
    w.tick(1)
    agree(w, **said)
    w.ticks(3)
    assert not w.sent and shut(w)["hotfix"].startswith(why) and "promoted" in shut(w)


def test_who_asks_and_who_agrees_has_to_be_of_the_group_just_then_and_known():
    w = locked()
    ask(w, by="carl")
    agree(w)
    w.ticks(2)
    assert not w.sent and shut(w)["hotfix"] == "the hotfix of carl is not counted: carl is not in emergency"

    w = locked()
    ask(w)
    agree(w)
    w.people = Unanswered(why="nobody is known")
    w.ticks(2)
    assert not w.sent and shut(w)["hotfix"] == "the hotfix of anna is not counted: nobody is known"
    w.people = PEOPLE
    w.tick()
    assert w.sent == [("forward", "3")]


def test_what_it_does_not_name_stays():
    w = locked(Approval(needed=1))
    ask(w)
    w.tick(1)
    agree(w)
    w.ticks(5)
    assert not w.sent and set(shut(w)) == {"approval"}
    w.approvals["3"] = frozenset({"ana"})
    w.tick(1)
    assert w.sent == [("forward", "3")]


def test_it_is_for_its_content_alone():
    w = locked()
    ask(w, broke_glass=True)
    w.unread = True
    w.tick(1)
    w.unread = False
    w.rings = True  # it waits for something else
    w.tick(1)
    assert w.memory.lane.digest == digest("3") and not w.sent
    moved = replace(release("9"), version="3")  # its tag stands for something else now
    w.releases["3"] = moved
    w.rings = False
    w.ticks(5)
    assert not w.sent and shut(w)["hotfix"].startswith(f"the hotfix of anna is for {digest('3')[:12]}, and 3 is ")
    assert "promoted" in shut(w)


def test_after_a_day_it_skips_nothing_any_more():
    w = locked(Approval(needed=1))
    ask(w)
    w.tick(1)
    agree(w)
    w.tick(24 * 60)
    w.approvals["3"] = frozenset({"ana"})
    w.ticks(3)
    assert not w.sent and shut(w)["hotfix"] == "anna asked for this hotfix more than 24h ago: ask for it again"


def test_broken_glass_goes_at_once_and_shouts_if_nobody_reviews_it_within_a_day():
    w = locked()
    ask(w, broke_glass=True)
    w.tick(1)
    assert w.sent == [("forward", "3")]
    w.ticks(14)
    assert told(w)[0] == "hotfix: 3 anna broke the glass: checkout" and w.goods[0] == "3"
    due = w.orders.hotfixes[0].at + 24 * HOUR
    assert status(w).hotfixes[0].review_due == due and not status(w).hotfixes[0].overdue
    w.version = "4"  # that the hotfix is over does not end the duty
    w.ticks(3)
    w.now = due - timedelta(seconds=70)
    w.turn()
    assert "NOBODY REVIEWED" not in w.said
    w.now = due
    w.turn()
    shout = "NOBODY REVIEWED the hotfix to 3, for which anna broke the glass, by "
    assert shout in w.said and status(w).hotfixes[0].overdue and not status(w).hotfixes[0].standing
    w.ticks(5)
    assert [text for text in told(w) if text.startswith("nobody has reviewed")] == [
        "nobody has reviewed in time: 3 anna broke the glass: checkout"
    ]
    assert "hotfix" not in shut(w)  # it blocks nothing
    agree(w)
    w.tick()
    assert "NOBODY REVIEWED" not in w.said and status(w).hotfixes == ()


def test_an_older_line_for_a_while_and_back_by_itself():
    w = settled("1", "2")
    ask(w, "0", by="carl", until=w.now + 2 * HOUR)  # nothing is skipped: nobody else is needed
    w.tick(1)
    assert w.sent == [("forward", "0")]
    w.ticks(14)
    assert w.running == "0"
    w.version = "2"
    w.now = w.orders.hotfixes[0].until - timedelta(seconds=20)
    w.turn()
    assert w.running == "0" and w.cycles[-1].plan.decisions["api"].again <= w.orders.hotfixes[0].until + timedelta(
        seconds=1
    )
    w.now = w.orders.hotfixes[0].until
    w.turn()
    w.ticks(14)
    assert (w.running, w.quarantine) == ("2", set()) and told(w)[-1] == "the hotfix to 0 has ended"


def test_a_person_may_end_it_and_what_git_says_is_followed_again():
    w = locked()
    ask(w, broke_glass=True)
    w.ticks(14)
    assert w.running == "3"
    end(w)
    w.ticks(14)
    assert w.running == "2" and status(w).hotfixes[0].review_due is not None


def refuse(w, by="carl"):
    """Write what `trueup reject` writes."""
    no = Refused(by=by, at=w.now, reason="it can wait", groups=(EMERGENCY,) if by in NAMES[:2] else ())
    w.order(hotfixes=(*w.orders.hotfixes[:-1], replace(w.orders.hotfixes[-1], ended=w.now, refused=no)))


def test_a_no_that_comes_in_the_very_turn_in_which_it_would_start_is_heard():
    w = locked()
    ask(w)
    w.tick()
    agree(w)
    w.at_effect[w.effects + 1] = lambda: refuse(w)
    w.tick()
    assert w.conflicts == 1 and not w.sent
    w.ticks(14)
    assert (w.running, w.sent) == ("2", []) and told(w)[-1] == "the hotfix to 3 is refused by carl: it can wait"


def test_a_no_of_who_broke_the_glass_themselves_is_no_review():
    for by, is_due in (("anna", True), ("carl", True), ("bob", False)):
        w = locked(Soaked(kind="http"))
        ask(w, broke_glass=True)
        w.tick()
        refuse(w, by)
        w.tick()
        assert bool(status(w).hotfixes) == is_due, by
        assert (w.orders.hotfixes[-1].review_due is not None) == is_due


def test_one_that_fails_goes_back_and_stays_back():
    w = locked()
    ask(w, broke_glass=True)
    w.sick.add(digest("3"))
    w.ticks(40)
    assert (w.running, w.quarantine, w.phase) == ("2", {digest("3")}, "stalled")
    assert w.sent == [("forward", "3"), ("back", "2")]


def test_alarms_that_ring_already_are_passed_during_an_incident_and_new_ones_are_not():
    w = locked()
    w.rings = True
    ask(w)
    w.tick(1)
    agree(w)
    w.ticks(3)
    assert not w.sent and shut(w) == {"alarms": "ringing: 5xx"}
    ask(w, incident="INC-42")
    w.tick(1)
    agree(w)
    w.tick(1)
    assert w.sent == [("forward", "3")] and w.memory.rollout.rang == {"5xx"}
    w.ticks(4)
    assert w.phase == "baking"
    w.rings = False
    w.tick()
    w.sick.add(digest("3"))
    w.ticks(3)
    assert digest("3") in w.quarantine


def test_a_rollback_ends_it_and_is_not_undone_by_it():
    w = locked()
    ask(w, broke_glass=True)
    w.ticks(14)
    end(w)
    w.go_back("2")
    w.ticks(30)
    assert w.running == "2" and digest("3") in w.quarantine


def test_a_crash_at_any_moment_opens_it_once():
    for effect in range(1, 5):
        w = locked()
        ask(w, broke_glass=True)

        def die():
            raise Crash

        w.at_effect[w.effects + effect] = die
        try:
            w.tick(1)
        except Crash:
            pass
        w.at_effect.clear()
        w.ticks(14)
        assert w.goods[0] == "3" and w.sent == [("forward", "3")], (effect, w.trail())


def test_before_it_is_agreed_to_what_rolls_is_finished_under_its_own_terms():
    w = settled("1", "2")
    w.people = PEOPLE
    w.version = "3"
    w.tick()
    w.want["gates"] = (Soaked(),)
    ask(w, "4")
    w.ticks(14)
    assert w.goods[0] == "3" and w.sent == [("forward", "3")]
    agree(w)
    w.ticks(14)
    assert w.goods[0] == "4"


APP = Application(repository="https://git.example.com/unifocus.git")


def branched():
    """A hotfix that went well, of an application whose repository the spec names."""
    w = locked()
    w.want["application"] = APP
    ask(w, broke_glass=True)
    w.tick(1)
    assert not w.branches_asked  # whether it is any good is not known yet
    w.ticks(14)
    assert w.goods[0] == "3"
    return w


def test_it_reminds_until_what_it_brought_is_on_the_branch():
    w = branched()
    assert w.branches_asked[-1] == OnBranch(application=APP, version="3", since="2")
    assert "whether what the hotfix 3 brought is on main is not known: the repository is away" in w.said
    w.branch = Carried(how=Carry.MISSING, missing=(Commit("a" * 40), Commit("b" * 40)))
    w.version = "3"  # the spec names it by now, and the branch is without it all the same
    w.ticks(3)
    assert "what the hotfix 3 brought is not on main (2 commits of it): bring it there" in w.said
    assert status(w).hotfixes[0].unmerged and not status(w).hotfixes[0].standing
    w.branch = Carried(how=Carry.SQUASHED)
    w.ticks(2)
    asked = len(w.branches_asked)
    w.branch = Carried(how=Carry.MISSING)
    w.ticks(3)
    assert "the hotfix" not in w.said and len(w.branches_asked) == asked and w.memory.lane.merged


def test_the_next_hotfix_reminds_of_the_one_before_it_too():
    w = branched()
    ask(w, "4", broke_glass=True)
    w.ticks(14)
    assert w.goods[0] == "4" and w.branches_asked[-1] == OnBranch(application=APP, version="4", since="2")


def test_nobody_is_reminded_of_one_that_failed_or_of_an_application_that_nobody_names():
    w = locked()
    ask(w, broke_glass=True)
    w.ticks(14)
    assert w.goods[0] == "3" and not w.branches_asked and "main" not in w.said

    w = locked()
    w.want["application"] = APP
    w.sick.add(digest("3"))
    ask(w, broke_glass=True)
    w.ticks(14)
    assert digest("3") in w.quarantine and not w.branches_asked


def test_a_target_that_begins_anew_does_not_take_over_the_hotfix_of_the_old_one():
    w = locked()
    ask(w, broke_glass=True)
    w.ticks(14)
    w.places["api"] = "elsewhere"
    w.platform.by_hand("elsewhere", "2")
    w.platform.settle("elsewhere")
    w.ticks(6)
    assert status(w).wanted == "2" and w.sent == [("forward", "3")]


def test_who_asked_for_it_does_not_approve_it_though_somebody_else_tries_it_again():
    w = settled("1")
    people = tuple(Person(name=name, emails=(f"{name}@x.com",), groups=(EMERGENCY,)) for name in NAMES)
    w.people, w.author, w.want["gates"] = People(persons=people), "Carl <carl@x.com>", (ApprovalGate(count=1),)
    ask(w, "3", by="anna", broke_glass=True)
    w.tick(1)
    say(w, "carl", "3")
    say(w, "anna", "3")
    w.tick(1)
    assert shut(w)["approval"].endswith("not counted: carl (wrote it), anna (asked for it)") and not w.sent
    w.sick.add(digest("3"))
    say(w, "bob", "3")
    w.ticks(14)
    assert w.running == "1" and digest("3") in w.quarantine
    w.sick.clear()
    w.retry()
    w.order(retry=replace(w.orders.retry, by="bob"))
    w.tick(1)
    say(w, "anna", "3")
    w.tick(1)
    assert "anna (asked for it)" in shut(w)["approval"] and w.running == "1"


def test_who_opened_the_windows_may_approve_what_goes_through_them():
    w = settled("1")
    person = Person(name="anna", emails=("anna@x.com",), groups=("on-call",))
    w.people, w.author = People(persons=(person, Person(name="carl", emails=("carl@x.com",)))), "Carl <carl@x.com>"
    w.want["gates"] = (ApprovalGate(count=1), replace(SHUT, override=("on-call",)))
    w.version = "2"
    w.tick(1)
    opening = Opening(reason="INC-42", at=w.now, until=w.now + HOUR, by="anna", groups=("on-call",))
    w.give(replace(w.store.record.orders, opening=opening))
    say(w, "anna", "2")
    w.tick(1)
    assert shut(w) == {} and w.sent == [("forward", "2")]
