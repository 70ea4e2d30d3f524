"""What is needed of people: told once, told again when it comes again, and never made up when nothing is seen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.cli.orders import for_target
from controller.cli.why import explain
from controller.errors import PlatformError, Refusal
from controller.gates.approval import Approval
from controller.gates.checklist import Checklist
from controller.gates.window import NotBefore
from controller.model.desired import Load
from controller.model.hotfix import Hotfix, Seconded
from controller.model.message import Occasion, Route
from controller.model.orders import Approval as Given
from controller.model.orders import Orders
from controller.model.people import People, Person
from controller.model.questions import Unanswered
from controller.model.rollout import Phase
from controller.model.story import Event
from controller.plan.blocked import line_of
from controller.plan.messages import digest_of
from controller.plan.needed import waits_of
from tests.contracts import made
from tests.contracts.made import API
from tests.loop.telling import EVERY, Box, Life
from tests.world import ENV, digest

PEOPLE = People(persons=tuple(Person(name=name, emails=(f"{name}@example.com",)) for name in ("anna", "dora")))
HOUR = timedelta(hours=1)


@pytest.fixture
def life():
    found = Life()
    found.world.author, found.world.people = "Dora <dora@example.com>", PEOPLE
    found.world.version = "1"
    found.ticks(14)
    yield found
    found.store.close()


def wants(life, version="2", *gates, **want):
    life.world.want = {"gates": gates or (Approval(),), "owner": "payments", **want}
    life.world.version = version
    return life.ticks(1, minutes=1)


def say(life, by="anna", *, version="2", yes=True):
    given = Given(number=0, version=version, digest=digest(version), by=by, at=life.world.now, yes=yes)
    change = for_target(API, lambda mine, n: replace(mine, approvals=(*mine.approvals, replace(given, number=n))))
    life.store.order(ENV, change, made.an_entry(env=ENV))
    life.ticks(1, minutes=1)


def rows(life):
    told = (Event.NEEDED, Event.BEFORE)
    return [(row.event.value, row.text) for row in life.store.journal(limit=1000) if row.event in told]


WAITS = ("person needed", "2 waits for approval")


def test_what_waits_for_approval_is_told_once_however_long_it_waits(life):
    wants(life).ticks(5)
    assert rows(life) == [WAITS]
    again = life.dies()
    again.ticks(5)
    assert rows(again) == [WAITS]
    again.store.close()


def test_the_row_has_the_list_of_why_in_its_order(life):
    wants(life, "2", NotBefore(at=life.world.now + HOUR), Approval())
    row = next(row for row in life.store.journal(limit=1000) if row.event is Event.NEEDED)
    (status,) = life.store.shown()
    lines = [line_of(blocker) for blocker in status.blockers]
    assert len(lines) == 2
    box = Box()
    deliverer = life.deliverer(box, begin=False)
    life.deliverer(box)
    life.store.deliver("box", life.state(), replace(life.state(), cursor=row.number - 1))
    deliverer.step()
    assert [line_of(one) for one in box.got[0].blocked] == lines
    told = explain(status, Orders(), life.world.now, None)
    assert [line.strip() for line in told.splitlines() if "blocks" in line] == [f"blocks  {one}" for one in lines]


def test_an_approval_is_told_with_who_gave_it_and_when_it_starts(life):
    opens = life.world.now + HOUR
    wants(life, "2", NotBefore(at=opens), Approval())
    say(life)
    assert rows(life) == [WAITS, ("about to start", f"2 is approved by anna; starts at {opens:%Y-%m-%dT%H:%M:%SZ}")]
    life.ticks(3)
    assert len(rows(life)) == 2


def test_whose_yes_does_not_count_is_not_told_to_have_approved(life):
    wants(life)
    say(life, "dora")  # who wrote it
    say(life)
    assert rows(life) == [WAITS, ("about to start", "2 is approved by anna; starts now")]


def test_what_starts_with_its_approval_says_so(life):
    wants(life)
    say(life)
    assert rows(life) == [WAITS, ("about to start", "2 is approved by anna; starts now")]
    life.ticks(14)
    assert len(rows(life)) == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ([{Occasion.BEFORE}], ["approved"]),
        ([{Occasion.DURING}], ["started"]),
        ([EVERY], ["started"]),
        ([{Occasion.BEFORE}, {Occasion.DURING}], ["started"]),
    ],
)
def test_its_approval_and_its_start_at_one_moment_are_told_by_one_message(life, asked, told):
    box = Box()
    routes = tuple(Route(notifier="box", occasions=frozenset(one) - {Occasion.NEEDED}) for one in asked)
    deliverer = life.deliverer(box, routes=routes)
    wants(life)
    say(life)
    deliverer.step()
    assert box.told == told
    assert "approved by anna" in f"{box.got[0].title} {box.got[0].text}"
    assert "starts" in box.got[0].title


def test_its_approval_and_a_start_that_comes_later_are_told_by_two(life):
    box = Box()
    deliverer = life.deliverer(box, routes=(Route(notifier="box", occasions=EVERY - {Occasion.NEEDED}),))
    wants(life, "2", NotBefore(at=life.world.now + HOUR), Approval())
    say(life)
    deliverer.step()
    assert box.told == ["approved"]
    life.ticks(3, minutes=30)
    deliverer.step()
    assert box.told[:2] == ["approved", "started"]


def test_what_starts_by_itself_is_told_before_and_once(life):
    opens = life.world.now + HOUR
    wants(life, "2", NotBefore(at=opens)).ticks(30)
    assert rows(life) == [("about to start", f"2 starts at {opens:%Y-%m-%dT%H:%M:%SZ}")]


def test_nobody_is_asked_for_what_has_just_failed_and_goes_back(life):
    wants(life)
    say(life)
    before = rows(life)
    life.ticks(2)
    life.world.sick.add(digest("2"))
    life.world.want["gates"] = (Approval(), Checklist(items=("told",)))
    phases = []
    for _ in range(8):
        life.ticks(1, minutes=1)
        phases.append(life.store.shown()[0].phase)
    assert {Phase.ROLLING_BACK, Phase.STALLED} <= {*phases}
    assert [text for _, text in rows(life)[len(before) :] if "waits" in text or "ticked" in text] == []


def test_a_no_and_a_look_that_shows_nothing_approve_nothing(life):
    wants(life)
    say(life, yes=False)
    life.world.people = Unanswered(why="people.yaml cannot be read")
    life.ticks(1)
    life.world.unread = True
    life.ticks(2)
    life.world.unread, life.world.people = False, PEOPLE
    life.ticks(1)
    assert rows(life) == [WAITS]


def test_a_pause_neither_forgets_nor_tells_anything(life):
    wants(life)
    life.store.order(ENV, made.pause, made.an_entry(env=ENV))
    life.ticks(2)
    life.store.order(ENV, lambda orders, _: replace(orders, pause=None), made.an_entry(env=ENV))
    life.ticks(2)
    assert rows(life) == [WAITS]


def test_an_approval_that_expired_is_needed_again(life):
    wants(life, "2", NotBefore(at=life.world.now + 4 * HOUR), Approval(expires=timedelta(minutes=30)))
    say(life)
    life.ticks(1, minutes=60)
    assert [text.partition(";")[0] for _, text in rows(life)] == [WAITS[1], "2 is approved by anna", WAITS[1]]


def test_another_version_needs_another_approval(life):
    wants(life)
    wants(life, "3")
    assert [text for _, text in rows(life)] == [WAITS[1], "3 waits for approval"]


def test_a_brake_on_many_changes_is_told_once_for_all_of_them(life):
    life.world.versions |= {f"t{at}": "1" for at in range(4)}
    life.ticks(14)
    life.world.load = Load(changes=2)
    life.world.want = {"owner": "payments"}
    life.world.versions = dict.fromkeys(life.world.versions, "2")
    life.ticks(3)
    ((_, text),) = rows(life)
    assert text.startswith("5 of 5 targets would change")
    box = Box()
    life.deliverer(box)
    life.store.deliver("box", life.state(), replace(life.state(), cursor=1))
    life.deliverer(box).step()
    (message,) = [one for one in box.got if one.transition == "massChange"]
    assert (message.target, message.title.partition(" targets")[0]) == (None, "prod: 5 of 5")


# ---- the digest


def waiting(life, count, version="2", start=0):
    for at in range(start, start + count):
        life.world.versions[f"t{at}"] = "1"
    life.ticks(14)
    life.world.want = {"gates": (Approval(),), "owner": "payments"}
    for at in range(start, start + count):
        life.world.versions[f"t{at}"] = version
    return life.ticks(1, minutes=1)


def test_all_that_waits_of_an_owner_is_one_message(life):
    box = Box()
    deliverer = life.deliverer(box, routes=(Route(notifier="box", occasions=frozenset({Occasion.NEEDED})),))
    waiting(life, 5)
    deliverer.step()
    (digest_,) = box.got
    assert digest_.transition == "waiting"
    assert digest_.title == "5 releases wait for approval: prod/t0 2, prod/t1 2, prod/t2 2, prod/t3 2, prod/t4 2"
    assert "trueup approve prod t3 2" in digest_.text
    assert "approval: 0 of 1 approval; needs 1 more (anna can)" in digest_.text
    assert digest_.owners == ("payments",)
    deliverer.step()
    assert len(box.got) == 1


def test_what_comes_later_is_told_when_the_time_is_up_and_with_all_that_still_waits(life):
    box = Box()
    deliverer = life.deliverer(box, routes=(Route(notifier="box", occasions=frozenset({Occasion.NEEDED})),))
    waiting(life, 1)
    deliverer.step()
    wants(life, "2")  # api too
    seconds, done = deliverer.step()
    assert (len(box.got), done, seconds) == (1, True, 5.0)
    life.ticks(1, minutes=61)
    deliverer.step()
    assert [message.title for message in box.got] == [
        "1 release waits for approval: prod/t0 2",
        "2 releases wait for approval: prod/api 2, prod/t0 2",
    ]
    assert len({message.id for message in box.got}) == 2
    life.ticks(1, minutes=61)
    deliverer.step()
    assert len(box.got) == 2  # nothing new waits


def test_what_was_approved_before_its_digest_is_told_to_nobody(life):
    box = Box()
    deliverer = life.deliverer(box, routes=(Route(notifier="box", occasions=frozenset({Occasion.NEEDED})),))
    wants(life)
    say(life)
    deliverer.step()
    assert box.got == []
    assert life.state().waiting == {}


def test_a_digest_that_was_not_noted_as_sent_comes_again_with_the_same_id(life):
    box = Box()
    routes = (Route(notifier="box", occasions=frozenset({Occasion.NEEDED})),)
    deliverer = life.deliverer(box, routes=routes)
    waiting(life, 2)

    class Died(BaseException):
        pass

    def die(*_args):
        raise Died

    deliverer._save = die
    with pytest.raises(Died):
        deliverer.step()
    again = life.dies()
    again.deliverer(box, routes=routes).step()
    again.store.close()
    assert len(box.got) == 2
    assert box.got[0].id == box.got[1].id


def test_each_owner_has_a_digest_of_its_own_and_hears_of_no_other(life):
    box, theirs = Box(), Box()
    needed = {"occasions": frozenset({Occasion.NEEDED})}
    deliverer = life.deliverer(box, routes=(Route(notifier="box", **needed),))
    other = life.deliverer(theirs, name="web", routes=(Route(notifier="web", owners=frozenset({"web"}), **needed),))
    waiting(life, 1)
    deliverer.step()
    other.step()
    assert [message.owners for message in box.got] == [("payments",)]
    assert theirs.got == []


def test_a_digest_that_cannot_be_sent_is_given_up_and_sent_again_with_what_waits_then(life):
    box = Box(fails=[PlatformError("away")] * 2)
    deliverer = life.deliverer(box, routes=(Route(notifier="box", occasions=frozenset({Occasion.NEEDED})),))
    waiting(life, 1)
    assert deliverer.step() == (1.0, False)
    life.world.now += 2 * HOUR
    deliverer.step()
    (letter,) = life.state().dead
    assert (letter.title, letter.tries) == ("1 release waits for approval: prod/t0 2", 2)
    wants(life, "2")  # api too
    life.store.send_again("box", ())
    deliverer.step()
    assert box.got[0].title == "2 releases wait for approval: prod/api 2, prod/t0 2"
    assert (box.got[0].id, life.state().dead) == (letter.id, ())


def test_what_waits_is_in_no_thread_of_another_rollout(life):
    box = Box()
    deliverer = life.deliverer(box, routes=(Route(notifier="box", occasions=EVERY),))
    wants(life)
    say(life)
    deliverer.step()
    assert [(one.transition, one.thread) for one in box.got] == [("started", "prod/api/2")]
    wants(life, "3")  # it waits while 2 rolls
    life.ticks(20)
    row = [row for row in life.store.journal(limit=1000) if row.event is Event.NEEDED][-1]
    assert (row.text, row.rollout) == ("3 waits for approval", 0)


# ---- how a bad release is told


def test_a_release_that_fails_is_told_with_its_reason_and_where_it_went_back_to(life):
    box = Box()
    deliverer = life.deliverer(box, routes=(Route(notifier="box", occasions=EVERY),))
    life.world.sick.add(digest("2"))
    life.world.version = "2"
    life.ticks(20)
    deliverer.step()
    assert box.told[0] == "started" and box.told[-2:] == ["going_back", "went_back"], box.told
    back = box.got[-1]
    assert back.title == "prod/api: 2 failed and went back: 1 runs again"
    assert "5xx" in back.text
    assert back.facts["back"] == "1" and back.facts["cause"] == "alarm"
    assert back.occasions == {Occasion.AFTER, Occasion.NEEDED}  # it is stalled: a new wish, or a person, decides


def test_a_target_that_stalls_needs_a_person():
    life = Life()
    box = Box()
    deliverer = life.deliverer(box)
    life.world.sick.add(digest("1"))
    life.world.version = "1"
    life.ticks(30)
    deliverer.step()
    assert box.told[-1] == "failed"
    assert box.got[-1].title == "prod/api: 1 failed: a person, or a new wish, has to decide"
    assert box.got[-1].occasions == {Occasion.AFTER, Occasion.NEEDED}
    assert life.world.phase == "stalled"
    life.store.close()


def grouped(life, *gates, **web):
    """Two targets that go together, of two owners, and their second version, which waits."""
    w = life.world
    w.versions, w.needs, w.groups = {"api": "1", "web": "1"}, {"web": ("api",)}, {"unifocus": ("api", "web")}
    life.ticks(20)
    w.want = {"gates": gates, "owner": "payments", "web": {"owner": "shop", **web}}
    w.versions = dict.fromkeys(w.versions, "2")
    return life.ticks(2, minutes=1)


def rows_of(life):
    told = (Event.NEEDED, Event.BEFORE)
    return [(row.target, row.text) for row in life.store.journal(limit=1000) if row.event in told]


def test_what_a_group_waits_for_is_told_once_and_by_its_name(life):
    grouped(life, Approval())
    waits = ("unifocus", "2 waits for approval")
    assert rows_of(life) == [waits]
    (row,) = (row for row in life.store.journal(limit=1000) if row.event is Event.NEEDED)
    assert row.data["owners"] == "payments,shop"
    given = Given(number=0, version="2", digest=life.store.shown()[0].bound, by="anna", at=life.world.now)
    change = for_target("unifocus", lambda mine, n: replace(mine, approvals=(replace(given, number=n),)))
    life.store.order(ENV, change, made.an_entry(env=ENV))
    life.ticks(30, minutes=1)
    assert rows_of(life) == [waits, ("unifocus", "2 is approved by anna; starts now")]


def test_the_checklist_of_a_group_is_told_once_and_that_of_a_member_too(life):
    both = Checklist(items=("told",))
    grouped(life, both, gates=(both, Checklist(items=("cache-warm",))))
    life.ticks(5)
    open_ = [text.split(";")[1] for _, text in rows_of(life)]
    assert open_ == [" open: told", " open: cache-warm"]
    assert {target for target, _ in rows_of(life)} == {"unifocus"}


def test_a_digest_names_a_group_once_and_says_how_it_is_approved(life):
    grouped(life, Approval(), owner="payments")
    waiting = waits_of(life.store.shown(), "payments")
    message = digest_of(waiting, "payments", 1, life.world.now, life.world.now)
    assert message.title == "1 release waits for approval: prod/unifocus 2"
    assert "  trueup approve prod unifocus 2" in message.text and "prod api" not in message.text


def test_broken_glass_is_told_until_somebody_reviews_it_and_again_when_nobody_does(life):
    broke = Hotfix(number=0, version="3", by="anna", at=life.world.now, broke_glass=True)
    change = for_target(API, lambda mine, n: replace(mine, hotfixes=(replace(broke, number=n),)))
    life.store.order(ENV, change, made.an_entry(env=ENV))
    life.ticks(14)
    due = f"{broke.review_due:%Y-%m-%dT%H:%M:%SZ}"
    what, how = "the hotfix to 3, for which anna broke the glass", "trueup approve prod api 3 --hotfix"
    asks = ("person needed", f"{what}, waits for its review until {due}: {how}")
    assert rows(life) == [asks]
    life.ticks(1, minutes=24 * 60).ticks(2)
    late = ("person needed", f"nobody reviewed {what}, by {due}: {how}")
    assert rows(life) == [asks, late]
    yes = Seconded(by="dora", at=life.world.now, digest=digest("3"))
    seen = for_target(API, lambda mine, _: replace(mine, hotfixes=(replace(mine.hotfixes[0], second=yes),)))
    life.store.order(ENV, seen, made.an_entry(env=ENV))
    life.ticks(3)
    assert rows(life) == [asks, late]


def test_each_owner_of_a_group_has_a_digest_of_it_also_from_the_dead(life):
    box, theirs = Box(fails=[Refusal("no")] * 2), Box()
    needed = {"occasions": frozenset({Occasion.NEEDED})}
    deliverer = life.deliverer(box, routes=(Route(notifier="box", **needed),))
    other = life.deliverer(
        theirs, name="shop", routes=(Route(notifier="shop", owners=frozenset({"shop"}), **needed),)
    )
    grouped(life, Approval())
    deliverer.step()
    other.step()
    assert [(one.owners, one.title) for one in theirs.got] == [
        (("shop",), "1 release waits for approval: prod/unifocus 2")
    ]
    assert len(life.state().dead) == 2
    life.store.send_again("box", ())
    deliverer.step()
    assert [one.owners for one in box.got] == [("payments",), ("shop",)] and life.state().dead == ()
