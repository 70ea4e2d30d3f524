"""The loop's source: what each environment asks for, and what stands when it cannot be read."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.model.desired import Accepted, Desired, Unread
from controller.model.names import Commit, EnvName, TargetName
from controller.model.policy import Floor, Policy
from controller.sources.folder import FolderSource
from controller.sources.snapshot import NoSnapshot, Reason, Snapshots
from controller.sources.specs import SpecSource
from controller.spec.parse import Compiler
from tests.sources.repository import Repository, link
from tests.sources.seen import NOW
from tests.spec.shaping import TABLES
from tests.spec.worlds import DEFAULTS, HEAD, folder, lines, one_file

PROD = EnvName("prod")


@dataclass
class Clock:
    """Far enough between two polls for a source that failed to be asked again."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        self.at += timedelta(hours=1)
        return self.at


class World:
    """A repository, and processes that read it one after the other, from the same cache."""

    def __init__(self, repository: Repository, open_mirror: Callable[..., Snapshots]) -> None:
        self.repository = repository
        self._open = open_mirror
        self._clock = Clock()
        self.source = self.start()

    def start(self) -> SpecSource:
        return SpecSource(self._open(), Compiler(TABLES).compile, now=self._clock)

    def restart(self) -> None:
        self.source.close()
        self.source = self.start()

    def commit(self, files: Mapping[str, object], **more) -> Commit:
        return self.repository.commit({f"specs/{name}": content for name, content in files.items()}, **more)

    def away(self) -> None:
        self.repository.folder.rename(self.repository.folder.with_suffix(".away"))

    def back(self) -> None:
        self.repository.folder.with_suffix(".away").rename(self.repository.folder)

    def read(self, accepted: Accepted | None = None, env: EnvName = PROD) -> Desired | Unread:
        self.source.poll()
        return self.source.read(env, accepted)


@pytest.fixture
def world(repository, open_mirror) -> World:
    return World(repository, open_mirror)


def good(found: Desired | Unread) -> Desired:
    assert isinstance(found, Desired), found
    return found


def unread(found: Desired | Unread) -> str:
    assert isinstance(found, Unread), found
    return found.reason


def versions(found: Desired | Unread) -> dict[str, str]:
    return {str(name): target.release.version for name, target in good(found).targets.items()}


def file_of(*versions: str) -> dict[str, bytes]:
    return one_file(*(lines(f"s{number}", version) for number, version in enumerate(versions)))


def folder_of(**versions: str) -> dict[str, bytes]:
    return folder({name: lines(name, version, indent=2) for name, version in versions.items()})


# Reading


def test_an_environment_is_read_at_the_newest_commit(world):
    world.commit(file_of("v1.0.0"), onto=None)
    newest = world.commit(file_of("v1.0.1"), author="Grace <grace@example.com>", at=1_700_000_600)
    found = good(world.read())
    assert (found.env, found.commit, found.accepted) == ("prod", newest, Accepted(commit=newest))
    assert (found.author, found.committed_at.timestamp()) == ("Grace <grace@example.com>", 1_700_000_600)
    assert (versions(found), found.complaints, found.broken) == ({"s0": "v1.0.1"}, (), {})
    assert found.targets["s0"].file == "specs/prod.yaml"
    assert world.source.environments() == {"prod"}


def test_what_has_not_changed_is_the_identical_object(world):
    world.commit(folder_of(api="v1.0.0", web="v1.0.0"), onto=None)
    first = good(world.read())
    assert world.read(first.accepted) is first
    world.commit({"prod/api.yaml": folder_of(api="v1.0.1")["prod/api.yaml"]})
    second = good(world.read(first.accepted))
    assert second.targets["web"] is first.targets["web"]
    assert second.targets["api"] is not first.targets["api"]
    assert second.targets["web"].release.commit == first.commit


def test_before_the_first_poll_nothing_is_known(world):
    world.commit(file_of("v1.0.0"), onto=None)
    assert world.source.read(PROD, None) == Unread(env=PROD, why="the source was not asked yet")
    assert world.source.environments() == frozenset()
    assert (world.source.head, world.source.is_fresh) == (None, False)


def test_a_reading_that_says_the_same_is_the_same_object(world):
    first = world.read()
    assert unread(first) == Reason.EMPTY
    assert world.read() is first


# The source is away


def test_while_git_is_away_what_was_read_stays_wanted(world):
    world.commit(file_of("v1.0.0"), onto=None)
    first = world.read()
    world.away()
    assert world.read(good(first).accepted) is first
    assert not world.source.is_fresh
    assert world.source.why
    assert world.source.head.commit == good(first).commit
    world.back()
    world.commit(file_of("v1.0.1"))
    assert versions(world.read(good(first).accepted)) == {"s0": "v1.0.1"}
    assert (world.source.is_fresh, world.source.why) == (True, "")


def test_after_a_restart_with_git_away_nothing_is_wanted(world):
    world.commit(file_of("v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    world.away()
    world.restart()
    assert unread(world.read(accepted)) == Reason.UNAVAILABLE
    assert world.source.environments() == frozenset()
    world.back()
    assert versions(world.read(accepted)) == {"s0": "v1.0.0"}


def test_a_repository_that_was_emptied_a_branch_that_is_gone_and_a_missing_folder_say_so(world):
    first = world.commit(file_of("v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    world.repository.commit({"README.md": "x", **{f"specs/{name}": None for name in file_of("v1.0.0")}})
    assert unread(world.read(accepted)) == Reason.PATH_GONE
    world.repository.commit({"README.md": None})
    assert unread(world.read(accepted)) == Reason.EMPTY
    world.repository.drop()
    world.repository.commit({"README.md": "x"}, branch="other", onto=None)
    assert unread(world.read(accepted)) == Reason.BRANCH_GONE
    world.repository.drop("other")
    assert unread(world.read(accepted)) == Reason.EMPTY
    world.repository.point(first)
    assert versions(world.read(accepted)) == {"s0": "v1.0.0"}


def test_a_poll_that_fails_in_a_new_way_is_told_and_not_raised():
    class Failing:
        last = good = None

        def poll(self, now: datetime) -> NoSnapshot:
            raise RuntimeError("new")

    source = SpecSource(Failing(), Compiler(TABLES).compile, now=lambda: NOW)
    source.poll()
    found = source.read(PROD, None)
    assert found == Unread(env=PROD, reason="SourceUnavailable", why="the poll failed: RuntimeError")


# Commits only move forward


def test_a_rewritten_history_is_not_followed_until_a_person_accepts_it(world):
    old = world.commit(file_of("v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    world.commit(file_of("v0.9.0"), onto=None)
    found = world.read(accepted)
    assert unread(found) == Reason.REWRITTEN
    assert "`trueup accept-history prod` goes there all the same" in found.why
    assert old[:12] in found.why
    assert versions(world.read(None)) == {"s0": "v0.9.0"}


def test_an_old_head_that_is_served_again_is_not_followed(world):
    old = world.commit(file_of("v1.0.0"), onto=None)
    new = world.commit(file_of("v1.0.1"))
    accepted = good(world.read()).accepted
    world.repository.point(old)
    found = world.read(accepted)
    assert unread(found) == Reason.REWRITTEN
    assert "went back" in found.why
    world.repository.point(new)
    assert versions(world.read(accepted)) == {"s0": "v1.0.1"}


# An environment is gone, or one of its files


def test_a_file_that_vanished_leaves_its_environment_unread_and_others_alone(world):
    dev = {"dev.yaml": file_of("v1.0.0")["prod.yaml"].replace(b"name: prod", b"name: dev")}
    world.commit({**file_of("v1.0.0"), **dev}, onto=None)
    accepted = good(world.read()).accepted
    world.commit({"prod.yaml": None})
    found = world.read(accepted)
    assert unread(found) == "EnvironmentGone"
    assert found.why == "there is neither specs/prod.yaml nor a folder specs/prod; what runs is left alone"
    assert world.source.environments() == {"dev"}
    assert versions(world.read(None, EnvName("dev"))) == {"s0": "v1.0.0"}


def test_one_file_of_a_folder_that_vanished_takes_only_its_targets_along(world):
    world.commit(folder_of(api="v1.0.0", web="v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    world.commit({"prod/web.yaml": None})
    found = good(world.read(accepted))
    assert (versions(found), found.complaints) == ({"api": "v1.0.0"}, ())


def test_a_file_that_may_not_be_read_leaves_its_environment_unread(world):
    world.commit(folder_of(api="v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    world.commit({"prod/web.yaml": link("/etc/passwd")})
    found = world.read(accepted)
    assert unread(found) == "FileRejected"
    assert found.why.startswith("specs/prod/web.yaml: ")
    assert world.source.environments() == {"prod"}


def test_files_that_only_look_like_environments_are_named(world):
    world.commit({**file_of("v1.0.0"), "stage.yml": "x"}, onto=None)
    assert world.source.strays == {}
    world.read()
    assert set(world.source.strays) == {"stage.yml"}


# A file does not parse


def test_a_file_that_does_not_parse_stands_as_it_last_did(world):
    first = world.commit(file_of("v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    second = world.commit(file_of("v1.0"))
    found = good(world.read(accepted))
    assert (found.commit, versions(found), found.broken) == (second, {"s0": "v1.0.0"}, {"prod.yaml": first})
    (complaint,) = found.complaints
    assert str(complaint).startswith("specs/prod.yaml:11:16: targets.s0.version: 'v1.0' is not ")
    third = world.commit({"prod.yaml": "[" * 30_000})
    found = good(world.read(found.accepted))
    assert (found.commit, versions(found), found.broken) == (third, {"s0": "v1.0.0"}, {"prod.yaml": first})
    world.commit(file_of("v1.0.1"))
    found = good(world.read(found.accepted))
    assert (versions(found), found.complaints, found.broken) == ({"s0": "v1.0.1"}, (), {})


@pytest.mark.parametrize("polls_between", [True, False], ids=["remembered as broken", "good when it was accepted"])
def test_after_a_restart_it_still_stands_as_it_last_did(world, polls_between):
    first = world.commit(file_of("v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    world.commit(file_of("v1.0"))
    if polls_between:
        accepted = good(world.read(accepted)).accepted
        assert accepted.broken == {"prod.yaml": first}
    world.restart()
    found = good(world.read(accepted))
    assert (versions(found), found.broken) == ({"s0": "v1.0.0"}, {"prod.yaml": first})
    assert found.targets["s0"].release.commit == first
    world.commit({"taskdefs/other.yaml": "x"})
    found = good(world.read(found.accepted))
    assert (versions(found), found.broken) == ({"s0": "v1.0.0"}, {"prod.yaml": first})


def test_a_file_that_never_parsed_leaves_its_environment_unread(world):
    world.commit(file_of("v1", "v2", "v3"), onto=None)
    found = world.read()
    assert unread(found) == "SpecInvalid"
    assert found.why.startswith("specs/prod.yaml:11:16: targets.s0.version: 'v1' is not ")
    assert found.why.endswith("(and 2 more)")
    assert world.source.environments() == {"prod"}


def test_a_broken_file_of_a_folder_stops_no_other(world):
    first = world.commit(folder_of(api="v1.0.0", web="v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    world.commit({**folder_of(api="v1.0", web="v1.0.1"), "prod/job.yaml": "x: ["})
    found = good(world.read(accepted))
    assert versions(found) == {"api": "v1.0.0", "web": "v1.0.1"}
    assert found.broken == {"prod/api.yaml": first}
    assert {complaint.path for complaint in found.complaints} == {"specs/prod/api.yaml", "specs/prod/job.yaml"}
    world.restart()
    again = good(world.read(found.accepted))
    assert (versions(again), again.broken, again.complaints) == (versions(found), found.broken, found.complaints)


def test_a_broken_environment_file_leaves_the_whole_environment_as_it_last_stood(world):
    first = world.commit(folder_of(api="v1.0.0", web="v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    broken = HEAD.replace("eu-west-1", "europe") + DEFAULTS
    files = {**folder_of(api="v1.0.1", web="v1.0.0", job="v1.0.0"), "prod/environment.yaml": broken}
    second = world.commit(files)
    for _ in ("at once", "after a restart"):
        found = good(world.read(accepted))
        assert (found.commit, found.broken) == (second, {"prod/environment.yaml": first})
        assert versions(found) == {"api": "v1.0.0", "web": "v1.0.0"}
        assert [complaint.where for complaint in found.complaints] == ["aws.region"]
        accepted = found.accepted
        world.restart()
    world.commit({"prod/environment.yaml": HEAD + DEFAULTS})
    assert versions(world.read(accepted)) == {"api": "v1.0.1", "web": "v1.0.0", "job": "v1.0.0"}


def test_a_broken_task_definition_leaves_what_refers_to_it_as_it_last_stood(world):
    first = world.commit(file_of("v1.0.0"), onto=None)
    before = good(world.read())
    world.commit({**file_of("v1.0.1"), "taskdefs/main.yaml": "family: ["})
    found = good(world.read(before.accepted))
    assert (versions(found), found.broken) == ({"s0": "v1.0.0"}, {"prod.yaml": first})
    assert found.targets["s0"] is before.targets["s0"]
    assert [complaint.path for complaint in found.complaints] == ["specs/taskdefs/main.yaml"]


def test_two_files_that_claim_one_service_both_stand_as_they_last_did(world):
    world.commit(folder_of(api="v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    clone = folder({"clone": lines("clone", indent=2, service="unifocus-prod-api-service")})
    world.commit({**folder_of(api="v1.0.1"), "prod/clone.yaml": clone["prod/clone.yaml"]})
    found = good(world.read(accepted))
    assert versions(found) == {"api": "v1.0.0"}
    assert [complaint.where for complaint in found.complaints] == ["targets.api.service", "targets.clone.service"]


def test_defaults_that_break_one_file_leave_out_only_that_file(world):
    world.commit(folder_of(api="v1.0.0", web="v1.0.0"), onto=None)
    accepted = good(world.read()).accepted
    head = HEAD + DEFAULTS.replace("kind: ecs", "kind: ecs, owner: 'team ${team}'")
    more = lines("web", indent=2, taskDefinition="{values: {team: payments}}")
    world.commit({**folder({"web": more}, head=head)})
    found = good(world.read(accepted))
    assert (set(found.targets), found.broken) == ({"web"}, {})
    assert [complaint.where for complaint in found.complaints] == ["targets.api"]


# A folder instead of git, and several threads


def test_a_plain_folder_is_read_alike(tmp_path: Path):
    def write(files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)

    source = SpecSource(FolderSource(tmp_path), Compiler(TABLES).compile, now=Clock())
    write(file_of("v1.0.0"))
    source.poll()
    first = good(source.read(PROD, None))
    write(file_of("v1.0"))
    source.poll()
    found = good(source.read(PROD, first.accepted))
    assert (versions(found), found.broken) == ({"s0": "v1.0.0"}, {"prod.yaml": first.commit})
    assert found.complaints[0].path == f"{tmp_path}/prod.yaml"
    (tmp_path / "prod.yaml").unlink()
    source.poll()
    assert unread(source.read(PROD, found.accepted)) == "EnvironmentGone"
    assert source.name == "folder"
    source.close()


def test_many_threads_read_the_same_object_and_compile_once(world):
    world.commit(folder_of(**{f"s{number}": "v1.0.0" for number in range(30)}), onto=None)
    compiled: list[EnvName] = []
    compiler = Compiler(TABLES)

    def counting(env, sheets, instead):
        compiled.append(env)
        return compiler.compile(env, sheets, instead)

    source = SpecSource(world._open(), counting, now=Clock())
    source.poll()
    found: list[Desired | Unread] = []
    ready = threading.Barrier(8)

    def read() -> None:
        ready.wait()
        found.append(source.read(PROD, None))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {id(reading) for reading in found} == {id(found[0])}
    assert compiled == ["prod"]
    assert source.name == "git"


# ---- the operator's policy


class Rules:
    """A policy whose content a test says."""

    def __init__(self) -> None:
        self.why, self.now, self.read = "", Policy(), None

    def policy(self) -> Policy:
        return self.now

    def refresh(self) -> bool:
        before, self.read = self.read, (self.now, self.why)
        return before != self.read


def floor(**more) -> Policy:
    return Policy(floors=(Floor(name="prod", **more),))


def test_what_goes_below_a_floor_stands_as_it_did_and_an_unreadable_policy_opens_nothing(world):
    rules = Rules()
    compiler = Compiler(TABLES, rules.policy)
    source = SpecSource(world._open(), compiler.compile, now=Clock(), rules=rules)
    first = world.commit(one_file(lines("api", rollout="{bake: 1h}")), onto=None)
    rules.now = floor(bake=timedelta(minutes=30))
    source.poll()
    found = good(source.read(PROD, None))
    assert (versions(found), found.broken) == ({"api": "v1.2.3"}, {})

    world.commit(one_file(lines("api", "v1.2.4")))
    source.poll()
    below = good(source.read(PROD, found.accepted))
    assert (versions(below), below.broken) == ({"api": "v1.2.3"}, {"prod.yaml": first})
    assert "is 10m, and the operator's policy for prod asks for at least 30m" in below.complaints[0].what

    rules.why = "the policy is not known: policy.yaml cannot be read"
    source.poll()
    nothing = source.read(PROD, found.accepted)
    assert isinstance(nothing, Unread) and (nothing.reason, nothing.why) == ("PolicyUnreadable", rules.why)

    rules.why, rules.now = "", floor(bake=timedelta(hours=2))
    source.poll()
    assert isinstance(source.read(PROD, found.accepted), Unread)  # what was good once is below it too
    rules.now = floor()
    source.poll()
    assert versions(good(source.read(PROD, found.accepted))) == {"api": "v1.2.4"}
    source.close()


API, WEB = TargetName("api"), TargetName("web")


def test_another_version_of_one_target_is_read_without_another_commit_and_given_up_again(world):
    world.commit(folder_of(api="v1.2.3", web="v1.2.3"), onto=None)
    plain = good(world.read())
    fixed = good(world.source.read(PROD, None, {API: "v1.2.4"}))
    assert fixed.targets[API].release.version == "v1.2.4" and fixed.targets[API].said == plain.targets[API].release
    assert fixed.targets[API].release.digest != plain.targets[API].release.digest  # the version is in its image
    assert fixed.targets[WEB] is plain.targets[WEB] and fixed.commit == plain.commit
    assert world.source.read(PROD, None, {API: "v1.2.4"}) is fixed
    again = good(world.source.read(PROD, None))
    assert again.targets == plain.targets and again.targets[API].said is None


def test_the_very_version_of_the_spec_may_be_wanted_instead_too(world):
    world.commit(folder_of(api="v1.2.3"), onto=None)
    found = good(world.read()) and good(world.source.read(PROD, None, {API: "v1.2.3"}))
    assert found.targets[API].said == found.targets[API].release


def test_a_version_that_may_not_be_wanted_breaks_nothing_and_says_so(world):
    world.commit(folder({"api": lines("api", indent=2, versions="bare")}), onto=None)
    plain = good(world.read())
    found = good(world.source.read(PROD, None, {API: "v1.2.4-stage", TargetName("nobody"): "v1.0.0"}))
    assert found.complaints == plain.complaints == () and found.broken == {}
    assert found.targets[API].release == plain.targets[API].release and found.targets[API].said is None
    assert found.targets[API].unfit.startswith("v1.2.4-stage cannot be wanted instead: targets.api.version: ")
    assert "is a stage version" in found.targets[API].unfit
