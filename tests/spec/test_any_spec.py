"""Whatever somebody does to the example, compiling it ends: in targets, or in complaints that have a place."""

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from controller import kinds
from controller.model.names import Commit
from controller.spec.parse import Compiler, compile_environment, spec_files
from controller.spec.tables import Files
from tests.spec.worlds import PROD

SPECS = Path(__file__).parents[2] / "specs"
EXAMPLE = {
    name: (SPECS / name).read_text(encoding="utf-8").splitlines()
    for name in ("prod.yaml", "taskdefs/api.yaml", "taskdefs/web.yaml")
}
ODD = [
    "",
    "[]",
    "{}",
    "null",
    "-1",
    "0",
    "x",
    "''",
    "[[x]]",
    "{a: {b: [c]}}",
    "[null]",
    "{'': x}",
    "true",
    "1e9",
    "a: b",
]
ODDER = [
    "${version}",
    "${",
    "$${x}",
    "${nothing}",
    "é",
    "'\\0'",
    '"\\u202e"',
    "|",
    "&a b",
    "*a",
    "!x y",
    "@",
    "9" * 400,
]
SCALARS = st.sampled_from([*ODD, *ODDER]) | st.text(max_size=6)


@st.composite
def edits(draw):
    """One to four lines, each with another value, another key, gone, or there twice."""
    files = {name: list(lines) for name, lines in EXAMPLE.items()}
    for _ in range(draw(st.integers(1, 4))):
        lines = files[draw(st.sampled_from(sorted(files)))]
        at = draw(st.integers(0, len(lines) - 1))
        key, colon, _ = lines[at].partition(": ")
        match draw(st.integers(0, 4)):
            case 0:
                lines[at] = f"{key}{colon}{draw(SCALARS)}"
            case 1:
                lines[at] = f"{key[:-1]}{draw(SCALARS)}{colon}x"
            case 2:
                del lines[at]
            case 3:
                lines.insert(at, lines[at])
            case _:
                lines[at] = lines[at][draw(st.integers(0, 3)) :]
    return {name: "\n".join(lines).encode("utf-8", "surrogatepass") for name, lines in files.items()}


def check(files: dict[str, bytes]) -> None:
    of = compile_environment(PROD, files, prefix="specs", tables=kinds.SPEC, commit=Commit("c1"))
    assert bool(of.targets) != bool(of.complaints)
    for complaint in of.complaints:
        assert complaint.path.removeprefix("specs/") in files
        assert complaint.line >= 1
        assert complaint.column >= 1
        assert complaint.what
        assert "cannot be read by its kind" not in complaint.what
        assert str(complaint).isprintable()


@given(edits())
@example({name: "\n".join(lines).encode() for name, lines in EXAMPLE.items()})
def test_an_edited_example_comes_to_targets_or_to_complaints(files):
    check(files)


@given(st.binary(max_size=200), st.sampled_from(sorted(EXAMPLE)))
def test_invariant_34_any_bytes_in_place_of_a_file_come_to_complaints(content, name):
    check({**{other: "\n".join(lines).encode() for other, lines in EXAMPLE.items()}, name: content})


@given(st.lists(edits(), min_size=1, max_size=4))
def test_a_compiler_that_has_seen_anything_still_says_the_same_as_a_new_one(history):
    compiler = Compiler(kinds.SPEC)
    for files in history:
        view = Files(files=files, commit=Commit("c1"), path="specs")
        again = compiler.compile(PROD, dict.fromkeys(spec_files(PROD, files), view))
        afresh = Compiler(kinds.SPEC).compile(PROD, dict.fromkeys(spec_files(PROD, files), view))
        assert (again.complaints, again.targets) == (afresh.complaints, afresh.targets)
