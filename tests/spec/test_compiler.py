"""Compiling again: what did not change is not made again, and stays the identical object."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from controller.model.names import Commit
from controller.shaping import Native, Shaped
from controller.spec.parse import Compiler, spec_files
from controller.spec.tables import Files
from tests.spec.shaping import TABLES, shape
from tests.spec.worlds import DEFAULTS, HEAD, PROD, TASKDEF, compiled, folder, lines, one_file, said


@dataclass
class Counted:
    """The kind of target of our tests, counting how often it is asked."""

    families: list[str] = field(default_factory=list)

    def __call__(self, native: Native) -> Shaped:
        self.families.append(str(native.definition["family"]).removeprefix("unifocus-prod-"))
        return shape(native)

    def asked(self) -> list[str]:
        asked, self.families = self.families, []
        return asked


def counting() -> tuple[Compiler, Counted]:
    counted = Counted()
    return Compiler(replace(TABLES, targets={"ecs": counted})), counted


def many(versions: dict[str, str]) -> dict[str, bytes]:
    return folder({name: lines(name, version, indent=2) for name, version in versions.items()})


NAMES = [f"s{number}" for number in range(20)]


def test_a_commit_that_changes_one_of_many_files_makes_one_target_again():
    compiler, counted = counting()
    before = compiled(many(dict.fromkeys(NAMES, "v1.2.3")), compiler=compiler)
    assert sorted(counted.asked()) == sorted(NAMES)
    files = many({**dict.fromkeys(NAMES, "v1.2.3"), "s7": "v1.2.4"})
    after = compiled(files, compiler=compiler, commit="c2")
    assert counted.asked() == ["s7"]
    assert {name for name in NAMES if after.targets[name] is not before.targets[name]} == {"s7"}
    assert (after.targets["s7"].release.commit, after.targets["s6"].release.commit) == ("c2", "c1")


def test_a_commit_that_changes_one_target_of_one_file_makes_one_target_again():
    compiler, counted = counting()
    before = compiled(one_file(*(lines(name) for name in NAMES)), compiler=compiler)
    counted.asked()
    text = "".join(lines(name, "v1.2.4" if name == "s3" else "v1.2.3") for name in NAMES)
    after = compiled(one_file("    # a comment moves every line\n" + text), compiler=compiler, commit="c2")
    assert counted.asked() == ["s3"]
    assert {name for name in NAMES if after.targets[name] is not before.targets[name]} == {"s3"}


def test_a_changed_task_definition_makes_again_what_refers_to_it():
    compiler, counted = counting()
    files = folder(
        {"api": lines("api", indent=2), "web": lines("web", indent=2, taskDefinition="{file: other.yaml}")}
    )
    files["other.yaml"] = TASKDEF
    compiled(files, compiler=compiler)
    counted.asked()
    compiled({**files, "other.yaml": TASKDEF + b"memory: 1024\n"}, compiler=compiler)
    assert counted.asked() == ["web"]


def test_a_task_definition_that_appears_nearer_by_is_noticed():
    compiler, counted = counting()
    files = many({"api": "v1.2.3"})
    compiled(files, compiler=compiler)
    counted.asked()
    compiled({**files, "prod/taskdefs/main.yaml": TASKDEF}, compiler=compiler)
    assert counted.asked() == ["api"]


def test_changed_defaults_make_everything_again_and_a_moved_line_nothing():
    compiler, counted = counting()
    files = many(dict.fromkeys(NAMES, "v1.2.3"))
    compiled(files, compiler=compiler)
    counted.asked()
    moved = (HEAD.replace("  cluster", "  # moved\n  cluster") + "  paused: true\n" + DEFAULTS).encode()
    assert compiled({**files, "prod/environment.yaml": moved}, compiler=compiler).pause
    assert counted.asked() == []
    other = (HEAD + DEFAULTS.replace("kind: ecs", "kind: ecs, owner: payments")).encode()
    compiled({**files, "prod/environment.yaml": other}, compiler=compiler)
    assert sorted(counted.asked()) == sorted(NAMES)


def test_a_target_that_was_broken_for_a_while_is_the_same_object_afterwards():
    compiler, _ = counting()
    good, bad = many({"api": "v1.2.3", "web": "v1.2.3"}), many({"api": "v1.2", "web": "v1.2.3"})
    before = compiled(good, compiler=compiler)
    assert set(compiled(bad, compiler=compiler).targets) == {"web"}
    assert compiled(good, compiler=compiler).targets["api"] is before.targets["api"]
    broken = {**good, "prod/environment.yaml": b"spec: {}"}
    assert compiled(broken, compiler=compiler).targets == {}
    assert compiled(good, compiler=compiler).targets["api"] is before.targets["api"]


def test_files_of_one_environment_may_come_from_different_commits():
    old = Files(files=many({"api": "v1.0.0", "web": "v1.0.0"}), commit=Commit("old"), path="specs")
    new = Files(files=many({"api": "v2.0.0", "web": "v2.0.0"}), commit=Commit("new"), path="specs")
    main, api, web = spec_files(PROD, new.files)
    of = Compiler(TABLES).compile(PROD, {main: new, api: old, web: new})
    assert {(str(one.release.commit), one.release.version) for one in of.targets.values()} == {
        ("old", "v1.0.0"),
        ("new", "v2.0.0"),
    }


def test_a_target_that_is_gone_is_forgotten():
    compiler, counted = counting()
    compiled(many({"api": "v1.2.3", "web": "v1.2.3"}), compiler=compiler)
    assert set(compiled(many({"web": "v1.2.3"}), compiler=compiler).targets) == {"web"}
    counted.asked()
    compiled(many({"api": "v1.2.3", "web": "v1.2.3"}), compiler=compiler)
    assert counted.asked() == ["api"]


EDITS = st.dictionaries(
    st.sampled_from(["api", "web", "job"]),
    st.sampled_from(["v1.0.0", "v1.0.1", "v1.0", "latest", "x: y"]),
    min_size=1,
)


@given(st.lists(EDITS, min_size=1, max_size=6))
def test_compiling_again_comes_to_the_same_as_compiling_afresh(history):
    compiler = Compiler(TABLES)
    for number, versions in enumerate(history):
        again = compiled(many(versions), compiler=compiler, commit=f"c{number}")
        afresh = compiled(many(versions), commit=f"c{number}")
        assert said(again) == said(afresh)
        assert again.targets == afresh.targets
        assert again.broken == afresh.broken
        for name, made in again.targets.items():
            assert made.release.version == versions[name]
