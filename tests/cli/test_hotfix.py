"""`hotfix`, its second person, its review and its end, as they are typed: people.yaml, the store, the loop."""

import os
import pwd

import pytest

from controller.app.people import people_of
from controller.codes import BLOCKED, DONE, UNREACHABLE, WRONG
from controller.gates.approval import Approval
from controller.gates.window import Window
from tests.stories.test_hotfix import Soaked

ME = pwd.getpwuid(os.getuid()).pw_name
SHUT = Window(allow=("2042-01-01..2042-01-02",))


class Desk:
    """A shop in which nothing new may start, and the file that says who is who."""

    def __init__(self, shop, folder):
        self.shop, self.file = shop, folder / "people.yaml"
        self.i_am("anna")
        shop.release("v1.2.3")
        shop.world.want["gates"] = (Soaked(), SHUT)
        self.tick()

    def i_am(self, name):
        """Whoever runs these tests is this person."""
        lines = ["apiVersion: trueup/v1", "kind: People", "localApprovals: true", "people:"]
        for one in ("anna", "bob", "carl"):
            user = f", osUsers: [{ME}]" if one == name else ""
            lines.append(f"  {one}: {{groups: [{'developers' if one == 'carl' else 'emergency'}]{user}}}")
        self.file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        self.shop.world.people = people_of(self.file)

    def tick(self, times=1, minutes=1):
        self.shop.ticks(times, minutes)
        return self

    def fix(self, version="v1.2.4", *more):
        return self.shop(
            "hotfix", "prod", "api", version, "--reason", "checkout", "--people", str(self.file), *more
        )

    def agree(self, version="v1.2.4", *more):
        return self.shop("approve", "prod", "api", version, "--hotfix", "--people", str(self.file), *more)

    def refuse(self, version="v1.2.4", reason="it can wait"):
        return self.shop("reject", "prod", "api", version, "--reason", reason, "--people", str(self.file))

    def why(self):
        return self.shop("why", "prod", "api").out

    @property
    def orders(self):
        return self.shop.store.orders("prod")

    @property
    def running(self):
        return self.shop.world.running


@pytest.fixture
def desk(shop, tmp_path):
    return Desk(shop, tmp_path)


def test_one_asks_another_agrees_and_it_goes_out(desk):
    said = desk.fix("v1.2.4", "--during-incident", "INC-42")
    assert (
        said.code == DONE
        and "It skips nothing before another of the group agrees: trueup approve prod api" in said.out
    )
    early = desk.agree()
    assert early.code == BLOCKED and "what the hotfix of prod/api comes to was not shown yet" in early.err
    desk.tick()
    assert "hotfix  to v1.2.4: anna asked at " in desk.why()
    assert "do next as it says, or: trueup reject prod api v1.2.4 --reason …" in desk.why()
    mine = desk.agree()
    assert mine.code == BLOCKED and "anna asked for it: another of the group has to say yes" in mine.err
    desk.i_am("carl")
    other = desk.agree()
    assert other.code == UNREACHABLE and "carl is not in emergency" in other.err
    desk.i_am("bob")
    assert desk.agree("v9.9.9").code == BLOCKED
    said = desk.agree("v1.2.4", "--comment", "read the diff")
    assert (said.code, said.out) == (DONE, "prod/api: the hotfix to v1.2.4 of anna has the yes of bob\n")
    assert "bob said yes to the hotfix to v1.2.4 already" in desk.agree().err
    desk.tick()
    assert "bob agreed, during INC-42: checkout; skips promoted, window" in desk.why()
    desk.tick(40)
    assert desk.running == "v1.2.4"
    told = desk.shop("history", "prod", "api").out
    assert "agree to the hotfix to v1.2.4 of anna" in told and "v1.2.4 skips promoted: " in told
    shown = desk.shop("history", "prod", "api", "--show", "2").out
    assert "hotfix: v1.2.4 asked for by anna" in shown and "v1.2.4 skips promoted: " in shown


def test_another_refuses_it_and_the_spec_counts_again(desk):
    desk.fix()
    desk.tick()
    desk.i_am("carl")
    assert desk.refuse("v1.2.9").code == BLOCKED and desk.orders.targets["api"].hotfix(desk.shop.world.now)
    said = desk.refuse()
    what = "the hotfix to v1.2.4 of anna is refused by carl, and its spec counts again; v1.2.3 runs"
    assert (said.code, said.out) == (DONE, f"prod/api: {what}; what that comes to says: trueup why prod api\n")
    desk.tick(3)
    assert desk.running == "v1.2.3" and "hotfix  to" not in desk.why() and "blocks  nothing" not in desk.why()
    told = desk.shop("history", "prod", "api").out
    assert "refuse the hotfix to v1.2.4 of anna: it can wait" in told
    assert "the hotfix to v1.2.4 is refused by carl: it can wait" in told
    again = desk.refuse()
    assert again.code == BLOCKED and "nothing of prod/api waits for an answer" in again.err
    desk.i_am("bob")
    late = desk.agree()
    assert late.code == BLOCKED and "no hotfix of prod/api to v1.2.4 waits for another person" in late.err
    desk.i_am("anna")
    assert desk.fix().code == DONE
    desk.tick()
    assert "needs another of emergency (bob can)" in desk.why()


def test_it_may_be_refused_before_it_was_seen_but_not_once_it_has_begun_nor_by_nobody(desk):
    desk.fix()
    desk.i_am("nobody")
    stranger = desk.refuse()
    assert stranger.code == UNREACHABLE and "it is not known who you are" in stranger.err
    assert desk.orders.targets["api"].hotfixes[-1].ended is None
    desk.i_am("anna")
    assert desk.refuse().code == DONE
    desk.fix("v1.2.4", "--break-glass")
    desk.tick(2)
    desk.i_am("bob")
    late = desk.refuse()
    assert late.code == BLOCKED and "has begun, and a no comes too late: go back with trueup rollback" in late.err
    desk.tick(40)
    assert desk.running == "v1.2.4" and desk.refuse().code == BLOCKED


def test_the_no_of_another_of_the_group_to_broken_glass_is_its_review(desk):
    desk.shop.world.want["gates"] = (Soaked(), SHUT, Soaked(kind="http"))
    desk.fix("v1.2.4", "--break-glass")
    desk.tick()
    assert "  review  until " in desk.why()
    desk.i_am("carl")
    assert desk.refuse().code == DONE
    desk.tick()
    assert "  review  until " in desk.why(), "carl is not of the group"
    desk.i_am("anna")
    desk.fix("v1.2.5", "--break-glass")
    desk.i_am("bob")
    assert desk.refuse("v1.2.5").code == DONE
    desk.tick(1, 24 * 60)
    told = desk.why()
    assert told.count("NOBODY REVIEWED") == 2 and "to v1.2.5" not in told, told


def test_where_an_approval_is_asked_for_too_both_are_to_do(desk):
    desk.shop.world.want["gates"] = (*desk.shop.world.want["gates"], Approval())
    desk.fix("v1.2.4")
    desk.tick()
    assert "  do next as the hotfix says, and trueup approve prod api v1.2.4, or: trueup reject" in desk.why()


def test_broken_glass_waits_for_its_review_though_the_hotfix_is_ended(desk):
    said = desk.fix("v1.2.4", "--break-glass")
    assert said.code == DONE and "another of the group reviews it by " in said.err
    desk.tick(40)
    assert desk.running == "v1.2.4"
    assert "  review  until " in desk.why()
    said = desk.shop("unpin", "prod", "api")
    assert said.out == "prod/api follows its spec again; a hotfix wanted v1.2.4\n"
    desk.tick(40)
    assert desk.running == "v1.2.3"
    desk.tick(1, 24 * 60)
    assert "review  NOBODY REVIEWED it by " in desk.why()
    assert "NOBODY REVIEWED the hotfix to v1.2.4" in desk.shop("status").out
    assert "anna asked for it" in desk.agree().err
    assert "has no sts for bob" in desk.agree("v1.2.4", "--as", "bob", "--as-aws").err
    desk.i_am("bob")
    assert desk.agree().code == DONE
    desk.tick()
    assert (
        "REVIEWED" not in desk.why() and "review the hotfix to v1.2.4 of anna" in desk.shop("history", "prod").out
    )


def test_a_rollback_ends_a_hotfix_and_a_hotfix_a_pin(desk):
    desk.fix("v1.2.4", "--break-glass")
    desk.tick(40)
    assert desk.shop("rollback", "prod", "api", "--reason", "worse").code == DONE
    desk.tick(40)
    assert desk.running == "v1.2.3" and "pinned  to v1.2.3" in desk.why()
    desk.fix("v1.2.5", "--break-glass")
    assert desk.orders.targets["api"].pin is None
    desk.tick(40)
    assert desk.running == "v1.2.5"


def test_while_paused_it_says_that_nothing_is_sent(desk):
    desk.shop("pause", "prod", "--reason", "audit")
    assert "nothing is sent until `trueup resume`" in desk.fix("v1.2.4", "--break-glass").err
    desk.tick(5)
    assert desk.running == "v1.2.3" and not desk.shop.world.sent


def test_where_nothing_is_skipped_anybody_may_and_no_glass_is_to_break(desk):
    desk.shop.world.want["gates"] = ()
    desk.tick()
    said = desk.fix("v1.2.2", "--break-glass")
    assert said.code == BLOCKED and "there is no glass to break" in said.err
    said = desk.shop("hotfix", "prod", "api", "v1.2.2", "--reason", "older line", "--for", "2h", "--as", "kim")
    assert said.code == DONE and "agrees" not in said.out
    desk.tick(40)
    assert desk.running == "v1.2.2"
    desk.tick(30, 5)
    assert desk.running == "v1.2.3"
    desk.shop("freeze", "prod", "--reason", "inventory")
    said = desk.shop("hotfix", "prod", "api", "v1.2.5", "--reason", "x")
    assert said.code == UNREACHABLE and "nobody is known" in said.err


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("1.2.4",), WRONG, "did you mean v1.2.4?"),
        (("latest",), WRONG, "latest is whatever was built last; a hotfix is one version"),
        (("v1.2.4", "--during-incident", "; rm"), WRONG, "is not the name of an incident; write INC-42"),
        (("v1.2.4", "--for", "soon"), WRONG, "'soon' is not a duration"),
        (("v1.2.4", "--reason", " "), WRONG, "it is empty; say why"),
        (("v1.2.4", "--as", "bob"), UNREACHABLE, "--as bob proves nothing"),
    ],
)
def test_what_is_typed_wrong_gets_one_clear_message_and_changes_nothing(desk, args, code, message):
    before = desk.orders
    said = desk.fix(*args)
    assert said.code == code and message in said.err and desk.orders == before


def test_whoever_is_not_of_the_group_or_not_known_writes_nothing(desk):
    before = desk.orders
    desk.i_am("carl")
    said = desk.fix()
    assert said.code == UNREACHABLE and "carl is not in emergency in " in said.err
    desk.i_am("nobody")
    assert desk.fix().code == UNREACHABLE
    assert desk.agree().code == UNREACHABLE and desk.orders == before
