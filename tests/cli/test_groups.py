"""What people type for a group: its name means all of its members, and one of them alone is refused."""

import json

import pytest

from controller.app.people import people_of
from controller.codes import BLOCKED, DONE, NEGATIVE, TIMED_OUT, UNREACHABLE, WRONG
from controller.gates.approval import Approval
from controller.gates.checklist import Checklist
from tests.cli.test_approvals import ME
from tests.world import ENV, digest


@pytest.fixture
def group(shop):
    """Two targets that go together, at rest on 1; web needs api."""
    w = shop.world
    w.versions, w.needs, w.groups = {"api": "1", "web": "1"}, {"web": ("api",)}, {"unifocus": ("api", "web")}
    shop.ticks(30)
    assert running(shop) == {"api": "1", "web": "1"}
    w.platform.calls.clear()
    return shop


def to(shop, version, ticks=30):
    shop.world.versions = dict.fromkeys(shop.world.versions, version)
    shop.ticks(ticks)


def running(shop):
    memories = shop.store.load(ENV).targets
    return {name: memory.current.release.version for name, memory in memories.items()}


@pytest.fixture
def people(group, tmp_path, monkeypatch):
    """A file that says who is who, and the group's version 2, which waits for one of them."""
    file = tmp_path / "people.yaml"
    file.write_text(
        "apiVersion: trueup/v1\nkind: People\nlocalApprovals: true\npeople:\n"
        f"  anna: {{emails: [anna@example.com], groups: [on-call], osUsers: [{ME}]}}\n"
        "  dora: {emails: [dora@example.com], groups: [on-call]}\n",
        encoding="utf-8",
    )
    w = group.world
    w.people, w.author, w.want["gates"] = people_of(file), "Dora Doe <dora@example.com>", (Approval(),)
    monkeypatch.setattr("controller.app.memory.clock_now", lambda **_: w.now)
    to(group, "2", ticks=2)
    return str(file)


def test_a_yes_that_the_gate_of_one_member_asks_for_is_taken_and_one_that_none_does_is_refused(group, people):
    w = group.world
    w.want |= {"gates": (Approval(groups=("owners",)),), "web": {"gates": (Approval(groups=("on-call",)),)}}
    group.ticks(2)
    said = group("approve", "prod", "unifocus", "2", "--people", people)
    assert said.code == DONE, said.err
    w.want["web"] = {"gates": (Approval(groups=("developers",)),)}
    group.ticks(2)
    said = group("approve", "prod", "unifocus", "2", "--people", people)
    assert said.code == UNREACHABLE and "anna is not in owners or developers, whose yes is asked for" in said.err


def test_one_approval_by_the_name_of_the_group_counts_for_all_its_members(group, people):
    assert running(group) == {"api": "1", "web": "1"}
    assert "waits for approval: trueup approve prod unifocus 2" in group("status", "prod", "api").out
    alone = group("approve", "prod", "api", "2", "--people", people)
    assert (alone.code, alone.err) == (
        BLOCKED,
        "trueup: prod/api goes with its group unifocus, and not alone: trueup approve prod unifocus …\n",
    )
    wrong = group("approve", "prod", "unifocus", "3", "--people", people)
    assert (wrong.code, wrong.err) == (BLOCKED, "trueup: 3 of prod/unifocus waits for no answer; what waits is 2\n")
    said = group("approve", "prod", "unifocus", "2", "--people", people)
    assert said.code == DONE and "prod/unifocus: 2 (" in said.out and "is approved by anna" in said.out
    group.ticks(30)
    assert running(group) == {"api": "2", "web": "2"}


def test_an_approval_dies_when_what_one_member_is_to_run_changes(group, people):
    assert group("approve", "prod", "unifocus", "2", "--people", people).code == DONE
    group.world.versions["web"] = "3"
    group.ticks(30)
    assert running(group) == {"api": "1", "web": "1"}
    assert (
        "anna (for another content)" in group("why", "prod", "web").out
        or "0 of 1 approval" in group("why", "prod", "web").out
    )


def test_an_approval_counts_for_one_attempt_of_the_group(group, people):
    group.world.sick.add(digest("2"))
    assert group("approve", "prod", "unifocus", "2", "--people", people).code == DONE
    group.ticks(30)
    assert group.store.load(ENV).targets["api"].phase.value == "stalled"
    group.world.sick.clear()
    assert group("retry", "prod", "unifocus", "--reason", "disk full", "--as", "carl").code == DONE
    group.ticks(10)
    assert running(group) == {"api": "1", "web": "1"}
    assert "anna (used already)" in group("why", "prod", "web").out
    assert group("approve", "prod", "unifocus", "2", "--people", people).code == DONE
    group.ticks(30)
    assert running(group) == {"api": "2", "web": "2"}


def test_a_no_by_the_name_of_the_group_keeps_all_of_it_out(group, people):
    said = group("reject", "prod", "unifocus", "2", "--reason", "too late", "--people", people)
    assert said.code == DONE and "is rejected by anna" in said.out
    group.ticks(10)
    assert running(group) == {"api": "1", "web": "1"}
    assert "rejected by anna" in group("why", "prod", "api").out


def test_why_and_status_of_a_group_tell_of_each_of_its_members(group, people):
    told = group("why", "prod", "unifocus").out
    assert "prod/api: " in told and "prod/web: " in told and "group   unifocus" in told
    assert "do next trueup approve prod unifocus 2, or: trueup reject prod unifocus 2" in told
    assert group("status", "prod", "unifocus").out.count("\nprod ") == 2


def test_rollback_of_a_group_goes_back_with_all_of_it_and_unpin_lets_it_follow_again(group):
    to(group, "2")
    alone = group("rollback", "prod", "web", "--reason", "slow")
    assert (alone.code, alone.err) == (
        BLOCKED,
        "trueup: prod/web goes with its group unifocus, and not alone: trueup rollback prod unifocus …\n",
    )
    said = group("rollback", "prod", "unifocus", "--reason", "slow")
    assert (said.code, said.out) == (
        DONE,
        "prod/unifocus goes back to 1; follow it: trueup status --watch\n",
    )
    group.ticks(30)
    assert running(group) == {"api": "1", "web": "1"}
    assert group("unpin", "prod", "api").code == BLOCKED
    assert group("unpin", "prod", "unifocus").out == "prod/unifocus follows its spec again; it was pinned to 1\n"
    assert group("unpin", "prod", "unifocus").code == WRONG
    group.ticks(5)
    assert running(group) == {"api": "1", "web": "1"}, "what was left has failed"
    assert group("retry", "prod", "unifocus", "--reason", "it was not that").code == DONE
    group.ticks(40)
    assert running(group) == {"api": "2", "web": "2"}


def test_a_group_goes_by_its_name_while_git_is_away(group):
    to(group, "2")
    group.world.unread = True
    group.ticks(1)
    assert group("rollback", "prod", "web", "--reason", "slow").code == BLOCKED
    assert group("rollback", "prod", "unifocus", "--reason", "slow").code == DONE
    group.ticks(30)
    assert running(group) == {"api": "1", "web": "1"}


def test_who_is_taken_out_of_the_spec_goes_with_its_group_no_more(group):
    to(group, "2")
    w = group.world
    del w.versions["web"]
    w.groups = {"unifocus": ("api",)}
    group.ticks(2)
    assert group("wait", "prod", "unifocus", "--timeout", "0s").out.startswith("prod/unifocus: api: 2 is good")
    assert group("rollback", "prod", "unifocus", "--reason", "slow").code == DONE
    group.ticks(30)
    assert running(group) == {"api": "1", "web": "2"}


def test_the_history_of_a_group_is_that_of_its_members_and_the_orders_for_it(group):
    to(group, "2")
    group("rollback", "prod", "unifocus", "--reason", "slow")
    group.ticks(10)
    told = group("history", "prod", "unifocus").out
    assert "prod/unifocus" in told and "rollback to 1: slow" in told
    assert told.count("rolled_back after") + told.count("good after") >= 4
    assert told.index("prod/api") < told.index("rollback to 1: slow")


def test_rollback_leaves_alone_who_did_not_change_with_the_group(group):
    group.world.versions = {"api": "2", "web": "1"}
    group.ticks(30)
    assert running(group) == {"api": "2", "web": "1"}
    assert group("rollback", "prod", "unifocus", "--reason", "slow").code == DONE
    group.ticks(30)
    orders = group.store.orders(ENV).targets
    assert running(group) == {"api": "1", "web": "1"} and orders["api"].pin and "web" not in orders


def test_rollback_to_a_version_of_the_group_takes_every_member_to_what_it_ran_then(group):
    group.world.versions = {"api": "2", "web": "1"}
    group.ticks(30)
    to(group, "3")
    assert running(group) == {"api": "3", "web": "3"}
    assert group("rollback", "prod", "unifocus", "--to", "2", "--reason", "slow").code == DONE
    group.ticks(40)
    assert running(group) == {"api": "2", "web": "1"}
    never = group("rollback", "prod", "unifocus", "--to", "9", "--reason", "slow")
    assert never.code == BLOCKED and "9 was never good here" in never.err


def test_retry_of_one_member_says_that_the_group_is_what_goes(group):
    group.world.sick.add(digest("2"))
    to(group, "2")
    said = group("retry", "prod", "web", "--reason", "fixed")
    assert said.code == DONE and said.err == (
        "It goes only with its group; all of that: trueup retry prod unifocus\n"
    )
    group.ticks(3)
    assert running(group) == {"api": "1", "web": "1"}


@pytest.fixture
def checklist(group, people):
    """The same group, which waits for a checklist of its own, and its web for one more item."""
    w = group.world
    both = Checklist(items=("told", "flags-set"), groups=("on-call",))
    w.want.update(gates=(both,), web={"gates": (both, Checklist(items=("cache-warm",)))})
    group.ticks(1)
    return lambda item, *more, name="unifocus": group("check", "prod", name, item, "--people", people, *more)


def test_what_a_group_waits_for_is_ticked_by_its_name_for_all_its_members(group, checklist):
    assert "do next trueup check prod unifocus told (and 2 more)" in group("why", "prod", "web").out
    alone = checklist("told", name="web")
    assert (alone.code, alone.err) == (
        BLOCKED,
        "trueup: prod/web goes with its group unifocus, and not alone: trueup check prod unifocus …\n",
    )
    odd = checklist("tolds")
    assert odd.code == BLOCKED and odd.err.endswith("for; open: told, flags-set, cache-warm\n")
    for item in ("told", "flags-set"):
        assert checklist(item).code == DONE
    group.ticks(2)
    assert running(group) == {"api": "1", "web": "1"}, "one item of one member is open"
    assert checklist("cache-warm").code == DONE
    assert checklist("told", "--undo").code == DONE
    group.ticks(2)
    assert running(group) == {"api": "1", "web": "1"} and "open: told;" in group("why", "prod", "api").out
    assert checklist("told").code == DONE
    group.ticks(30)
    assert running(group) == {"api": "2", "web": "2"}
    done = checklist("told")
    assert done.code == BLOCKED and "nothing of prod/unifocus waits to be ticked; it is idle" in done.err


def test_ticks_for_a_group_die_when_what_one_member_is_to_run_changes(group, checklist):
    for item in ("told", "flags-set", "cache-warm"):
        assert checklist(item).code == DONE
    group.world.versions["web"] = "3"
    group.ticks(30)
    assert running(group) == {"api": "1", "web": "1"}
    assert "0 of 2 ticked" in group("why", "prod", "api").out


@pytest.mark.parametrize(
    ("name", "what"), [("web", "prod/web goes with its group unifocus"), ("unifocus", "prod/unifocus is a group")]
)
def test_a_hotfix_is_of_no_group_and_of_no_member_of_one(group, people, name, what):
    before = group.store.orders(ENV)
    said = group("hotfix", "prod", name, "v1.2.4", "--reason", "down", "--people", people)
    told = f"trueup: {what}, and a hotfix is of one target: commit the version of unifocus instead\n"
    assert (said.code, said.err, group.store.orders(ENV)) == (BLOCKED, told, before)


def test_the_record_of_a_member_has_what_was_said_to_its_group(group, people):
    assert group("approve", "prod", "unifocus", "2", "--people", people).code == DONE
    group.ticks(30)
    said = group("history", "prod", "web", "--show", "2", "-o", "json")
    (told,) = json.loads(said.out)["items"]
    assert [(one["text"].partition(" (")[0], one["by"]) for one in told["orders"]] == [("approve 2", "anna")]


def test_what_is_known_of_one_member_alone_was_asked_all_the_same(group, people):
    for versions in ({"api": "2", "web": "2"}, {"api": "1", "web": "3"}):
        group.world.versions = versions
        group.ticks(2)
        assert group("approve", "prod", "unifocus", versions["web"], "--people", people).code == DONE
        group.ticks(30)
        assert running(group) == versions
    (told,) = json.loads(group("history", "prod", "api", "--show", "3", "-o", "json").out)["items"]
    assert [one["text"] for one in told["gates"] if "open" in one["text"]] == ["open: approved by anna"]


def test_a_member_is_restarted_alone_and_one_that_fails_takes_no_other_with_it(group):
    assert group("restart", "prod", "web", "--reason", "secret").code == DONE
    group.ticks(14)
    assert [(one.purpose.value, one.target) for one in group.world.platform.calls][-1] == ("restart", "web")
    assert group("restart", "prod", "web", "--reason", "secret").code == DONE
    group.ticks(1)
    group.world.sick.add(digest("1"))
    group.ticks(14)
    phases = {name: one.phase.value for name, one in group.store.load(ENV).targets.items()}
    assert phases == {"api": "idle", "web": "stalled"} and not group.store.load(ENV).targets["web"].quarantine
    group.world.sick.clear()
    to(group, "2")
    assert running(group) == {"api": "2", "web": "2"}


def ordered(group):
    return {name: one for name, one in group.store.orders(ENV).targets.items() if one.pause}


def test_a_pause_and_its_end_are_of_all_members(group):
    assert group("pause", "prod", "web", "--reason", "audit", "--as", "dora").code == DONE
    said = group("pause", "prod", "unifocus", "--reason", "load test", "--as", "carl")
    assert (said.code, said.out) == (DONE, "prod/unifocus is paused, until `trueup resume`: load test\n")
    to(group, "2")
    assert running(group) == {"api": "1", "web": "1"} and not group.world.platform.calls
    assert {name: one.pause.reason for name, one in ordered(group).items()} == dict.fromkeys(
        ("api", "web"), "load test"
    )
    assert group("resume", "prod", "web").code == DONE
    group.ticks(5)
    assert running(group) == {"api": "1", "web": "1"}, "one that is paused holds all of it"
    said = group("resume", "prod", "unifocus")
    assert (said.code, said.out) == (DONE, "prod/unifocus goes on; it was paused by carl: load test\n")
    again = group("resume", "prod", "unifocus")
    assert (again.code, again.err) == (WRONG, "trueup: prod/unifocus is not paused by an order\n")
    group.ticks(30)
    assert running(group) == {"api": "2", "web": "2"}
    assert group("history", "prod", "unifocus").out.count("load test") == 1


def test_a_restart_is_of_all_members_or_of_none(group):
    calls = group.world.platform.calls
    assert group("restart", "prod", "unifocus", "--reason", "secret").code == DONE
    group.ticks(14)
    assert [(one.purpose.value, one.target) for one in calls] == [("restart", "api"), ("restart", "web")]
    to(group, "2", ticks=1)
    before = group.store.orders(ENV)
    said = group("restart", "prod", "unifocus", "--reason", "secret")
    assert said.code == BLOCKED and said.err.startswith("trueup: prod/api is rolling: ")
    assert group.store.orders(ENV) == before
    group.ticks(30)
    assert group("pause", "prod", "web", "--reason", "audit").code == DONE
    assert "it is paused (audit)" in group("restart", "prod", "unifocus", "--reason", "secret").err


def test_wait_for_a_group_ends_when_every_member_is_good(group):
    def wait(*words, name="unifocus"):
        return group("wait", "prod", name, "--timeout", "0s", *words)

    said = wait()
    assert (said.code, said.out) == (DONE, "prod/unifocus: api, web: 1 is good at commit c11\n")
    to(group, "2", ticks=4)
    assert wait(name="web").code == TIMED_OUT
    said = wait("--version", "2")
    assert said.code == TIMED_OUT and said.out.startswith("prod/unifocus: timed out: api: ")
    group.ticks(30)
    assert wait("--version", "2").code == DONE
    assert wait("--version", "3").code == TIMED_OUT
    group.world.sick.add(digest("3"))
    to(group, "3")
    said = wait("--version", "3")
    assert said.code == NEGATIVE and "api" in said.out and "3 failed at" in said.out
    said = wait("--digest", f"sha256:{'a' * 64}")
    assert (said.code, said.err) == (
        WRONG,
        "trueup: prod/unifocus is a group, and an image is of one member: name that\n",
    )


def test_wait_for_a_group_is_blocked_by_what_blocks_one_member(group):
    group.world.want["web"] = {"gates": (Approval(),)}
    to(group, "2", ticks=2)
    said = group("wait", "prod", "unifocus", "--fail-blocked", "--timeout", "0s")
    assert said.code == BLOCKED and "web: approval: " in said.out


def test_a_group_that_a_commit_may_bring_is_waited_for_and_one_that_is_not_known_is_refused(group):
    said = group("wait", "prod", "shop", "--commit", "abcdef0", "--timeout", "0s")
    assert said.code == TIMED_OUT and "no turn of it has been made yet" in said.out
    said = group("wait", "prod", "shop")
    assert (said.code, said.err.count("\n")) == (WRONG, 1) and "no target prod/shop is known" in said.err
