"""`trueup windows open` and `close`: who may, for how long, and what it opens."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.codes import BLOCKED, DONE, UNREACHABLE, WRONG
from controller.gates.window import Window
from tests.cli.test_approvals import Desk as Approvals
from tests.cli.test_approvals import written


class Desk(Approvals):
    """A shop whose second version waits for a window that is far away."""

    def __init__(self, shop, folder, **gate):
        shop.world.now = datetime.now(UTC) - timedelta(
            minutes=30
        )  # what commands write has an end of their own clock
        super().__init__(shop, folder)
        shop.world.want["gates"] = (Window(allow=("9000-01-01",), **gate),)
        self.tick()

    def open(self, span="2h", *more):
        people = ("--people", str(self.file))
        return self.shop("windows", "open", "prod", "--for", span, "--reason", "INC-42", *people, *more)

    def close(self):
        return self.shop("windows", "close", "prod", "--reason", "done")


def test_somebody_of_the_groups_opens_it_and_it_goes_out(shop, tmp_path):
    desk = Desk(shop, tmp_path, override=("release-managers",))
    told = shop("why", "prod", "api").out
    assert "do next wait until it opens, or somebody of release-managers: trueup windows open prod --for 1h" in told
    said = desk.open()
    assert (said.code, said.err) == (DONE, "")
    assert said.out.startswith("prod: windows that anna may open are open until ") and "INC-42" in said.out
    (row,) = shop.store.journal(env="prod", limit=1)
    assert row.text.startswith("windows open until ") and row.by == "anna"
    assert "  opened  windows, by anna: INC-42 (until " in shop("why", "prod", "api").out
    desk.tick()
    assert shop.world.phase == "rolling"
    shop.ticks(14)
    assert "open: opened by anna until " in shop("history", "prod", "api", "--show", "2").out


def test_it_ends_by_itself_and_by_order(shop, tmp_path):
    desk = Desk(shop, tmp_path, override=("release-managers",))
    shop.world.version = "1"
    desk.tick()
    desk.open()
    assert desk.close().out == "prod: windows are as the specs say again; anna had opened them: INC-42\n"
    written(desk, desk.close, WRONG, "nobody holds the windows of prod open")
    desk.open()
    desk.tick(120)
    shop.world.version = "2"
    shop.ticks(2)
    assert shop.world.phase == "pending"


def test_nobody_else_opens_it(shop, tmp_path):
    desk = Desk(shop, tmp_path, override=("release-managers",))
    desk.i_am("carl")
    written(
        desk, desk.open, UNREACHABLE, "carl may open no window that prod waits for; that is for release-managers"
    )
    desk.i_am("nobody")
    written(desk, desk.open, UNREACHABLE, "it is not known who you are: nobody has the OS user")
    desk.i_am("anna")
    shop.world.want["gates"] = (Window(allow=("9000-01-01",)),)
    desk.tick()
    written(desk, desk.open, UNREACHABLE, "nobody may: they name no `override`")


def test_somebody_elses_word_is_not_pushed_aside(shop, tmp_path):
    desk = Desk(shop, tmp_path, override=("release-managers",))
    desk.open()
    desk.i_am("bob")
    written(desk, desk.open, BLOCKED, "anna holds the windows of prod open; first: trueup windows close prod")
    desk.i_am("anna")
    assert desk.open("3h").code == DONE


@pytest.mark.parametrize("span", ["0s", "25h", "2", "-1h"])
def test_it_is_opened_for_a_while_only(shop, tmp_path, span):
    desk = Desk(shop, tmp_path, override=("release-managers",))
    written(desk, lambda: desk.open(span), WRONG, span)
