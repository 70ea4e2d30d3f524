"""`wait`: what counts as good, failed, blocked or not seen yet, and that it ends by itself when that changes."""

import json
import threading
from dataclasses import dataclass, replace

import pytest

from controller.app.waiting import Asked, Waiting
from controller.cli.main import run
from controller.codes import BLOCKED, DONE, NEGATIVE, TIMED_OUT, WRONG
from controller.model.gate import Shut
from controller.model.names import Commit, EnvName, TargetName
from controller.plan.awaited import State
from tests.sources.repository import Repository
from tests.world import FakeWorld, digest

ONE, TWO, THREE = "1111111", "2222222", "3333333"


@pytest.fixture
def wait(shop):
    """One look, and no more: what is not there then times out."""
    return lambda *args: shop("wait", "prod", "api", "--timeout", "0s", *args)


class Closed:
    """A gate that stays shut."""

    kind = "window"

    def asks(self, candidate):
        return ()

    def judge(self, candidate, answers, now):
        return Shut(why="closed for the night")


def test_a_commit_is_good_when_what_it_wants_is(shop, wait):
    shop.release(ONE)
    said = wait("--commit", f"c{ONE}")
    assert (said.code, said.out) == (DONE, f"prod/api: {ONE} is good at commit c{ONE}\n")
    shop.world.version = TWO
    shop.ticks(2)
    assert shop.world.phase == "rolling"
    said = wait("--commit", f"c{TWO}")
    assert said.code == TIMED_OUT and said.out.startswith("prod/api: timed out: watch: ")
    assert said.err.startswith("prod/api rolling, ") and f" tasks run {TWO}: watch: " in said.err
    shop.ticks(14)
    assert wait("--commit", f"c{TWO}").code == DONE


def test_a_later_commit_contains_it_if_the_target_was_seen_at_both(shop, wait):
    shop.release(ONE, TWO)
    assert wait("--commit", f"c{ONE}").code == DONE
    assert wait("--commit", f"c{TWO}").code == DONE


@dataclass
class Tagged(FakeWorld):
    """A world whose target follows tags: each version is built from a commit of the application of its own."""

    def wanted(self, name):
        want = super().wanted(name)
        return replace(want, release=replace(want.release, built=Commit(f"b{self.version}")))


def test_the_commit_that_a_release_was_built_from_is_waited_for_as_well(shop, wait):
    shop.world = Tagged(store=shop.store)
    shop.release(ONE)
    assert wait("--commit", f"b{ONE}").code == DONE
    assert "has not been seen" in wait("--commit", f"b{TWO}").out
    shop.world.version = TWO
    shop.ticks(2)
    assert wait("--commit", f"b{TWO}").code == TIMED_OUT
    said = wait("--commit", f"b{ONE}")
    assert (said.code, said.out) == (
        NEGATIVE,
        f"prod/api: it is not what is wanted any more: commit c{TWO} wants {TWO}\n",
    )
    shop.ticks(14)
    assert wait("--commit", f"b{TWO}").code == DONE


def test_a_commit_that_was_not_seen_is_waited_for(shop, wait):
    shop.release(ONE)
    said = wait("--commit", "abcdef0")
    assert said.code == TIMED_OUT
    assert f"commit abcdef0 has not been seen; prod stands at c{ONE}" in said.out
    assert "and whether that follows it can only be told with --repo, and of a whole commit" in said.out


def test_what_keeps_a_commit_from_being_seen_is_said(shop, wait):
    shop.release(ONE)
    shop.world.unread = True
    shop.ticks(2)
    said = wait("--commit", "abcdef0", "--fail-blocked")
    assert said.code == BLOCKED and "source: git is away" in said.out


def test_a_version_and_an_image_are_waited_for_as_well(shop, wait):
    shop.release(ONE)
    assert wait("--version", ONE).code == DONE
    said = wait("--version", TWO)
    assert (said.code, said.out) == (TIMED_OUT, f"prod/api: timed out: {TWO} is not wanted yet; {ONE} is\n")
    assert wait("--digest", f"sha256:{'0' * 64}").code == TIMED_OUT
    assert wait().code == DONE


def test_a_release_that_failed_is_1_with_why(shop, wait):
    shop.release(ONE)
    shop.world.sick.add(digest(TWO))
    shop.world.version = TWO
    shop.ticks(14)
    for asked in (("--commit", f"c{TWO}"), ("--version", TWO), ()):
        said = wait(*asked)
        assert said.code == NEGATIVE and f"{TWO} failed at 2030-01-0" in said.out, said


def test_one_that_failed_while_it_was_waited_for_is_1_though_something_else_is_wanted_by_then(shop, wait):
    shop.release(ONE)
    shop.world.sick.add(digest(TWO))
    shop.world.version = TWO
    waiting = Waiting(shop.store, Asked(env=EnvName("prod"), target=TargetName("api"), version=TWO))
    assert waiting.look().state is State.WAITING
    shop.ticks(14)
    shop.world.version = THREE
    shop.ticks(14)
    found = waiting.look()
    assert found.state is State.FAILED and found.why.startswith(f"{TWO} failed at 2030-01-0")
    # Who begins to wait now means another try: it may be built anew under the same version.
    assert wait("--version", TWO).code == TIMED_OUT


def test_one_that_something_else_replaced_while_it_was_waited_for_is_1(shop):
    shop.release(ONE)
    shop.world.version = TWO
    shop.ticks(2)
    asked = {"env": EnvName("prod"), "target": TargetName("api")}
    waits = [Waiting(shop.store, Asked(**asked, **what)) for what in ({"commit": f"c{TWO}"}, {"version": TWO})]
    assert {one.look().state for one in waits} == {State.WAITING}
    shop.world.version = THREE
    shop.ticks(14)
    for one in waits:
        found = one.look()
        assert found.state is State.FAILED
        assert found.why == f"it is not what is wanted any more: commit c{THREE} wants {THREE}"


def test_a_persons_pin_is_not_what_the_commit_wants(shop, wait):
    shop.release(ONE, TWO)
    shop("rollback", "prod", "api", "--reason", "slow")
    shop.ticks(14)
    assert shop.world.running == ONE
    said = wait("--commit", f"c{TWO}")
    assert said.code == NEGATIVE and f"pinned to {ONE} by a person" in said.out
    assert wait("--version", ONE).code == DONE


def test_what_is_blocked_is_waited_for_unless_that_is_to_fail(shop, wait):
    shop.release(ONE)
    shop.world.want["gates"] = (Closed(),)
    shop.world.version = TWO
    shop.ticks(2)
    assert wait("--commit", f"c{TWO}").code == TIMED_OUT
    said = wait("--commit", f"c{TWO}", "--fail-blocked")
    assert (said.code, said.out) == (BLOCKED, "prod/api: window: closed for the night\n")


def test_the_answer_is_data_for_machines(shop, wait):
    shop.release(ONE)
    envelope = json.loads(wait("--commit", f"c{ONE}", "-o", "json").out)
    (item,) = envelope["items"]
    assert (envelope["kind"], item["result"], item["status"]["live"]) == ("WaitList", "good", ONE)
    (item,) = json.loads(wait("--version", TWO, "-o", "json").out)["items"]
    assert item["result"] == "timed out"


def test_it_ends_when_the_release_is_good_and_tells_each_step_once(shop, capsys):
    shop.release(ONE)
    shop.world.version = TWO
    codes = []
    words = ["wait", "prod", "api", "--commit", f"c{TWO}", "--timeout", "60s", "--store", shop.url]
    thread = threading.Thread(target=lambda: codes.append(run(words)))
    thread.start()
    try:
        shop.ticks(3)
        thread.join(2.5)
        assert thread.is_alive()
    finally:
        shop.ticks(14)
        thread.join(20)
    assert codes == [DONE]
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert len(lines) == len(set(lines)) >= 2
    assert told.out.startswith(f"prod/api: {TWO} is good at commit c{TWO}")


def test_git_tells_that_a_commit_that_was_passed_over_is_contained(shop, tmp_path, wait):
    repository = Repository(tmp_path / "specs.git")
    passed = repository.commit({"specs/prod.yaml": "one"})
    stands = repository.commit({"specs/prod.yaml": "two"})
    other = repository.commit({"specs/prod.yaml": "three"}, branch="other", onto=passed)
    shop.release(ONE)
    status = shop.store.shown()[0]
    shop.store.show([replace(status, commit=stands)])
    flags = ("--repo", repository.url, "--cache", str(tmp_path / "cache"))
    assert wait("--commit", passed, *flags).code == DONE
    assert wait("--commit", other, *flags).code == TIMED_OUT
    assert wait("--commit", passed).code == TIMED_OUT


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("wait", "prod", "web"), "no target prod/web is known to this store; known: prod/api"),
        (("wait", "prd", "api"), "no target prd/api is known to this store; known: prod/api"),
        (("wait", "prod", "api", "--commit", "main"), "--commit 'main' is not the first seven or more characters"),
        (("wait", "prod", "api", "--digest", "sha256:12"), "--digest 'sha256:12' is not sha256: and 64 characters"),
        (("wait", "prod", "api", "--timeout", "soon"), "'soon' is not a duration"),
    ],
)
def test_what_is_typed_wrong_gets_one_sentence_at_once(shop, args, what):
    shop.release(ONE)
    said = shop(*args)
    assert (said.code, said.out) == (WRONG, "") and what in said.err


def test_a_target_that_a_commit_may_bring_is_waited_for(shop):
    shop.release(ONE)
    said = shop("wait", "prod", "web", "--commit", "abcdef0", "--timeout", "0s")
    assert said.code == TIMED_OUT and "no turn of it has been made yet" in said.out
