"""`promote`: what is good in stage is asked for in prod, in a real repository; what is refused is not pushed."""

import subprocess

import pytest

from controller.codes import BLOCKED, DONE, UNREACHABLE, WRONG
from controller.model.images import digests_in
from tests.cli.landscape import GATE, OTHER, PROD, Landscape, known_author, spec
from tests.e2e.cloud import Cloud
from tests.e2e.environments import family, service
from tests.forge import REPOSITORY, TOKEN, forge
from tests.sources.repository import ENVIRONMENT

NEW = "v1.2.3"
OLD = "v1.2.2"
BARE = "versions: bare"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """What is good in both, looked at once for all tests."""
    with pytest.MonkeyPatch.context() as patch, Cloud(speed=0) as cloud:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "x")
        made = Landscape(tmp_path_factory.mktemp("base"), cloud)
        made.seed(stage=f"{NEW}-stage", prod=OLD)
        made.commit(stage=spec("stage", f"{NEW}-stage"), prod=spec("prod", OLD, f"{BARE}\n{GATE}"))
        made.turns()
        assert made.memory("stage").goods and made.memory().goods
        yield made


@pytest.fixture
def land(base, tmp_path, monkeypatch):
    known_author(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return base.copied(tmp_path)


@pytest.fixture
def promote(land, trueup, capsys):
    def call(*args, source="stage", to="prod"):
        capsys.readouterr()
        return trueup("promote", "api", "--from", source, "--to", to, *land.flags(cache=False), *args)

    return call


def test_the_version_that_is_good_in_stage_is_committed_in_the_form_that_prod_takes(land, promote):
    before = land.text()
    said = promote()
    assert said.code == DONE, said.err
    assert land.text() == before.replace(f"version: {OLD}", f"version: {NEW}")
    assert f"prod/api: {OLD} becomes {NEW} in {PROD}:" in said.out and " on main" in said.out
    assert land.log("%an <%ae> %cn <%ce>") == "Ada <ada@example.com> Ada <ada@example.com>"
    assert land.log("%s") == f"Promote api to {NEW} in prod"
    trailers = land.log("%(trailers)")
    (digest,) = digests_in(land.memory("stage").current.release.manifest).values()
    assert f"Trueup-Target: prod/api\nTrueup-Version: {NEW}\nTrueup-Replaces: {OLD}" in trailers
    assert f"Trueup-From: stage/api {NEW}-stage" in trailers and f"Trueup-Image: api {digest}" in trailers
    assert "Trueup-Good-Since: " in trailers and "Trueup-Commit: " in trailers


def test_again_there_is_nothing_to_do(land, promote):
    promote()
    tip = land.repository.tip()
    said = promote()
    assert said.code == DONE and f"prod/api has {NEW} already ({PROD}:" in said.out
    assert land.repository.tip() == tip


def test_a_dry_run_says_it_all_and_pushes_nothing(land, promote):
    tip = land.repository.tip()
    said = promote("--dry-run")
    assert said.code == DONE and "nothing was pushed (--dry-run)" in said.out
    assert f"  Promote api to {NEW} in prod\n" in said.out and f"Trueup-From: stage/api {NEW}-stage" in said.out
    assert land.repository.tip() == tip


def refused(land, promote, *args, code=BLOCKED, **how):
    tip = land.repository.tip()
    said = promote(*args, **how)
    assert (said.code, said.out) == (code, ""), (said.out, said.err)
    assert land.repository.tip() == tip
    return said.err


def test_a_soak_that_is_not_over_is_refused_with_when_it_is(land, promote):
    land.commit(prod=spec("prod", OLD, f"{BARE}\n{GATE.replace('}]', ', soak: 2h}]')}"))
    err = refused(land, promote)
    assert f"prod/api would not take {NEW}: {NEW}-stage is good in stage for " in err and " of 2h (until " in err


def test_what_is_below_a_floor_of_the_policy_is_refused_with_floor_and_value(land, promote, monkeypatch):
    policy = land.folder / "policy.yaml"
    gates = "{gates: [{kind: promoted, from: stage, soak: 30m}]}"
    policy.write_text(f"apiVersion: trueup/v1\nkind: Policy\nenvironments: {{prod: {gates}}}\n")
    land.commit(prod=spec("prod", OLD, f"{BARE}\n{GATE}"))
    err = refused(land, promote, "--policy", str(policy), code=WRONG)
    below = "targets.api.gates.0.soak: is 0s, and the operator's policy for prod asks for at least 30m"
    assert err.startswith(f"trueup: {PROD}:") and below in err
    monkeypatch.setenv("TRUEUP_POLICY", str(policy))
    assert below in refused(land, promote, code=WRONG)
    policy.write_text("kind: Poly\n")
    assert "policy.yaml:1:1: apiVersion: is missing" in refused(land, promote, code=WRONG)
    monkeypatch.delenv("TRUEUP_POLICY")
    assert promote().code == DONE


def test_what_only_time_or_people_open_is_said(land, promote):
    gates = GATE.replace("]", ", {kind: approval}, {kind: window, allow: [2020-01-01]}]")
    land.commit(prod=spec("prod", OLD, f"{BARE}\n{gates}"))
    said = promote()
    assert said.code == DONE, said.err
    assert "it will wait for window: " in said.out and "it will wait for approval: nobody is known" in said.out
    assert "It waits for window: " in land.log("%b")


def test_who_can_approve_it_is_said_by_whom_the_specs_are_so_far(land, promote, monkeypatch):
    people = land.folder / "people.yaml"
    each = ("ada", "eve")
    lines = [f"  {one}: {{emails: [{one}@example.com], groups: [release-managers]}}" for one in each]
    people.write_text("\n".join(["apiVersion: trueup/v1", "kind: People", "people:", *lines, ""]))
    monkeypatch.setenv("TRUEUP_PEOPLE", str(people))
    gates = GATE.replace("]", ", {kind: approval, groups: [release-managers]}]")
    land.commit(prod=spec("prod", OLD, f"{BARE}\n{gates}"))  # by ada
    said = promote()
    assert said.code == DONE, said.err
    assert "it will wait for approval: 0 of 1 approval; needs 1 more of release-managers (eve can)" in said.out


def test_another_image_under_that_tag_is_refused_with_both_digests(land, promote):
    land.commit(prod=spec("prod", OLD, f"{BARE}\n{GATE}", image=OTHER))
    err = refused(land, promote)
    assert f"{NEW} of api in prod is sha256:" in err and "and what is good in stage is sha256:" in err


def test_without_a_gate_that_asks_for_it_another_image_is_refused_all_the_same(land, promote):
    land.commit(prod=spec("prod", OLD, BARE, image=OTHER))
    assert "it was not built once, or not copied whole" in refused(land, promote)


def in_group(version):
    """Prod with a web that goes with api, and of which nobody knows anything in stage."""
    head, _, api = spec("prod", version, BARE).partition("    api:\n")
    web = api.replace(service("api"), service("web")).replace(f"family: {family()}", f"family: {family('web')}")
    lines = f"    api:\n{api}    web:\n{web}".replace(f"      version: {version}\n", "")
    group = f"  groups: {{unifocus: {{version: {version}, targets: [api, web]}}}}\n"
    return head.replace("  targets:\n", f"{group}  targets:\n") + lines


def test_another_of_its_group_that_was_not_good_there_is_refused(land, promote):
    land.commit(prod=in_group(OLD))
    err = refused(land, promote)
    told = f"prod/api would not take {NEW}: web of its group: what was good in stage cannot be read: this store"
    assert told in err


def test_a_lower_version_needs_to_be_meant(land, promote):
    land.commit(prod=spec("prod", "v1.2.9", f"{BARE}\n{GATE}"))
    assert f"prod/api would go back from v1.2.9 to {NEW}; if that is meant, say --back" in refused(land, promote)
    assert promote("--back").code == DONE
    assert f"version: {NEW}" in land.text()


def test_a_major_step_needs_to_be_acknowledged(land, promote):
    land.commit(prod=spec("prod", "v0.9.0", f"{BARE}\n{GATE}"))
    assert "v1.2.3 is a major step from v0.9.0: write `breaking: acknowledged`" in refused(land, promote)


@pytest.mark.parametrize(
    ("args", "how", "code", "what"),
    [
        ((), {"source": "prod", "to": "prod"}, WRONG, "--from and --to are the same environment"),
        ((), {"to": "prd"}, WRONG, "prd"),
        ((), {"source": "dev"}, BLOCKED, "dev/api has no history here yet: nothing is good there"),
        (("--branch", "-x"), {}, WRONG, "the branch is not a plain branch name"),
        (
            ("--pull-request",),
            {},
            WRONG,
            "--repo names no repository of GitHub's: say --github-repository owner/name",
        ),
        (
            (
                "--pull-request",
                "--github-url",
                "http://ghe.example.com",
                "--github-repository",
                "a/b",
                "--github-token-file",
                "/dev/null",
            ),
            {},
            WRONG,
            "--github-url is plain http, which would show the token to the network",
        ),
        (("--branch", "main\nx"), {}, WRONG, "the branch is not a plain branch name"),
        (("--path", "elsewhere"), {}, WRONG, "the repository has no folder elsewhere"),
        ((), {"source": "stage\nTrueup-Version: v9"}, BLOCKED, "has no history here yet"),
        (("--into", "nope"), {}, WRONG, "the repository has no branch nope"),
    ],
)
def test_what_is_typed_wrong_gets_one_sentence(land, promote, args, how, code, what):
    assert what in refused(land, promote, *args, code=code, **how)


def test_a_folder_and_a_server_that_is_away_are_told_apart(land, trueup, tmp_path):
    (tmp_path / "plain").mkdir()
    words = ["promote", "api", "--from", "stage", "--to", "prod", "--store", land.url]
    said = trueup(*words, "--repo", str(tmp_path / "plain"))
    assert said.code == WRONG and "is a plain folder" in said.err
    said = trueup(*words, "--repo", f"file://{tmp_path}/nowhere.git", "--endpoint-url", land.cloud.endpoint_url)
    assert said.code == UNREACHABLE and "asking for main failed" in said.err


def test_nobody_makes_a_commit_without_a_name(land, promote, monkeypatch):
    monkeypatch.delenv("GIT_AUTHOR_NAME")
    monkeypatch.setenv("HOME", str(land.folder))
    assert "it is not known who makes the commit: git config" in refused(land, promote, code=WRONG)
    (land.folder / ".gitconfig").write_text("[user]\n\tname = Grace\n\temail = grace@example.com\n")
    assert promote().code == DONE
    assert land.log("%an <%ae>") == "Grace <grace@example.com>"


@pytest.fixture
def github(tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    with forge() as made:
        yield made


@pytest.fixture
def propose(promote, github, tmp_path):
    flags = ["--pull-request", "--github-url", github.url, "--github-token-file", str(tmp_path / "token")]
    return lambda *args: promote(*flags, "--github-repository", REPOSITORY, *args)


BRANCH = "trueup/prod/api"


def test_a_pull_request_is_opened_on_a_branch_of_its_own(land, propose, github):
    tip = land.repository.tip()
    said = propose()
    assert said.code == DONE, said.err
    assert land.repository.tip() == tip and f"version: {NEW}" in land.text(branch=BRANCH)
    (pull,) = github.pulls.values()
    assert (pull["title"], pull["head"]["ref"], pull["base"]["ref"]) == (
        f"Promote api to {NEW} in prod", BRANCH, "main",
    )  # fmt: skip
    assert f"- Trueup-From: stage/api {NEW}-stage" in pull["body"]
    assert said.out.endswith(f"on {BRANCH}\n{pull['html_url']}\n")


def test_promoted_again_the_same_pull_request_is_brought_up_to_date(land, propose, github):
    propose()
    first = land.repository.tip(BRANCH)
    said = propose()
    assert said.code == DONE and "was pushed before as" in said.out
    assert (land.repository.tip(BRANCH), len(github.pulls)) == (first, 1)
    newest = land.repository.commit({"README.md": "main moved on"})
    assert propose().code == DONE
    assert land.log("%P", BRANCH) == newest and len(github.pulls) == 1
    assert [method for method, _ in github.asked if method != "GET"] == ["POST", "PATCH", "PATCH"]


def test_what_others_committed_to_that_branch_is_not_thrown_away(land, propose, github):
    propose()
    other = land.repository.commit({"specs/notes.txt": "mine"}, branch=BRANCH)
    said = propose()
    assert said.code == BLOCKED
    assert f"the branch {BRANCH} has commits that were not made for prod/api: merge it, or name another" in said.err
    assert land.repository.tip(BRANCH) == other


def test_github_that_does_not_let_us_in_is_said_without_the_token(land, propose, github, tmp_path):
    (tmp_path / "token").write_text("ghp_wrongwrongwrong")
    said = propose()
    tip = land.repository.tip(BRANCH)
    assert said.code == UNREACHABLE and tip is not None
    assert f"{BRANCH} was pushed as {tip[:12]}, and not proposed: GitHub does not take our token" in said.err
    assert "ghp_" not in said.err + said.out


def test_who_pushes_at_the_same_time_loses_nothing(land, promote):
    hook = land.repository.folder / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    # As if somebody else were a moment faster, once: the branch moves while ours is being taken.
    hook.write_text(
        "#!/bin/sh\ncd $(dirname $0)/..\n[ -e raced ] && exit 0\ntouch raced\nunset GIT_QUARANTINE_PATH\n"
        "tree=$(git rev-parse main^{tree})\nwho='-c user.name=x -c user.email=x@y'\n"
        "c=$(echo theirs | git $who commit-tree -p main $tree)\n"
        "git update-ref refs/heads/main $c\n"
    )
    hook.chmod(0o755)
    said = promote()
    assert said.code == DONE, said.err
    assert land.repository.git("log", "-2", "--format=%s", "main").splitlines() == [
        f"Promote api to {NEW} in prod", "theirs",
    ]  # fmt: skip


def test_from_a_clone_it_is_pushed_to_where_that_came_from(land, trueup, monkeypatch):
    clone, tree = land.folder / "clone", land.folder / "tree"
    for words in (
        ["clone", "--quiet", land.repository.url, str(clone)],
        ["-C", str(clone), "config", "user.name", "Grace"],
        ["-C", str(clone), "config", "user.email", "grace@example.com"],
        ["-C", str(clone), "remote", "set-url", "origin", "../specs.git"],
        ["-C", str(clone), "worktree", "add", "--quiet", "-b", "work", str(tree)],
    ):
        subprocess.run(["git", *words], env=ENVIRONMENT, check=True)
    monkeypatch.delenv("GIT_AUTHOR_NAME")
    before = (clone / PROD).read_text()
    for repo in (tree, clone):  # the second time there is nothing to do
        flags = ("--store", land.url, "--endpoint-url", land.cloud.endpoint_url, "--repo", str(repo))
        said = trueup("promote", "api", "--from", "stage", "--to", "prod", *flags)
        assert said.code == DONE, said.err
    assert land.log("%an") == "Grace" and f"version: {NEW}" in land.text()
    assert (clone / PROD).read_text() == before, "nobody's working copy is touched"


def test_a_dry_run_names_the_branch_of_the_pull_request(land, promote):
    said = promote("--dry-run", "--pull-request")
    assert said.code == DONE and f"The commit on {BRANCH} would say:" in said.out


def test_a_store_that_is_not_there_is_not_taken_for_an_empty_one(land, trueup, tmp_path):
    words = ["promote", "api", "--from", "stage", "--to", "prod", "--repo", land.repository.url]
    said = trueup(*words, "--store", f"sqlite:///{tmp_path}/none.db")
    assert said.code == WRONG and "none.db" in said.err
