"""`attest`: verdicts from outside, for CI: what is recorded, what is refused, and what a rollout makes of it."""

from datetime import timedelta

import pytest

from controller.cli.attested import KEPT
from controller.codes import BLOCKED, DONE, WRONG
from controller.model.hooks import Hook, When
from tests.world import digest

IMAGE = f"sha256:{'a' * 64}"
OTHER = f"sha256:{'b' * 64}"
E2E = Hook(name="e2e", when=When.AFTER, check="e2e", timeout=timedelta(hours=6))


def kept(shop):
    return [(one.check, one.digest, one.passed) for one in shop.store.orders("prod").targets["api"].attested]


def attest(shop, *args, about=IMAGE):
    return shop("attest", "prod", "api", *args, *(("--digest", about) if about else ()))


def waiting(shop):
    """Version 2 of api, which waits in its bake for the verdict of e2e."""
    shop.release("1")
    shop.world.terms = {"hooks": (E2E,)}
    shop.world.version = "2"
    shop.ticks(8)
    assert shop.world.phase == "baking" and "waits for a verdict of the check e2e" in shop.world.said
    return shop


def test_a_verdict_is_recorded_without_a_word_and_journaled(shop):
    shop.release("1")
    said = attest(
        shop, "--check", "e2e=pass", "--check", "load/p99=fail", "--url", "https://ci.example.com/7", "--as", "ci"
    )
    assert (said.code, said.out, said.err) == (DONE, "", "")
    one, two = shop.store.orders("prod").targets["api"].attested
    assert (one.check, one.digest, one.passed, one.by) == ("e2e", IMAGE, True, "ci")
    assert one.url == "https://ci.example.com/7"
    assert (two.check, two.passed, two.number) == ("load/p99", False, one.number)
    (row,) = shop.store.journal(env="prod", limit=1)
    assert row.text == f"attest {IMAGE}: e2e passed, load/p99 failed (https://ci.example.com/7)"
    assert (row.target, row.by) == ("api", "ci") and one.at <= row.at


def test_saying_the_same_again_changes_nothing(shop):
    shop.release("1")
    attest(shop, "--check", "e2e=pass")
    before, rows = shop.store.orders("prod"), shop.store.journal(env="prod")
    assert attest(shop, "--check", "e2e=pass", "--reason", "again").code == DONE
    assert (shop.store.orders("prod"), shop.store.journal(env="prod")) == (before, rows)


def test_the_newest_verdict_on_a_check_and_digest_takes_the_place_of_the_older(shop):
    shop.release("1")
    attest(shop, "--check", "e2e=fail")
    attest(shop, "--check", "e2e=pass", about=OTHER)
    attest(shop, "--check", "e2e=pass", "--reason", "it was the test")
    assert kept(shop) == [("e2e", OTHER, True), ("e2e", IMAGE, True)]
    assert "it was the test" in shop("history", "prod").out


def test_only_the_newest_fifty_are_kept(shop):
    shop.release("1")
    checks = [word for number in range(KEPT + 3) for word in ("--check", f"c{number}=pass")]
    attest(shop, *checks)
    assert [check for check, _, _ in kept(shop)] == [f"c{number}" for number in range(3, KEPT + 3)]
    attest(shop, "--check", "c3=fail")
    attest(shop, "--check", "new=pass")
    names = [check for check, _, _ in kept(shop)]
    assert len(names) == KEPT and names[-2:] == ["c3", "new"] and "c4" not in names


def test_a_rollout_that_waits_for_the_check_becomes_good_by_it(shop):
    waiting(shop)
    assert attest(shop, "--check", "e2e=pass", about=None).code == DONE
    assert kept(shop) == [("e2e", digest("2"), True)]
    shop.ticks(6)
    assert shop.world.goods[0] == "2"


def test_a_rollout_whose_check_failed_goes_back(shop):
    waiting(shop)
    assert attest(shop, "--check", "e2e=fail", about=digest("2")).code == DONE
    shop.ticks(12)
    assert shop.world.running == "1" and digest("2") in shop.world.quarantine


def test_without_a_digest_there_must_be_a_rollout_to_speak_of(shop):
    shop.release("1")
    said = attest(shop, "--check", "e2e=pass", about=None)
    assert said.code == BLOCKED and "no rollout of prod/api is under way; say with --digest" in said.err
    assert "api" not in shop.store.orders("prod").targets


def test_what_is_being_left_is_not_spoken_of_by_chance(shop):
    shop.release("1")
    shop.world.platform.breaker = False
    shop.world.platform.bad.add(digest("2"))
    shop.world.version = "2"
    while shop.world.phase != "rolling_back":
        shop.ticks(1)
    said = attest(shop, "--check", "e2e=pass", about=None)
    assert said.code == BLOCKED and "prod/api goes back from 2; say with --digest what it is about: " in said.err
    assert digest("2") in said.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--check", "e2e"), "'e2e' is not NAME=pass or NAME=fail"),
        (("--check", "e2e=passed"), "'e2e=passed' is not NAME=pass or NAME=fail"),
        (("--check", "=pass"), "'=pass' is not NAME=pass or NAME=fail"),
        (("--check", "e 2 e=pass"), "a name has letters, digits and . _ / -"),
        (("--check", "e2e=pass", "--check", "e2e=fail"), "check 'e2e' is said to pass and to fail"),
        ((), "Missing option '--check'"),
        (("--check", "e2e=pass", "--digest", ""), "'' is no digest"),
        (("--check", "e2e=pass", "--digest", "v1.2.3"), "'v1.2.3' is no digest: that of an image is sha256:"),
        (("--check", "e2e=pass", "--digest", IMAGE.upper()), "is no digest"),
        (("--check", "e2e=pass", "--digest", IMAGE + "\n"), "is no digest"),
        (("--check", "e2e=pass", "--url", "javascript:alert(1)"), "--url is not the address of a page"),
        (("--check", "e2e=pass", "--url", "https://me:pw@ci.example.com"), "without a login"),
        (("--check", "e2e=pass", "--url", "https://ci.example.com/\x1b[2J"), "--url is not the address of a page"),
        (("--check", "e2e=pass", "--url", f"https://ci.example.com/{'x' * 2048}"), "2048 characters at most"),
    ],
)
def test_what_is_typed_wrong_gets_one_clear_message_and_changes_nothing(shop, args, message):
    shop.release("1")
    before = shop.store.orders("prod")
    said = attest(shop, *args, about=None if "--digest" in args else IMAGE)
    assert said.code == WRONG and message in said.err and said.out == ""
    assert shop.store.orders("prod") == before


def test_a_target_that_is_not_known_is_named(shop):
    shop.release("1")
    said = shop("attest", "prod", "web", "--check", "e2e=pass", "--digest", IMAGE)
    assert said.code == WRONG and "no target 'web' is known in prod; known: api" in said.err
