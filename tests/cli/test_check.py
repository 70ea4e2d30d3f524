"""`trueup check`: people.yaml, the command, the store, the loop."""

from datetime import UTC, datetime

import pytest

from controller.cli.ticks import KEPT, merged
from controller.codes import BLOCKED, DONE, UNREACHABLE
from controller.gates.checklist import Checklist
from controller.model.orders import Tick
from tests.cli.test_approvals import Desk as Approvals
from tests.cli.test_approvals import clock, written
from tests.world import digest

__all__ = ["clock"]


class Desk(Approvals):
    """A shop whose second version waits for a checklist."""

    def __init__(self, shop, folder, *items, **gate):
        super().__init__(shop, folder)
        shop.world.want["gates"] = (Checklist(items=items or ("flags-set", "support-told"), **gate),)
        self.tick()

    def check(self, item, *more):
        return self.shop("check", "prod", "api", item, "--people", str(self.file), *more)

    @property
    def ticked(self):
        return [(one.item, one.by, one.undo) for one in self.shop.store.orders("prod").targets["api"].ticks]


def test_every_item_is_ticked_and_it_goes_out(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path, groups=("release-managers",))
    told = shop("why", "prod", "api").out
    assert (
        "blocks  checklist: 0 of 2 ticked; open: flags-set, support-told; "
        "needs somebody of release-managers (anna, bob, dora can)"
    ) in told
    assert "answer  waits to be ticked: trueup check prod api flags-set (and 1 more)" in told
    assert "do next trueup check prod api flags-set (and 1 more)" in told
    assert "waits to be ticked: trueup check prod api flags-set" in shop("status").out
    clock()
    said = desk.check("flags-set", "--comment", "in the console")
    assert (said.code, said.err) == (DONE, "")
    assert said.out.startswith(f"prod/api: flags-set is ticked for 2 ({digest('2')[:12]}), by anna; ")
    (row,) = shop.store.journal(env="prod", limit=1)
    assert (row.text, row.by) == (f"check: flags-set is ticked for 2 ({digest('2')[:12]}): in the console", "anna")
    desk.tick()
    assert shop.world.running == "1" and "open: support-told;" in shop("why", "prod", "api").out
    clock()
    assert desk.check("support-told").code == DONE
    desk.tick()
    assert shop.world.phase == "rolling"
    shop.ticks(14)
    assert shop.world.goods[0] == "2"
    shown = shop("history", "prod", "api", "--show", "2").out
    assert "open: flags-set by anna, support-told by anna" in shown


def test_a_tick_is_taken_back(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path)
    clock()
    desk.check("flags-set")
    desk.tick()
    desk.i_am("bob")
    clock()
    assert "flags-set is open again" in desk.check("flags-set", "--undo").out
    desk.check("support-told")
    desk.tick()
    assert desk.ticked == [("flags-set", "anna", False), ("flags-set", "bob", True), ("support-told", "bob", False)]
    assert "open: flags-set;" in shop("why", "prod", "api").out and shop.world.running == "1"


def test_who_may_not_tick_and_what_does_not_wait_is_refused(shop, tmp_path, clock):
    desk = Desk(shop, tmp_path, groups=("release-managers",))
    clock()
    written(
        desk,
        lambda: desk.check("flag-set"),
        BLOCKED,
        "flag-set is no item that prod/api waits for; open: flags-set",
    )
    written(desk, lambda: desk.check("flags-set", "--undo"), BLOCKED, "nobody ticked flags-set for 2 of prod/api")
    desk.i_am("carl")
    written(
        desk, lambda: desk.check("flags-set"), UNREACHABLE, "carl is not in release-managers, who tick flags-set"
    )
    desk.i_am("nobody")
    written(
        desk, lambda: desk.check("flags-set"), UNREACHABLE, "it is not known who you are: nobody has the OS user"
    )
    written(desk, lambda: shop("check", "prod", "api", "flags-set"), UNREACHABLE, "name the people.yaml")
    shop.world.version = "1"
    desk.tick()
    written(desk, lambda: desk.check("flags-set"), BLOCKED, "nothing of prod/api waits to be ticked; it is idle")


@pytest.mark.parametrize("item", ["flags-set", "support-told"])
def test_ticks_are_not_replayed_for_another_content_or_another_try(shop, tmp_path, clock, item):
    desk = Desk(shop, tmp_path, item)
    clock()
    desk.check(item)
    shop.world.sick.add(digest("2"))
    shop.ticks(14)
    assert shop.world.running == "1"
    shop.world.sick.clear()
    assert shop("retry", "prod", "api", "--reason", "the platform was away").code == DONE
    shop.ticks(2)
    assert shop.world.phase == "pending"
    assert f"not counted: {item} by anna (used already)" in shop("why", "prod", "api").out
    shop.world.version = "3"
    shop.ticks(2)
    assert shop.world.phase == "pending" and "not counted" not in shop("why", "prod", "api").out


def test_the_newest_are_kept_and_those_of_the_newest_content_first():
    one = Tick(number=1, item="a", version="2", digest=digest("2"), by="p", at=datetime(2030, 1, 1, tzinfo=UTC))
    kept = ()
    for number in range(1, KEPT + 10):
        kept = merged(kept, Tick(**{**fields(one), "digest": digest(str(number))}), number)
    assert [tick.number for tick in kept] == list(range(10, KEPT + 10))
    again = merged(kept, Tick(**{**fields(one), "digest": kept[-1].digest, "undo": True}), 999)
    assert (len(again), again[-1].undo) == (KEPT, True)


def fields(one):
    return {name: getattr(one, name) for name in one.__dataclass_fields__}
