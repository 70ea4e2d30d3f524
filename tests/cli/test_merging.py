"""`plan --base --head`: what merging would do, read from real repositories and from the embedded ECS."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from controller.app.sandbox import seeds_of
from controller.codes import DONE, NEGATIVE, UNREACHABLE, WRONG
from tests.e2e.cloud import Cloud
from tests.e2e.environments import environment
from tests.sources.repository import ENVIRONMENT, Repository

PROD = "specs/prod.yaml"


@pytest.fixture
def cloud(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with Cloud(speed=0) as made:
        yield made


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "specs.git")
    made.commit({PROD: environment("prod", "v1.2.2")})
    return made


@pytest.fixture
def plan(trueup, repository, tmp_path, monkeypatch):
    """`trueup plan` in an empty folder, where nothing may appear, about a clone that may not change."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)

    def call(*args, repo=None, base="main", head="feature"):
        before = seen(repository.folder)
        revisions = [*(("--base", base) if base else ()), *(("--head", head) if head else ())]
        said = trueup("plan", *revisions, "--repo", str(repo or repository.folder), *args)
        assert list(empty.iterdir()) == [] and seen(repository.folder) == before
        return said

    return call


def seen(folder: Path):
    return {str(file): file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def seed(cloud, tmp_path, text):
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "prod.yaml").write_text(text)
    cloud.seed(seeds_of(folder))


def branch(repository, files, onto=None):
    return repository.commit(files, branch="feature", onto=onto or repository.tip())


def data(said):
    return {(item["environment"], item["target"]): item for item in json.loads(said.out)["items"]}


def pairs(item):
    return {one["path"]: (one["base"], one["head"]) for one in item["spec"]}


def git(*words, at):
    subprocess.run(["git", *words], cwd=at, env=ENVIRONMENT, check=True, capture_output=True)


def test_what_a_branch_says_otherwise_is_told_beside_what_runs_and_nothing_is_changed(
    plan, cloud, repository, tmp_path
):
    seed(cloud, tmp_path, environment("prod", "v1.2.2"))  # so v1.2.1 runs
    branch(repository, {PROD: environment("prod", "v1.2.3", bake="1m")})
    said = plan("--endpoint-url", cloud.endpoint_url)
    assert said.code == NEGATIVE and not said.err
    assert "~ version: v1.2.2 -> v1.2.3" in said.out and "~ rollout.bake: 30s -> 1m" in said.out
    against = said.out.partition("against what runs:")[2]
    assert "containerDefinitions[api].image: " in against and against.count("unifocus-prod-api@sha256:") == 2
    assert "would call RegisterTaskDefinition for v1.2.3, then UpdateService unifocus-prod-api-service" in said.out
    assert "gates, quarantine and pause: not known here" in said.out
    item = data(plan("--endpoint-url", cloud.endpoint_url, "-o", "json"))["prod", "api"]
    assert pairs(item)["version"] == ("v1.2.2", "v1.2.3")
    assert [one["path"] for one in item["differences"]] == ["taskDefinition.containerDefinitions[api].image"]
    assert {blocker["why"] for blocker in item["blockers"]} == {"not known here"}
    assert (
        yaml.safe_load(plan("--endpoint-url", cloud.endpoint_url, "-o", "yaml").out)["kind"] == "TargetChangeList"
    )
    assert cloud.changes() == []


def test_a_target_that_already_runs_what_it_asks_for_would_call_nothing(plan, cloud, repository, tmp_path):
    seed(cloud, tmp_path, environment("prod", "v1.2.4"))
    branch(repository, {PROD: environment("prod", "v1.2.3")})
    said = plan("--endpoint-url", cloud.endpoint_url)
    assert said.code == NEGATIVE
    assert "what runs is what it asks for already" in said.out and "would call nothing" in said.out


def test_gates_and_terms_alone_are_a_change_and_so_is_a_setting(plan, cloud, repository, tmp_path):
    seed(cloud, tmp_path, environment("prod", "v1.2.3"))
    branch(repository, {PROD: environment("prod", "v1.2.2", deadline="11m", breaker=False, more="owner: ada")})
    item = data(plan("--endpoint-url", cloud.endpoint_url, "-o", "json"))["prod", "api"]
    breaker = "service.deploymentConfiguration.deploymentCircuitBreaker"
    assert pairs(item) == {
        "rollout.deadline": ("10m", "11m"),
        "owner": ("", "ada"),
        f"{breaker}.enable": (True, "(the default)"),
        f"{breaker}.rollback": (True, "(the default)"),
    }
    assert item["calls"] == ["UpdateService unifocus-prod-api-service (settings only)"]


def test_what_the_specs_say_the_same_of_is_not_told_and_aws_is_not_asked(plan, repository):
    branch(repository, {"docs/notes.md": "nothing to deploy", PROD: environment("prod", "v1.2.2") + "# more\n"})
    said = plan()
    assert said.code == DONE
    assert said.out.startswith("merging feature (") and said.out.endswith("changes no target\n")
    assert json.loads(plan("-o", "json").out)["items"] == []
    assert "**trueup plan:** nothing to do" in plan("-o", "markdown").out


def test_what_main_did_since_is_no_revert_but_is_named_where_both_changed_the_same(plan, cloud, repository):
    both = environment("prod", {"api": "v1.2.2", "web": "v1.0.0"})
    start = repository.commit({PROD: both, "specs/stage.yaml": environment("stage", "v1.2.2")})
    branch(repository, {PROD: environment("prod", {"api": "v1.2.3", "web": "v1.0.0"})}, onto=start)
    repository.commit({"specs/stage.yaml": environment("stage", "v9.9.9")})
    items = data(plan("--endpoint-url", cloud.endpoint_url, "-o", "json"))
    assert set(items) == {("prod", "api")} and items["prod", "api"]["notes"] == []
    repository.commit({PROD: environment("prod", {"api": "v1.2.9", "web": "v1.0.0"})})
    items = data(plan("--endpoint-url", cloud.endpoint_url, "-o", "json"))
    assert pairs(items["prod", "api"])["version"] == ("v1.2.2", "v1.2.3")
    assert items["prod", "api"]["notes"][0].startswith("main changed it too since the branch began")


def test_a_target_and_an_environment_that_are_taken_out_are_left_as_they_are(plan, repository):
    repository.commit(
        {
            PROD: environment("prod", {"api": "v1.2.2", "web": "v1.0.0"}),
            "specs/dev.yaml": environment("dev", "v1.0.0"),
        }
    )
    branch(repository, {PROD: environment("prod", {"api": "v1.2.2"}), "specs/dev.yaml": None})
    said = plan()
    assert said.code == NEGATIVE
    assert "prod/web  removed\n" in said.out and "dev/api  removed\n" in said.out and "prod/api" not in said.out
    assert said.out.count("is left as it is: trueup never deletes") == 2
    items = data(plan("-o", "json"))
    assert items["prod", "web"]["calls"] == [] and items["dev", None]["change"] == "removed"


def test_a_target_that_is_renamed_says_who_has_its_service(plan, cloud, repository):
    text = environment("prod", "v1.2.2")
    branch(repository, {PROD: text.replace("    api:\n", "    backend:\n", 1)})
    items = data(plan("--endpoint-url", cloud.endpoint_url, "-o", "json"))
    assert items["prod", "api"]["change"] == "removed" and items["prod", "backend"]["change"] == "added"
    assert items["prod", "api"]["notes"][0].startswith("prod/backend names its service now: `trueup move`")


def test_what_is_added_is_told_whole_but_for_defaults_and_a_service_that_is_missing_is_named(
    plan, cloud, repository
):
    branch(repository, {"specs/stage.yaml": environment("stage", "v2.0.0")})
    said = plan("stage", "--endpoint-url", cloud.endpoint_url, "-o", "json")
    item = data(said)["stage", "api"]
    assert item["change"] == "added" and pairs(item)["version"] == (None, "v2.0.0")
    assert pairs(item)["rollout.bake"] == (None, "30s") and "rollout.settle" not in pairs(item)
    assert "onDrift" not in pairs(item)


def test_when_aws_cannot_be_read_the_specs_are_still_compared(plan, repository, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    branch(repository, {PROD: environment("prod", "v1.2.3")})
    said = plan()
    assert said.code == UNREACHABLE
    assert "~ version: v1.2.2 -> v1.2.3" in said.out
    assert "could not be compared with what runs: " in said.out and "credentials" in said.out
    item = data(plan("-o", "json"))["prod", "api"]
    assert item["differences"] is None and "credentials" in item["unread"] and item["calls"] == []


def test_a_file_that_is_broken_at_head_is_2_with_its_line_and_removes_nothing(plan, cloud, repository):
    repository.commit({"specs/stage.yaml": environment("stage", "v1.2.2")})
    broken = environment("prod", "v1.2.3").replace("      version: v1.2.3", "      version: latestt")
    branch(repository, {PROD: broken, "specs/stage.yaml": environment("stage", "v1.2.3")})
    said = plan("--endpoint-url", cloud.endpoint_url)
    assert said.code == WRONG
    line = broken.splitlines().index("      version: latestt") + 1
    assert f"problem: specs/prod.yaml:{line}:" in said.out and "removed" not in said.out
    assert "~ version: v1.2.2 -> v1.2.3" in said.out  # of stage, which is well
    assert f"specs/prod.yaml:{line}:" in data(plan("prod", "-o", "json"))["prod", None]["problems"][0]


def test_values_that_look_like_secrets_are_shown_in_no_form(plan, cloud, repository):
    def spec(word):
        container = f"- {{name: api, essential: true, environment: [{{name: GREETING, value: 'token={word}'}}]}}"
        return environment("prod", "v1.2.2").replace("- {name: api, essential: true}", container)

    branch(repository, {PROD: spec("s3cr3t-one")})
    for output in ("table", "json", "yaml", "markdown"):
        said = plan("--endpoint-url", cloud.endpoint_url, "-o", output)
        assert "s3cr3t" not in said.out + said.err and "environment" in said.out


def test_origin_main_and_head_are_meant_when_they_are_not_named_and_a_worktree_will_do(plan, repository, tmp_path):
    clone = tmp_path / "clone"
    git("clone", "--quiet", repository.url, str(clone), at=tmp_path)
    git("worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "feature", at=clone)
    tree = tmp_path / "tree"
    (tree / PROD).write_text(environment("prod", "v1.2.2", bake="2m"))
    assert plan(repo=tree, base=None, head="HEAD").code == DONE  # what is not committed is not seen
    words = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-am", "Bake longer")
    git(*words, at=tree)
    for base, head in ((None, "HEAD"), ("origin/main", None)):
        said = plan("-o", "json", repo=tree, base=base, head=head)
        assert pairs(data(said)["prod", "api"]) == {"rollout.bake": ("30s", "2m")}


def test_a_clone_without_its_history_says_what_to_fetch(plan, repository, tmp_path):
    start = repository.tip()
    for number in range(3):
        branch(repository, {"notes.md": str(number)}, onto=repository.tip("feature") or start)
        repository.commit({"more.md": str(number)})
    clone = tmp_path / "shallow"
    words = ("clone", "--quiet", "--depth", "1", "--no-single-branch", repository.url, str(clone))
    git(*words, at=tmp_path)
    said = plan(repo=clone, base="origin/main", head="origin/feature")
    assert said.code == WRONG and "the clone is shallow; fetch all of it" in said.err


@pytest.mark.parametrize(
    ("revision", "why"),
    [
        ("nowhere", "this clone has no revision 'nowhere'"),
        ("main..feature", "is not a revision"),
        ("--upload-pack=touch x", "is not a revision"),
        ("main:specs", "is not a revision"),
        ("", "is not a revision"),
    ],
)
def test_what_is_no_revision_is_refused(plan, revision, why):
    said = plan(head=revision or " ")
    assert said.code == WRONG and why in said.err


def test_what_is_no_clone_and_an_environment_that_is_nowhere_are_named(plan, repository, tmp_path):
    branch(repository, {PROD: environment("prod", "v1.2.3")})
    said = plan(repo=tmp_path)
    assert said.code == WRONG and "is not a clone of a git repository" in said.err
    said = plan("prd")
    assert said.code == WRONG and "no environment 'prd' at main or feature; there are: prod" in said.err


def test_specs_that_begin_with_the_branch_are_all_new(plan, cloud, tmp_path):
    bare = Repository(tmp_path / "other.git")
    start = bare.commit({"README.md": "soon"})
    bare.commit({PROD: environment("prod", "v1.0.0")}, branch="feature", onto=start)
    said = plan("--endpoint-url", cloud.endpoint_url, "-o", "json", repo=bare.folder)
    assert data(said)["prod", None]["change"] == "added" and data(said)["prod", "api"]["change"] == "added"


@pytest.mark.parametrize(
    ("to", "more", "note"),
    [
        ("v1.2.1", "", "goes back from v1.2.2 to v1.2.1"),
        ("v2.0.0", "", "v2.0.0 is a major step from v1.2.2: write `breaking: acknowledged` beside the version"),
        ("v2.0.0", "breaking: acknowledged", None),
        ("v1.3.0", "", None),
    ],
)
def test_a_step_back_and_a_major_step_are_told_before_they_are_merged(
    plan, cloud, repository, tmp_path, to, more, note
):
    seed(cloud, tmp_path, environment("prod", "v1.2.2"))
    branch(repository, {PROD: environment("prod", to, more=more)})
    item = data(plan("--endpoint-url", cloud.endpoint_url, "-o", "json"))["prod", "api"]
    assert item["notes"] == ([note] if note else [])


def test_a_target_that_is_only_observed_would_call_nothing_and_says_so(plan, cloud, repository, tmp_path):
    seed(cloud, tmp_path, environment("prod", "v1.2.2"))
    branch(repository, {PROD: environment("prod", "v1.2.3", more="mode: observe")})
    item = data(plan("--endpoint-url", cloud.endpoint_url, "-o", "json"))["prod", "api"]
    assert pairs(item)["observe"] == (False, True) and item["differences"] and item["calls"] == []
    assert item["cause"].startswith("differs: ") and "mode: observe" in item["notes"][0]


def test_what_the_specs_leave_to_the_world_is_filled_in_and_told_when_it_cannot_be(
    plan, cloud, repository, tmp_path
):
    seed(cloud, tmp_path, environment("prod", "v1.2.2"))
    before, _, _ = environment("prod", "v1.2.3").partition("      taskDefinition:")
    base = f"{before}      taskDefinition: {{base: {{family: unifocus-prod-none, follow: newest-foreign}}}}\n"
    branch(repository, {PROD: base})
    said = plan("--endpoint-url", cloud.endpoint_url, "-o", "json")
    item = data(said)["prod", "api"]
    assert said.code == UNREACHABLE and "base.family" in pairs(item)
    assert "unifocus-prod-none" in item["unread"] and item["calls"] == []


@pytest.mark.parametrize("flag", ["trueup-read", "-"])
def test_it_comes_as_the_role_for_reading_and_not_as_the_one_that_may_deploy(
    plan, cloud, repository, tmp_path, flag
):
    seed(cloud, tmp_path, environment("prod", "v1.2.2"))
    branch(repository, {PROD: environment("prod", "v1.2.3")})
    cloud.desk.calls.counts.clear()
    said = plan("--endpoint-url", cloud.endpoint_url, "--read-role", flag)
    assert cloud.asked("sts:AssumeRole") == (0 if flag == "-" else 1)
    # The sandbox gives credentials that no role gave out to an account of its own, which is not the spec's.
    assert said.code == (UNREACHABLE if flag == "-" else NEGATIVE)
    assert ("belong to account 123456789012" in said.out) == (flag == "-")


def test_run_does_not_come_as_a_role_for_reading(trueup, repository, tmp_path, monkeypatch):
    monkeypatch.setenv("TRUEUP_READ_ROLE", "trueup-read")
    said = trueup("run", "--once", "--repo", repository.url, "--store", f"sqlite:///{tmp_path}/trueup.db")
    assert said.code == WRONG and "TRUEUP_READ_ROLE is for commands that only read" in said.err
    monkeypatch.setenv("TRUEUP_READ_ROLE", "arn:aws:iam::1:role/x")
    assert "is not the name of a role" in trueup("plan", "--repo", repository.url).err


def test_a_comment_says_what_merging_would_do(plan, cloud, repository, tmp_path):
    names = [f"t{number}" for number in range(130)]
    repository.commit({PROD: environment("prod", dict.fromkeys(names, "v1.2.2"))})
    branch(
        repository, {PROD: environment("prod", dict.fromkeys(names, "v1.2.3"), more="owner: ada\nonDrift: report")}
    )
    said = plan("--endpoint-url", cloud.endpoint_url, "-o", "markdown")
    assert "### trueup: `prod`" in said.out and "In the spec:\n\n```diff\n- onDrift: heal\n" in said.out
    assert "+ version: v1.2.3" in said.out and "`gates, quarantine and pause: not known here`" in said.out
    assert (
        said.out.rstrip()
        .splitlines()[-1]
        .endswith(" more targets; run `trueup plan --base main --head feature prod`")
    )
    assert len(said.out.encode()) <= 65_536


def test_a_target_that_follows_tags_is_told_at_the_newest_and_one_that_cannot_be_asked_for_says_so(
    plan, cloud, repository, tmp_path, monkeypatch
):
    shop = Repository(tmp_path / "shop.git")
    shop.git("tag", "v1.2.9", shop.commit({"a": "1"}))
    seed(cloud, tmp_path, environment("prod", "v1.2.3"))
    track = f'track: {{tags: "v*", repository: "{shop.url}"}}'
    branch(repository, {PROD: environment("prod", "v1.2.2").replace("version: v1.2.2", track)})
    away = plan("--endpoint-url", cloud.endpoint_url, "-o", "json")
    assert away.code == UNREACHABLE and "TRUEUP_APPLICATIONS" in data(away)["prod", "api"]["unread"]
    monkeypatch.setenv("TRUEUP_APPLICATIONS", f"file://{tmp_path}")
    monkeypatch.setenv("TRUEUP_CACHE", str(tmp_path / "cache"))
    said = plan("--endpoint-url", cloud.endpoint_url, "-o", "json")
    item = data(said)["prod", "api"]
    assert (said.code, item["version"]) == (NEGATIVE, "v1.2.9")
    assert pairs(item)["track.tags"] == (None, "v*") and pairs(item)["version"] == ("v1.2.2", None)
    assert any("it follows tags v* of" in note for note in item["notes"]) and "v0.0.0" not in said.out


def test_what_a_branch_says_below_a_floor_is_a_problem_and_what_was_there_before_is_none(
    plan, cloud, repository, tmp_path
):
    policy = tmp_path / "policy.yaml"
    policy.write_text("apiVersion: trueup/v1\nkind: Policy\nenvironments: {prod: {bake: 7h}}\n")
    seed(cloud, tmp_path, environment("prod", "v1.2.2", bake="1h"))
    branch(repository, {PROD: environment("prod", "v1.2.3", bake="1h")})
    flags = ("--endpoint-url", cloud.endpoint_url, "--policy", str(policy))
    said = plan(*flags)
    below = "targets.api.rollout.bake: is 1h, and the operator's policy for prod asks for at least 7h"
    assert said.code == WRONG and said.out.count(below) == 1, said.out
    branch(repository, {PROD: environment("prod", "v1.2.3", bake="7h")})
    said = plan(*flags)
    assert said.code == NEGATIVE and "problem: " not in said.out, said.out
    assert "prod/api" in said.out and "added" not in said.out
