"""Stories of drift: what is said of it, who made it, when it is healed, and when it becomes a fight."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.model.desired import OnDrift
from controller.model.questions import Changer, Unanswered
from controller.model.story import Event
from tests.world import Approval, grace, settled

TELLING = (Event.DRIFT, Event.FIGHT)


def told(w, *events):
    return [(e.event.value, e.text) for e in w.store.entries if e.event in (events or TELLING)]


def texts(w, *events):
    return [text for _, text in told(w, *events)]


def ana(w, **more):
    return Changer(by="arn:aws:iam::1:user/ana", call="UpdateService", at=w.now, via="the console", **more)


def by_hand(w, seconds):
    w.service.settings["service.grace"] = seconds
    w.platform.bump()


def fought(w, again, rounds=4):
    """Somebody changes it back each time that it was healed."""
    for number in range(rounds):
        again(number)
        w.ticks(14)
    return w


def release_fight(**kw):
    w = settled(**kw)
    return fought(w, lambda _: w.platform.by_hand("api", "9"))


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- what is said
def test_drift_is_told_with_paths_revisions_its_time_who_and_when_it_heals():
    w = settled()
    ours = w.service.primary.revision
    w.platform.by_hand("api", "9")
    w.platform.settle("api")
    made = w.now
    w.tick(1)
    theirs = w.service.primary.revision
    assert f"{theirs} differs from 1 ({ours}) in taskDefinition.image, since {stamp(made)}" in w.said
    assert "changed by ana" in w.said and f"heals at {stamp(w.now + timedelta(minutes=5))} (in 5m)" in w.said
    (status,) = w.cycles[-1].status
    drift = status.drift
    assert (drift.paths, drift.revision, drift.version_revision) == (("taskDefinition.image",), theirs, ours)
    assert drift.heals_at == w.now + timedelta(minutes=5) and status.drifted


def test_many_paths_are_named_by_the_first_two_and_a_count():
    w = settled()
    found = w.platform.by_hand("api", "9")
    more = {f"taskDefinition.x{number}": number for number in range(5)}
    found.manifest = type(found.manifest).of({"taskDefinition.image": "api:9", **more})
    w.tick(1)
    assert "in taskDefinition.image, taskDefinition.x0 and 4 more, since" in w.said
    (status,) = w.cycles[-1].status
    assert len(status.drift.paths) == 6


def test_while_it_is_still_deployed_it_is_said_to_heal_after_that():
    w = settled()
    w.platform.by_hand("api", "9")
    w.turn()
    assert "heals once that deployment has ended, not before" in w.said


def test_reported_drift_says_so_and_never_heals():
    w = settled(want={"on_drift": OnDrift.REPORT})
    w.platform.by_hand("api", "9")
    w.ticks(40)
    assert w.sent == [] and "is only reported (onDrift: report)" in w.said
    assert len(told(w)) == 1


def test_going_back_by_hand_is_said_not_to_be_healed():
    w = settled("1", "2")
    w.platform.by_hand("api", "1")
    w.turn()
    assert "not healed: somebody went back to a good release" in w.said
    w.ticks(5)
    assert texts(w)[-1].endswith("it is not healed") and w.running == "1" and w.sent == []


def test_what_somebody_puts_back_is_drift_no_longer():
    w = settled()
    w.platform.by_hand("api", "9")
    w.tick(1)
    assert w.memory.drift is not None
    w.platform.deploy("api", w.memory.current.release.manifest, by="ana")
    w.platform.settle("api")
    w.tick(1)
    assert w.memory.drift is None and not w.cycles[-1].status[0].drifted
    assert texts(w)[-1].startswith("it is over: somebody put it back")


# --- healing is announced
def test_the_journal_says_what_drifted_that_it_is_healed_and_that_it_was():
    w = settled()
    w.platform.by_hand("api", "9")
    w.tick(1)
    (first,) = texts(w)
    assert "differs from 1" in first and "heals" in first and w.sent == []
    w.ticks(20, 1)
    opened = [text for text in texts(w, Event.OPENED) if text.startswith("heal:")]
    assert w.sent == [("heal", "1")] and len(opened) == 1 and "heals now" in opened[0]
    w.ticks(14)
    assert texts(w)[-1].startswith("healed: 1 runs again") and w.memory.drift is None
    assert len(texts(w)) == 2


def test_the_status_says_nothing_of_drift_once_it_is_healed():
    w = settled()
    w.platform.by_hand("api", "9")
    w.ticks(14)
    (status,) = w.cycles[-1].status
    assert status.drift is None and not status.drifted and w.memory.healed is not None


# --- who
def test_who_made_it_is_asked_until_it_is_known_and_told_once():
    w = settled(want={"on_drift": OnDrift.REPORT})
    w.platform.by_hand("api", "9")
    w.ticks(7, 1)
    asked = len(w.trail_asked)
    assert asked == 2  # at the look after the first, and three minutes later
    w.changer = ana(w)
    w.ticks(40, 1)
    assert len(w.trail_asked) == asked + 1
    assert "changed by arn:aws:iam::1:user/ana (UpdateService with the console at" in w.said
    named = [text for text in texts(w) if "what drifted was changed by arn:aws:iam::1:user/ana" in text]
    assert len(named) == 1
    (status,) = w.cycles[-1].status
    assert (status.drift.by, status.drift.via) == ("arn:aws:iam::1:user/ana", "the console")


def test_who_made_it_is_told_though_it_was_healed_before_cloudtrail_knew():
    w = settled()
    w.platform.by_hand("api", "9")
    w.ticks(14, 1)
    assert w.memory.drift is None and w.memory.healed.who is None
    w.changer = ana(w)
    w.ticks(8, 1)
    assert w.memory.healed.who == w.changer
    assert any("what drifted was changed by arn:aws:iam::1:user/ana" in text for text in texts(w))


def test_who_may_not_be_asked_is_said_once_and_not_asked_again():
    w = settled(want={"on_drift": OnDrift.REPORT})
    w.changer = Changer(unknown="needs cloudtrail:LookupEvents")
    w.platform.by_hand("api", "9")
    w.ticks(30, 1)
    assert len(w.trail_asked) == 1 and "who: not known, needs cloudtrail:LookupEvents" in w.said
    assert len(texts(w)) == 1


def test_who_is_not_asked_for_ever():
    w = settled(want={"on_drift": OnDrift.REPORT})
    w.changer = Unanswered(why="the endpoint is away")
    w.platform.by_hand("api", "9")
    w.ticks(120, 1)
    assert 5 <= len(w.trail_asked) <= 10 and "CloudTrail lists no such call" in w.said


def test_nothing_is_asked_of_cloudtrail_while_nothing_has_drifted():
    w = settled("1", "2")
    w.ticks(30)
    assert w.trail_asked == []


def test_who_is_asked_about_a_deployment_that_stalled_a_rollout():
    w = settled()
    w.version = "2"
    w.tick(1)
    w.changer = ana(w)
    w.platform.by_hand("api", "9")
    w.ticks(5, 1)
    assert w.phase == "stalled" and "changed by arn:aws:iam::1:user/ana" in w.said
    assert "is left as it is while stalled" in w.said and len(w.trail_asked) == 1


# --- settings
def test_settings_that_somebody_changed_are_announced_and_healed_after_a_while():
    w = settled(want={"settings": grace(30)})
    by_hand(w, 5)
    w.tick(1)
    assert "settings are not as declared: somebody changed them" in w.said and "service.grace" in w.said
    assert "heals at" in w.said and w.sent == [] and w.cycles[-1].status[0].drift.settings
    w.ticks(6, 1)
    assert w.sent == [("settings", "1")] and w.service.settings == {"service.grace": 30}
    w.ticks(3, 1)
    assert w.memory.drift is None and len(w.memory.heals) == 1
    assert texts(w)[-1].startswith("healed: the settings are as declared again")


def test_settings_that_are_declared_anew_are_sent_at_once_and_are_no_drift():
    w = settled(want={"settings": grace(30)})
    by_hand(w, 5)
    w.tick(1)
    w.want["settings"] = grace(60)
    w.ticks(2, 1)
    assert w.sent == [("settings", "1")] and w.memory.heals == () and w.memory.drift is None


def test_settings_that_drift_while_a_wish_waits_are_told_of_and_healed():
    w = settled(want={"settings": grace(30)})
    w.want["gates"] = (Approval(needed=1),)
    w.version = "2"
    w.ticks(3)
    by_hand(w, 5)
    w.tick(1)
    assert w.phase == "pending" and "somebody changed them" in w.said
    w.ticks(8, 1)
    assert w.sent == [("settings", "1")] and w.phase == "pending"


# --- fights
@pytest.mark.parametrize("what", ["release", "settings"])
def test_three_heals_in_a_day_become_a_fight_that_is_reported_once(what):
    w = settled(want={"settings": grace(30)})
    by_hand(w, 30)
    w.changer = ana(w)
    fought(w, lambda n: w.platform.by_hand("api", "9") if what == "release" else by_hand(w, n))
    assert len(w.sent) == 3 and w.said.startswith("note: fight: healed 3 times in 24h; somebody changes it back: ")
    assert "changed by arn:aws:iam::1:user/ana" in w.said
    until = w.memory.heals[0] + timedelta(days=1)
    assert f"not healed any more until {stamp(until)}" in w.said
    (blocker,) = w.cycles[-1].status[0].blockers
    assert (blocker.gate, blocker.until) == ("fight", until)
    assert w.cycles[-1].status[0].drift.fight_until == until
    w.ticks(20)
    assert len(w.sent) == 3 and len(texts(w, Event.FIGHT)) == 1


def test_a_fight_goes_on_unsaid_while_somebody_changes_more():
    w = release_fight()
    entries = len(texts(w))
    w.platform.by_hand("api", "8")
    w.ticks(10)
    assert len(texts(w)) == entries and "fight" in w.said


def test_a_fight_ends_when_the_heals_are_a_day_old():
    w = release_fight()
    assert w.memory.fight is not None
    w.ticks(2, 60 * 25)
    w.ticks(14)
    assert w.running == "1" and w.memory.fight is None and len(w.sent) == 4
    assert "the fight is over" in " ".join(texts(w, Event.FIGHT))


def test_a_fight_ends_when_a_person_says_retry():
    w = release_fight()
    w.retry()
    w.tick()
    assert w.sent[-1] == ("heal", "1") and len(w.sent) == 4 and "retry was asked for, but" not in w.said
    w.ticks(14)
    assert w.running == "1" and w.memory.fight is None and w.phase == "idle"


def test_a_retry_while_paused_ends_the_fight_once_the_pause_is_over():
    w = release_fight()
    w.pause()
    w.retry()
    w.ticks(3)
    assert len(w.sent) == 3
    w.resume()
    w.ticks(3)
    assert w.sent[-1] == ("heal", "1") and len(w.sent) == 4


def test_a_fight_ends_when_something_else_is_wanted():
    w = release_fight()
    w.version = "2"
    w.ticks(14)
    assert w.running == "2" and w.memory.fight is None and w.memory.heals == ()
    w.platform.by_hand("api", "9")
    w.ticks(14)
    assert w.sent[-1] == ("heal", "2")


def test_a_fight_while_a_wish_waits_keeps_both_blockers():
    w = settled()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "2"
    w.ticks(3)
    fought(w, lambda _: w.platform.by_hand("api", "9"))
    assert w.phase == "pending" and "fight: healed 3 times" in w.said
    assert [blocker.gate for blocker in w.cycles[-1].status[0].blockers] == ["fight", "approval"]
    w.approvals["2"] = frozenset({"ana"})
    w.ticks(14)
    assert w.running == "2"


def test_drift_that_is_only_reported_is_no_fight():
    w = release_fight()
    w.want["on_drift"] = OnDrift.REPORT
    w.tick()
    assert "fight" not in w.said and w.cycles[-1].status[0].blockers == ()


def test_the_status_of_a_paused_drift_says_that_it_is_not_healed():
    w = settled()
    w.platform.by_hand("api", "9")
    w.tick(1)
    w.pause()
    w.ticks(10)
    (status,) = w.cycles[-1].status
    assert status.drift.heal == "is not healed while paused" and w.sent == []


def test_an_older_read_that_shows_the_old_state_does_not_end_the_drift():
    w = settled()
    w.platform.by_hand("api", "9")
    w.ticks(2, 1)
    known = replace(w.memory.drift, asked=None)
    w.platform.lag = 4
    w.tick(1)
    assert replace(w.memory.drift, asked=None) == known


def test_drift_of_a_target_that_is_only_observed_is_told_and_not_healed():
    w = settled()
    w.want["terms"] = replace(w.wanted("api").terms, observe=True)
    w.platform.by_hand("api", "9")
    w.ticks(20)
    assert w.sent == [] and "is not healed while it is only observed (mode: observe)" in w.said
