"""`approve` and `reject` of what waits at its approval gate: people.yaml, the command, the store, the loop."""

import json
import os
import pwd
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.app.people import people_of
from controller.cli.approvals import merged
from controller.codes import BLOCKED, DONE, UNREACHABLE, WRONG
from controller.errors import Refusal
from controller.gates.approval import Approval
from controller.gates.window import NotBefore
from controller.model.consent import WhoIsWho
from controller.model.observation import Awaits
from controller.model.orders import Approval as Given
from controller.model.questions import Unanswered
from controller.probes.people import WhoIsWhoProbe
from tests.contracts import made
from tests.world import digest

ME = pwd.getpwuid(os.getuid()).pw_name


class Desk:
    """A shop whose second version waits for approvals, and the file that says who is who."""

    def __init__(self, shop, folder, **gate):
        self.shop, self.file = shop, folder / "people.yaml"
        self.i_am("anna")
        shop.release("1")
        shop.world.author = "Dora Doe <dora@example.com>"
        shop.world.want["gates"] = (Approval(**gate),)
        shop.world.version = "2"
        self.tick()

    def i_am(self, name, *, local="true", **more):
        """Whoever runs these tests is this person."""
        lines = ["apiVersion: trueup/v1", "kind: People", f"localApprovals: {local}", "people:"]
        for one in ("anna", "bob", "carl", "dora"):
            user = f", osUsers: [{ME}]" if one == name else ""
            group = "developers" if one == "carl" else "release-managers"
            lines.append(f"  {one}: {{emails: [{one}@example.com], groups: [{group}]{user}}}")
        self.file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        self.read()

    def read(self):
        self.shop.world.people = people_of(self.file)

    def tick(self, minutes=1):
        """The controller's clock is the shop's: a command's is the machine's."""
        self.shop.ticks(1, minutes)
        return self

    def say(self, verb="approve", version="2", *more):
        return self.shop(verb, "prod", "api", version, "--people", str(self.file), *more)

    @property
    def given(self):
        mine = self.shop.store.orders("prod").targets.get("api")
        return mine.approvals if mine else ()


@pytest.fixture
def clock(shop, monkeypatch):
    """The command's clock shows the controller's time."""

    def follow():
        monkeypatch.setenv("TRUEUP_CLOCK", f"{shop.world.now:%Y-%m-%dT%H:%M:%SZ}*1")

    return follow


def test_of_what_failed_nobody_is_asked_before_it_is_tried_again(shop, tmp_path, clock):
    shop.world.platform.bad.add(digest("2"))
    desk = Desk(shop, tmp_path)
    clock()
    assert desk.say().code == DONE
    for _ in range(20):
        desk.tick()
    told = shop("why", "prod", "api").out
    assert "blocks  quarantine: 2 failed here" in told and "trueup approve" not in told
    assert "do next commit another version, or: trueup retry prod api --reason …" in told
    assert "trueup approve" not in shop("status").out
    assert shop("retry", "prod", "api", "--reason", "the network").code == DONE
    desk.tick().tick()
    assert "do next trueup approve prod api 2, or" in shop("why", "prod", "api").out


def test_two_people_say_yes_and_it_goes_out(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path, count=2, groups=("release-managers",))
    assert shop.world.phase == "pending"
    told = shop("why", "prod", "api").out
    assert "blocks  approval: 0 of 2 approvals; needs 2 more of release-managers (anna, bob can)" in told
    assert "do next trueup approve prod api 2, or: trueup reject prod api 2 --reason …" in told
    assert "waits for approval: trueup approve prod api 2" in shop("status").out
    clock()
    said = desk.say("approve", "2", "--comment", "looked at the plan")
    assert (said.code, said.err) == (DONE, "")
    assert said.out.startswith(f"prod/api: 2 ({digest('2')[:12]}) is approved by anna")
    (one,) = desk.given
    assert (one.version, one.digest, one.by, one.yes) == ("2", digest("2"), "anna", True)
    assert (one.groups, one.comment, one.via) == (("release-managers",), "looked at the plan", f"OS user {ME}")
    (row,) = shop.store.journal(env="prod", limit=1)
    assert (row.text, row.by) == (f"approve 2 ({digest('2')[:12]}): looked at the plan", "anna")
    desk.tick()
    assert shop.world.running == "1"
    assert "1 of 2 approvals: anna; needs 1 more of release-managers (bob can)" in shop("why", "prod", "api").out
    desk.i_am("bob")
    clock()
    assert desk.say().code == DONE
    desk.tick()
    assert shop.world.phase == "rolling"
    shop.ticks(14)
    assert shop.world.goods[0] == "2"
    assert "approv" not in shop("why", "prod", "api").out


def written(desk, said, code, text):
    """What was refused changes nothing."""
    before, rows = desk.shop.store.orders("prod"), len(desk.shop.store.journal(env="prod", limit=1000))
    result = said()
    assert (result.code, result.out) == (code, "") and text in result.err
    assert desk.shop.store.orders("prod") == before
    assert len(desk.shop.store.journal(env="prod", limit=1000)) == rows


def test_whoever_is_not_known_is_refused(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path)
    clock()
    desk.i_am("nobody")
    written(desk, desk.say, UNREACHABLE, f"it is not known who you are: nobody has the OS user {ME} in ")
    desk.i_am("anna", local="false")
    written(desk, desk.say, UNREACHABLE, "an OS user counts only with localApprovals: true in ")
    written(
        desk, lambda: shop("approve", "prod", "api", "2"), UNREACHABLE, "name the people.yaml of the controller"
    )
    written(desk, lambda: desk.say("reject", "2", "--reason", "x"), UNREACHABLE, "it is not known who you are")
    desk.file.write_text("people: 1\n", encoding="utf-8")
    written(desk, desk.say, WRONG, "people.yaml:1:9: people: must be a mapping, not text")
    desk.file.unlink()
    written(desk, desk.say, WRONG, "people.yaml cannot be read: No such file or directory")


def test_a_yes_of_somebody_of_another_group_is_refused_and_their_no_is_heard(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path, groups=("release-managers", "owners"))
    clock()
    desk.i_am("carl")
    told = "carl is not in release-managers or owners, whose yes is asked for; nothing was written"
    written(desk, desk.say, UNREACHABLE, told)
    shop.world.want["gates"] += (Approval(groups=("developers",)),)
    desk.tick()
    clock()
    assert desk.say().code == DONE, "another gate asks for one of them"
    shop.world.want["gates"] = shop.world.want["gates"][:1]
    desk.tick()
    clock()
    assert desk.say("reject", "2", "--reason", "not today").code == DONE
    desk.tick()
    assert "rejected by carl" in shop("why", "prod", "api").out


def test_a_name_that_is_only_said_makes_nobody_somebody_else(shop, tmp_path, clock, monkeypatch):
    desk = Desk(shop, tmp_path)
    clock()
    written(desk, lambda: desk.say("approve", "2", "--as", "bob"), UNREACHABLE, "--as bob proves nothing: ")
    monkeypatch.setenv("TRUEUP_ACTOR", "the release desk")
    written(desk, desk.say, UNREACHABLE, "--as the release desk proves nothing: ")
    for variable in ("USER", "LOGNAME"):
        monkeypatch.setenv(variable, "bob")
    for mine in ("anna", "anna@example.com", ME):
        assert desk.say("approve", "2", "--as", mine).code == DONE
    assert [one.by for one in desk.given] == ["anna"]


def test_one_person_under_two_names_says_yes_once(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path, count=2)
    clock()
    assert desk.say().code == DONE
    (first,) = desk.given
    orders = shop.store.orders("prod")
    mine = replace(orders.targets["api"], approvals=(replace(first, via="OS user anna-admin"),))
    shop.store.order("prod", lambda old, _: replace(old, targets={"api": mine}), made.an_entry("as of before"))
    written(desk, desk.say, BLOCKED, "anna said yes to this already, as OS user anna-admin: one person counts once")
    assert desk.say("reject", "2", "--reason", "no after all").code == DONE
    assert [(one.by, one.yes) for one in desk.given] == [("anna", False)]


def test_saying_it_again_renews_it_and_counts_once(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path, count=2)
    clock()
    desk.say()
    (first,) = desk.given
    desk.tick(5)
    clock()
    assert desk.say().code == DONE
    (second,) = desk.given
    assert second.number > first.number and second.at > first.at
    desk.tick()
    assert shop.world.phase == "pending"


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_only_what_waits_is_answered(shop, tmp_path, clock, verb):
    desk = Desk(shop, tmp_path)
    clock()
    more = ("--reason", "x")
    written(desk, lambda: desk.say(verb, "3", *more), BLOCKED, "3 of prod/api waits for no answer; what waits is 2")
    shop.world.version = "1"
    desk.tick()
    clock()
    written(
        desk, lambda: desk.say(verb, "2", *more), BLOCKED, "nothing of prod/api waits for an answer; it is idle"
    )


def test_a_no_shuts_it_and_says_who_and_why(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path)
    clock()
    said = desk.say("reject", "2", "--reason", "the totals are wrong")
    assert said.code == DONE and "is rejected by anna" in said.out
    desk.i_am("bob")
    clock()
    assert desk.say().code == DONE
    desk.tick()
    told = shop("why", "prod", "api").out
    assert "blocks  approval: rejected by anna at 2030-" in told and "Z: the totals are wrong" in told
    assert shop.world.running == "1"


def test_what_is_approved_and_waits_for_a_window_can_still_be_rejected(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path)
    later = shop.world.now + timedelta(hours=2)
    shop.world.want["gates"] += (NotBefore(at=later),)
    desk.tick()
    clock()
    desk.say()
    desk.tick()
    told = shop("why", "prod", "api").out
    assert "blocks  approval" not in told and "  open    approval: approved by anna" in told
    written(desk, desk.say, BLOCKED, "nothing of prod/api waits for an answer; it is pending")
    clock()
    assert desk.say("reject", "2", "--reason", "the totals are wrong").code == DONE
    desk.tick(180)
    assert shop.world.phase == "pending" and "rejected by anna" in shop("why", "prod", "api").out


def test_a_pause_of_the_platforms_own_is_answered_as_ever_and_needs_no_people(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path)
    clock()
    desk.say()
    desk.tick()
    shop.world.service.primary.left = 99
    shop.world.service.primary.awaits = Awaits(pause="arn:hook/1", stage="POST_SCALE_UP")
    desk.tick()
    said = shop("approve", "prod", "api", "2", "--as", "the release desk")
    assert (said.code, said.out) == (DONE, "prod/api: 2 goes on at POST_SCALE_UP, from its next turn\n")
    assert shop.store.orders("prod").targets["api"].answer.by == "the release desk"
    # Beside that rollout another version waits at its gate: the version says which of the two is meant.
    shop.world.version = "3"
    desk.tick()
    clock()
    assert desk.say("approve", "3").code == DONE
    assert [one.version for one in desk.given] == ["2", "3"]


def test_without_people_the_gate_is_shut_and_says_what_to_configure(shop, tmp_path):
    desk = Desk(shop, tmp_path)
    shop.world.people = WhoIsWhoProbe(None).answer([WhoIsWho()])[WhoIsWho()]
    desk.tick()
    told = shop("why", "prod", "api").out
    assert "blocks  approval: nobody is known: --people (TRUEUP_PEOPLE) names no people.yaml" in told


def test_a_file_that_breaks_while_it_is_used_opens_nothing(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path)
    clock()
    desk.say()
    probe = WhoIsWhoProbe(lambda: people_of(desk.file))
    assert probe.answer([WhoIsWho()]) == {WhoIsWho(): people_of(desk.file)}
    desk.file.write_text("kind: Peeple\npeople: {}\n", encoding="utf-8")
    (shop.world.people,) = probe.answer([WhoIsWho()]).values()
    assert isinstance(shop.world.people, Unanswered)
    assert shop.world.people.why.startswith(
        f"nobody is known: {desk.file}:1:1: apiVersion: is missing (and 1 more)"
    )
    desk.tick()
    assert shop.world.phase == "pending"


def test_run_refuses_a_file_that_is_wrong_before_it_begins(shop, tmp_path, trueup):
    file = tmp_path / "people.yaml"
    file.write_text("kind: People\n", encoding="utf-8")
    said = trueup("run", "--repo", str(tmp_path), "--people", str(file), "--store", f"sqlite:///{tmp_path}/new.db")
    assert said.code == WRONG and f"{file}:1:1: apiVersion: is missing" in said.err
    assert not (tmp_path / "new.db").exists()


def test_the_newest_are_kept_and_those_of_the_newest_content_first():
    one = Given(number=1, version="2", digest=digest("2"), by="p", at=datetime(2030, 1, 1, tzinfo=UTC))
    kept = ()
    for number in range(1, 31):
        kept = merged(kept, replace(one, by=f"p{number}", digest=digest(str(number))), number)
    assert [given.number for given in kept] == list(range(11, 31))
    for number in range(31, 60):
        kept = merged(kept, replace(one, by=f"p{number}", yes=number % 2 == 0), number)
    assert [given.number for given in kept] == list(range(31, 60))  # nobody's no is pushed out by others' yes
    with pytest.raises(Refusal):
        merged(kept, replace(one, by="p32", via="OS user other"), 60)


def test_an_answer_is_never_older_than_what_it_answers(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path)
    clock()
    desk.tick(30)
    assert desk.say().code == DONE  # the command's clock is half an hour behind
    assert desk.given[0].at == shop.world.cycles[-1].now
    assert json.loads(shop("status", "-o", "json").out)["items"][0]["wantedDigest"] == digest("2")
