"""`approve` and `reject` of what waits at its approval gate: people.yaml, the command, the store, the loop."""

import os
import pwd

import pytest

from controller.app.people import people_of
from controller.codes import DONE
from controller.gates.approval import Approval
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
