"""Every bad spec in tests/golden/specs/bad gets exactly the complaints that stand beside it, word for word."""

from pathlib import Path

import pytest

from controller.model.names import Commit, EnvName
from controller.spec.parse import compile_environment
from tests.spec.shaping import TABLES

GOLDEN = Path(__file__).parents[1] / "golden" / "specs"
BAD = sorted((GOLDEN / "bad").glob("*.yaml"))


def complaints_of(content: bytes) -> str:
    files = {f"taskdefs/{file.name}": file.read_bytes() for file in (GOLDEN / "taskdefs").iterdir()}
    compiled = compile_environment(
        EnvName("prod"), {**files, "prod.yaml": content}, prefix="specs", tables=TABLES, commit=Commit("c1")
    )
    assert compiled.targets == {}
    assert set(compiled.broken) == {"prod.yaml"}
    return "".join(f"{complaint}\n" for complaint in compiled.complaints)


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_bad_spec_gets_the_complaints_beside_it(file):
    assert complaints_of(file.read_bytes()) == file.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_complaint_belongs_to_a_bad_spec_and_there_are_enough_of_them():
    assert {file.stem for file in (GOLDEN / "bad").glob("*.txt")} == {file.stem for file in BAD}
    assert len(BAD) >= 80


def test_the_spec_that_all_of_them_were_made_from_is_good():
    good = (GOLDEN / "good.yaml").read_bytes()
    files = {"prod.yaml": good, "taskdefs/api.yaml": (GOLDEN / "taskdefs" / "api.yaml").read_bytes()}
    found = compile_environment(EnvName("prod"), files, prefix="specs", tables=TABLES, commit=Commit("c1"))
    assert found.complaints == ()
    assert set(found.targets) == {"api"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"[" * 30_000, "specs/prod.yaml:1:33: is nested more than 32 levels deep"),
        (b"{" * 100_000, "specs/prod.yaml:1:33: is nested more than 32 levels deep"),
        (b"- " * 100_000, "specs/prod.yaml:1:65: is nested more than 32 levels deep"),
        (b"\xff\xfea\x00", "specs/prod.yaml:1:1: is UTF-16; specs are UTF-8 without a byte order mark"),
        (b"\xef\xbb\xbfa: b", "specs/prod.yaml:1:1: begins with a byte order mark; save it as UTF-8 without one"),
        (b"a: b\n\xc3\xa4: \xe4", "specs/prod.yaml:2:4: is not UTF-8: byte 0xe4"),
        (b"a: b\x00", "specs/prod.yaml:1:5: U+0000 is refused: it cannot be seen"),
        (b"a: b\rc: d", "specs/prod.yaml:1:5: U+000D is refused: it cannot be seen"),
        (b"#" * 300_000, "specs/prod.yaml:1:1: has 300000 bytes, and at most 262144 are read"),
        (
            b"- a\n" * 30_000,
            "specs/prod.yaml:19998:3: holds too much: at most 20000 values, keys and brackets are read",
        ),
    ],
    ids=["brackets", "braces", "dashes", "utf-16", "bom", "latin-1", "nul", "lone-cr", "too-big", "too-many"],
)
def test_what_no_text_file_should_hold_is_refused_with_its_place(content, complaint):
    assert complaints_of(content) == f"{complaint}\n"
