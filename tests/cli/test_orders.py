"""Orders: what people type, what the loop does about it, and every wrong way to type it."""

import pytest

from controller.codes import BLOCKED, DONE, WRONG
from tests.world import digest


def test_pause_holds_and_resume_lets_go(shop):
    shop.release("1")
    said = shop("pause", "prod", "api", "--reason", "audit")
    assert said.code == DONE and "prod/api is paused, until `trueup resume`: audit" in said.out
    shop.world.version = "2"
    shop.ticks(3)
    assert shop.world.sent == [] and "audit" in shop.world.said
    assert shop("resume", "prod", "api").out.startswith("prod/api goes on; it was paused by ")
    shop.ticks(14)
    assert shop.world.goods[0] == "2"


def test_pausing_an_environment_pauses_every_target(shop):
    shop.release("1")
    shop("pause", "prod", "--reason", "freeze", "--rollback", "armed")
    shop.world.version = "2"
    shop.ticks(3)
    assert shop.world.sent == [] and shop("status").out.count("(paused)") == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("pause", "prod", "--reason", "x", "--for", "2h", "--until", "2040-01-01T00:00:00Z"),
            "exclude each other",
        ),
        (("pause", "prod", "--reason", "x", "--for", "2 hours"), "'2 hours' is not a duration; write 90s"),
        (("pause", "prod", "--reason", "x", "--until", "tomorrow"), "'tomorrow' is not a time"),
        (("pause", "prod", "--reason", "x", "--until", "2040-01-01T00:00:00"), "has no offset"),
        (("pause", "prod", "--reason", "x", "--until", "2020-01-01T00:00:00Z"), "which is over"),
        (("pause", "prod"), "Missing option '--reason'"),
        (("pause", "prd", "--reason", "x"), "no environment 'prd' is known to this store; known: prod"),
        (("pause", "prod", "web", "--reason", "x"), "no target 'web' is known in prod; known: api"),
        (("resume", "prod"), "prod is not paused by an order"),
        (("unpin", "prod", "api"), "prod/api is not pinned"),
        (("retry", "prod", "api"), "Missing option '--reason'"),
        (("move", "prod", "stage/api"), "'prod' is not ENV/TARGET"),
        (("history", "prd"), "no environment 'prd'"),
    ],
)
def test_what_is_typed_wrong_gets_one_clear_message_and_changes_nothing(shop, args, message):
    shop.release("1")
    before = shop.store.orders("prod")
    said = shop(*args)
    assert said.code == WRONG and message in said.err
    assert shop.store.orders("prod") == before


def test_resuming_a_target_of_a_paused_environment_says_which_pause_holds(shop):
    shop.release("1")
    shop("pause", "prod", "--reason", "freeze")
    assert "prod as a whole is: trueup resume prod" in shop("resume", "prod", "api").err


def test_rollback_goes_back_at_once_stays_there_and_unpin_follows_the_spec_again(shop):
    shop.release("1", "2")
    said = shop("rollback", "prod", "api", "--reason", "checkout is broken")
    assert said.code == DONE and "goes back to 1" in said.out
    shop.ticks(12)
    assert shop.world.running == "1" and digest("2") in shop.world.quarantine
    assert shop.world.phase == "idle" and "pinned  to 1" in shop("why", "prod", "api").out
    assert shop("unpin", "prod", "api").code == DONE
    shop.ticks(3)
    assert shop.world.running == "1" and "failed here" in shop.world.said
    assert shop("retry", "prod", "api", "--reason", "fixed outside").code == DONE
    shop.ticks(14)
    assert shop.world.running == "2"


def test_rollback_to_a_version_that_was_never_good_names_those_that_were(shop):
    shop.release("1", "2")
    said = shop("rollback", "prod", "api", "--to", "9", "--reason", "x")
    assert said.code == BLOCKED and "9 was never good here; there is to go back to: 1" in said.err


def test_rollback_with_nothing_to_go_back_to_says_so(shop):
    shop.release("1")
    said = shop("rollback", "prod", "api", "--reason", "x")
    assert said.code == BLOCKED and "no other good release" in said.err


def test_rollback_while_paused_says_that_nothing_is_sent_yet(shop):
    shop.release("1", "2")
    shop("pause", "prod", "--reason", "audit")
    said = shop("rollback", "prod", "api", "--reason", "x")
    assert said.code == DONE and "nothing is sent until `trueup resume`" in said.err


def test_recover_wants_something_to_recover_and_a_confirmation(shop):
    shop.release("1")
    assert "nothing to recover" in shop("recover", "prod").err
    shop.world.service.identity = "another"
    shop.ticks(1)
    assert "add --confirm" in shop("recover", "prod").err
    assert shop("recover", "prod", "--confirm").code == DONE
    shop.ticks(4)
    assert "deleted and made again" not in shop.world.said and shop.world.phase == "idle"


def test_forget_waits_until_the_spec_no_longer_names_it(shop):
    shop.release("1")
    assert "add --confirm" in shop("forget", "prod", "api").err
    assert shop("forget", "prod", "api", "--confirm").code == DONE
    shop.ticks(2)
    assert "api" in shop.store.load("prod").targets
    shop.world.versions.clear()
    shop.ticks(2)
    assert shop.store.load("prod").targets == {} and shop.world.platform.calls == []


def test_every_order_is_in_the_history_with_who_gave_it(shop):
    shop.release("1", "2")
    shop("pause", "prod", "--reason", "audit", "--as", "the release desk")
    said = shop("history", "prod")
    assert "pause: audit" in said.out and "the release desk" in said.out and "good after" in said.out


def test_a_store_that_is_not_there_is_not_made(tmp_path, trueup):
    said = trueup("status", "--store", f"sqlite:///{tmp_path}/nowhere.db")
    assert said.code == WRONG and "no such file" in said.err and not (tmp_path / "nowhere.db").exists()
