"""Who wrote what a target is made of: found in real histories, with all that may hide an author in them."""

import time
from collections.abc import Iterator

import pytest

from controller.model.application import Application
from controller.model.consent import Authors, AuthorsOf
from controller.model.names import EnvName, TargetName
from controller.model.questions import Unanswered
from controller.sources.application import Pace
from controller.sources.applications import GitApplications
from controller.sources.auth import Credentials
from controller.sources.authors import AuthorsProbe
from controller.sources.doors import Doors
from controller.sources.folder import FolderSource
from controller.sources.specs import SpecSource
from controller.spec.parse import Compiler
from tests.sources.repository import Repository
from tests.sources.seen import NOW, heard_commands
from tests.spec.shaping import TABLES
from tests.spec.worlds import folder, lines

PROD, API, WEB = EnvName("prod"), TargetName("api"), TargetName("web")
MAIN, TASKDEF = "specs/prod/environment.yaml", "specs/taskdefs/main.yaml"


def by(name: str) -> str:
    return f"{name.title()} <{name}@example.com>"


class Ground:
    """A repository with two targets of one environment, and who reads it."""

    def __init__(self, repository, mirror, applications) -> None:
        self.repository = repository
        self.source = SpecSource(mirror, Compiler(TABLES).compile, now=lambda: NOW)
        self.probe = AuthorsProbe(self.source, applications)
        files = folder({name: lines(name, "v1.0.0", indent=2) for name in ("api", "web")})
        self.first = self.commit(files, "zoe", onto=None)

    def commit(self, files, author, **more):
        named = {name if name.startswith("specs/") else f"specs/{name}": text for name, text in files.items()}
        return self.repository.commit(named, author=by(author), **more)

    def release(self, target, version, author, **more):
        return self.commit(
            {f"prod/{target}.yaml": folder({target: lines(target, version, indent=2)})[f"prod/{target}.yaml"]},
            author,
            **more,
        )

    def ask(self, target=API, since="first", **more):
        self.source.poll()
        commit = self.source.read(PROD, None).commit
        since = self.first if since == "first" else since
        asked = AuthorsOf(env=PROD, target=target, commit=commit, since=since, **more)
        return self.probe.answer([asked])[asked]

    def names(self, target=API, since="first") -> set[str]:
        found = self.ask(target, since)
        assert isinstance(found, Authors), found
        assert not {*found.emails} & {*found.committers}
        return {email.removesuffix("@example.com") for email in (*found.emails, *found.committers)}


@pytest.fixture
def applications(tmp_path) -> Iterator[GitApplications]:
    doors = Doors.of(f"file://{tmp_path}/", "", Credentials())
    pace = Pace(interval=0.0, now=lambda: NOW, elapsed=time.monotonic)
    opened = GitApplications(doors=doors, cache=tmp_path / "cache", pace=pace)
    yield opened
    opened.close()


@pytest.fixture
def ground(repository, mirror, applications) -> Ground:
    return Ground(repository, mirror, applications)


def test_all_who_changed_a_file_of_a_target_wrote_it_and_nobody_else(ground):
    ground.release("api", "v1.0.1", "anna")
    ground.release("api", "v1.0.2", "bob")
    ground.release("web", "v1.0.1", "carl")
    ground.commit({"README.md": "x", "dev/notes.txt": "y"}, "dora")
    assert ground.names() == {"anna", "bob"}
    assert ground.names(WEB) == {"carl"}


def test_the_environments_own_file_and_task_definitions_are_part_of_every_target_that_uses_them(ground):
    text = ground.repository.git("cat-file", "-p", f"{ground.first}:{TASKDEF}")
    ground.commit({TASKDEF: f"{text}\n# more\n"}, "anna")
    main = ground.repository.git("cat-file", "-p", f"{ground.first}:{MAIN}")
    ground.commit({MAIN: f"{main}\n# more\n"}, "bob")
    assert ground.names() == ground.names(WEB) == {"anna", "bob"}


def test_who_committed_it_and_who_is_named_beside_the_author_count_too(ground):
    message = "Release\n\nWords.\n\nCo-authored-by: Bob B <bob@example.com>\nco-authored-by: nobody at all\n"
    ground.release("api", "v1.0.1", "anna", message=message)
    raw = ground.repository.git("cat-file", "-p", ground.repository.tip())
    raw = raw.replace(f"committer {by('anna')}", f"committer {by('carl')}")
    ground.repository.point(ground.repository.write("commit", f"{raw}\n".encode()))
    assert ground.names() == {"anna", "bob", "carl", "nobody at all"}
    assert ground.ask().committers == ("carl@example.com",)


def test_who_only_committed_one_and_wrote_another_is_an_author(ground):
    ground.release("api", "v1.0.1", "anna")
    raw = ground.repository.git("cat-file", "-p", ground.repository.tip())
    raw = raw.replace(f"committer {by('anna')}", f"committer {by('robot')}")
    ground.repository.point(ground.repository.write("commit", f"{raw}\n".encode()))
    assert (ground.ask().emails, ground.ask().committers) == (("anna@example.com",), ("robot@example.com",))
    ground.release("api", "v1.0.2", "robot")
    assert (ground.ask().emails, ground.ask().committers) == (("anna@example.com", "robot@example.com"), ())


def test_what_came_in_by_a_merge_was_written_by_who_wrote_it_not_by_who_merged(ground):
    ground.release("api", "v1.0.1", "anna", branch="side", onto=ground.first)
    main = ground.release("web", "v1.0.1", "carl")
    merge(ground, main, ground.repository.tip("side"), {"specs/prod/api.yaml": "side"}, "dora")
    assert ground.names() == {"anna"}


def test_what_a_merge_itself_changes_was_written_by_who_merged(ground):
    ground.release("api", "v1.0.1", "anna", branch="side", onto=ground.first)
    main = ground.release("api", "v1.0.2", "carl")
    evil = folder({"api": lines("api", "v9.9.9", indent=2)})["prod/api.yaml"]
    oid = ground.repository.write("blob", evil)
    merge(ground, main, ground.repository.tip("side"), {"specs/prod/api.yaml": oid}, "dora")
    assert ground.names() == {"anna", "carl", "dora"}
    assert ground.names(since=None) == {"anna", "carl", "dora", "zoe"}


def test_a_merge_that_takes_back_what_others_wrote_was_written_by_who_merged(ground):
    """`git merge -s ours` on an old branch: what comes of it is as one of its parents, and in no other commit."""
    runs = ground.release("api", "v1.0.1", "anna")
    newest = ground.release("api", "v1.0.2", "bob")
    merge(ground, ground.first, newest, {}, "mallory")
    assert ground.names(since=newest) == {"mallory"}
    assert ground.names(since=runs) == {"bob", "mallory"}


def test_of_a_merge_of_more_than_two_nobody_knows_what_it_changed_so_who_merged_counts(ground):
    runs = ground.release("web", "v1.0.1", "anna")
    sides = [ground.release("web", f"v1.1.{n}", "carl", branch=f"side{n}", onto=runs) for n in (1, 2)]
    parents = "".join(f"parent {one}\n" for one in (runs, *sides))
    tree = ground.repository.git("rev-parse", f"{runs}^{{tree}}")
    person = f"{by('mallory')} 1700000000 +0000"
    text = f"tree {tree}\n{parents}author {person}\ncommitter {person}\n\nMerge\n"
    ground.repository.point(ground.repository.write("commit", text.encode()))
    ground.commit({"README.md": "x"}, "dora")
    assert ground.names(since=runs) == {"mallory"}


def merge(ground, one, other, files, author):
    """Merge, with these files as they are on the other side, or as the blob that is named."""
    git = ground.repository.git
    index = [git("ls-tree", "-r", one)]
    for name, whose in files.items():
        oid = git("rev-parse", f"{other}:{name}") if whose == "side" else whose
        index = ["\n".join(line for line in index[0].splitlines() if not line.endswith(f"\t{name}"))]
        index[0] += f"\n100644 blob {oid}\t{name}"
    trees: dict[str, list[str]] = {"": []}
    for line in index[0].splitlines():
        facts, name = line.split("\t")
        trees.setdefault(name.rpartition("/")[0], []).append(f"{facts}\t{name.rpartition('/')[2]}")
    for path in [path for path in trees if path]:
        for depth in range(path.count("/") + 1):
            trees.setdefault("/".join(path.split("/")[:depth]), [])
    for path in sorted(trees, key=lambda path: -path.count("/") if path else 1):
        oid = git("mktree", feed="".join(f"{line}\n" for line in trees[path]).encode())
        if path:
            trees[path.rpartition("/")[0]].append(f"040000 tree {oid}\t{path.rpartition('/')[2]}")
    person = f"{by(author)} 1700000000 +0000"
    text = f"tree {oid}\nparent {one}\nparent {other}\nauthor {person}\ncommitter {person}\n\nMerge\n"
    ground.repository.point(ground.repository.write("commit", text.encode()))


def test_what_was_written_under_another_name_was_written_all_the_same(ground):
    old = folder({"api": lines("api", "v1.0.1", indent=2)})["prod/api.yaml"]
    ground.commit({"prod/api.yaml": None, "prod/interim.yaml": old}, "mallory")
    ground.commit({"prod/interim.yaml": None, "prod/final.yaml": old}, "anna")
    ground.release("web", "v1.0.1", "carl")
    assert ground.names() == {"mallory", "anna"}


def test_names_of_files_that_look_like_commits_hide_nobody(ground):
    odd = f"specs/\x01{ground.first}"
    ground.release("api", "v1.0.1", "anna")
    ground.repository.commit({odd: "x", "specs/M": "x", "specs/prod/R100": "x"}, author=by("carl"))
    ground.release("api", "v1.0.2", "mallory")
    assert ground.names() == {"anna", "mallory"}


def test_when_it_is_not_known_of_which_commit_what_runs_is_all_count_who_ever_wrote_it(ground):
    ground.release("api", "v1.0.1", "anna")
    assert ground.names(since=None) == {"anna", "zoe"}
    assert ground.names(since="0" * 40) == {"anna", "zoe"}
    newer = ground.repository.tip()
    ground.repository.point(ground.first)
    assert ground.names(since=newer) == {"zoe"}


def test_after_a_rewritten_history_all_count_who_wrote_what_the_old_one_did_not_have(ground):
    old = ground.release("api", "v1.0.1", "anna")
    ground.source.poll()
    ground.release("api", "v1.0.2", "bob", onto=ground.first)
    ground.release("api", "v1.0.3", "carl")
    assert ground.names(since=old) == {"bob", "carl"}


def test_nothing_was_written_where_nothing_changed(ground):
    assert ground.names() == set()


def test_git_is_asked_once_for_a_pair_of_commits(ground):
    ground.release("api", "v1.0.1", "anna")
    ground.ask()
    with heard_commands() as heard:
        assert (ground.names(), ground.names(WEB)) == ({"anna"}, set())
    assert not any("log" in command for command in heard)


def test_what_cannot_be_known_is_unanswered(ground, tmp_path):
    asked = AuthorsOf(env=PROD, target=API, commit=ground.first)
    assert ground.probe.answer([asked])[asked] == Unanswered(why="the specs of prod/api are not read yet")
    gone = AuthorsOf(env=PROD, target=TargetName("gone"), commit=ground.first)
    ground.ask()
    assert isinstance(ground.probe.answer([gone])[gone], Unanswered)
    unknown = AuthorsOf(env=PROD, target=API, commit="1" * 40)
    assert isinstance(ground.probe.answer([unknown])[unknown], Unanswered)


def test_who_wrote_the_application_between_what_runs_and_what_is_wanted_is_told_apart(ground, tmp_path):
    shop = Repository(tmp_path / "shop.git")
    shop.git("tag", "v1.0.0", shop.commit({"a": "1"}, author=by("zoe")))
    shop.commit({"a": "2"}, author=by("mallory"))
    message = "Mend\n\nCo-authored-by: Bob <bob@example.com>\n"
    shop.git("tag", "v1.0.1", shop.commit({"a": "3"}, author=by("robot"), message=message))
    shop.commit({"a": "4"}, author=by("carl"))
    ground.release("api", "v1.0.1", "anna")
    built = {"application": Application(repository=shop.url), "version": "v1.0.1", "ran": "v1.0.0"}
    wrote = tuple(f"{name}@example.com" for name in ("bob", "mallory", "robot"))
    assert ground.ask(**built) == Authors(emails=("anna@example.com",), builders=wrote)
    shop.git("tag", "-d", "v1.0.0")
    assert ground.ask(**built).why == f"{shop.url} has no tag of v1.0.0"
    assert ground.ask(**built | {"version": "v1.0.2", "ran": ""}).why == (
        f"{shop.url} has no tag of v1.0.2 and none of what runs"
    )
    gone = Application(repository=f"file://{tmp_path}/gone.git")
    assert isinstance(ground.ask(**built | {"application": gone}), Unanswered)


def test_a_folder_does_not_say_who_wrote_it(tmp_path, applications):
    for name, content in folder({"api": lines("api", "v1.0.0", indent=2)}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    source = SpecSource(FolderSource(tmp_path), Compiler(TABLES).compile, now=lambda: NOW)
    source.poll()
    asked = AuthorsOf(env=PROD, target=API, commit=source.read(PROD, None).commit)
    assert AuthorsProbe(source, applications).answer([asked])[asked] == Unanswered(
        why="a folder has no commits that say who wrote it"
    )
