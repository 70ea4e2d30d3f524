"""Bytes become a tree or complaints, whatever they are; what is read is what was written."""

import time

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from controller.spec.nodes import Fields, Items, Mark, Node, Text, mark_of, values_of, written
from controller.spec.scan import DEEPEST, LARGEST, scan

# What YAML is made of, and what has killed readers of it.
STRUCTURE = ["a", "b:", ": ", "- ", "? ", "[", "]", "{", "}", ",", "\n", "\n  ", "\n    ", " ", "\t", "'", '"']
MARKS = ["|\n", ">-\n", "&x ", "*x", "!!str ", "!<", "<<: ", "---\n", "...\n", "%YAML 1.1\n", "# c\n", "@", "`"]
WHOLE = ["null", "~", "0o7", "\\x00", "key: value\n", "- item\n"]
STRANGE = ["\r\n", "\r", "\x00", "\ufeff", "\u2028", "\u202e", "é", "😀", "\ud7ff"]
PIECES = st.sampled_from([*STRUCTURE, *MARKS, *WHOLE, *STRANGE])
YAMLISH = st.lists(PIECES, max_size=60).map(lambda pieces: "".join(pieces).encode())


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")), max_size=12
)
TREES = st.dictionaries(
    WORDS,
    st.recursive(
        st.none() | WORDS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
        max_leaves=20,
    ),
    min_size=1,
    max_size=5,
)


def dump(tree: object, style: str | None, *, flow: bool) -> bytes:
    said = yaml.safe_dump(tree, default_style=style, default_flow_style=flow, allow_unicode=True)
    return said.replace("!!null ", "").encode()


DUMPED = st.builds(lambda tree, flow: dump(tree, None, flow=flow), TREES, st.booleans())


def check(content: bytes) -> None:
    scanned = scan(content, "f.yaml")
    assert (scanned.root is not None) or scanned.complaints
    for complaint in scanned.complaints:
        assert complaint.path == "f.yaml"
        assert 1 <= complaint.line <= content.count(b"\n") + 2
        assert complaint.column >= 1
        assert str(complaint).isprintable()


@given(st.binary(max_size=4096))
@example(b"\x00")
@example(b"\xff\xfe")
@example(b"- ? [[{")
def test_any_bytes_end_in_a_tree_or_in_complaints(content):
    check(content)


@given(YAMLISH)
@example(b"? a\n? b")
@example(b"a: !<tag:yaml.org,2002:str> b")
@example(b"{a: b, ? c}")
@example(b"a: 'b\n\n  c'")
def test_anything_like_yaml_ends_in_a_tree_or_in_complaints(content):
    check(content)


@given(YAMLISH | DUMPED)
@example(b'a: [b, {c: d}]\ne: |\n  f\n  g\nh: "i\\n"\n')
def test_what_is_taken_reads_as_pyyaml_reads_it_when_it_guesses_no_types(content):
    scanned = scan(content, "f.yaml")
    if scanned.complaints:
        return
    theirs = yaml.load(content.decode(), Loader=yaml.CBaseLoader)  # noqa: S506 - it makes text, and nothing else
    assert _without_nulls(values_of(scanned.root, written)) == _without_nulls(theirs)


def _without_nulls(node):
    if isinstance(node, dict):
        return {key: _without_nulls(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_without_nulls(item) for item in node]
    return "" if node in {None, "~", "null"} else node


@given(TREES, st.sampled_from(["'", '"', "|", None]), st.booleans())
def test_what_yaml_can_say_is_read_back(tree, style, flow):
    scanned = scan(dump(tree, style, flow=flow), "f.yaml")
    assert scanned.complaints == ()
    assert scanned.root is not None
    assert values_of(scanned.root, written) == (tree if style is None else _nulls_as_words(tree))


def _nulls_as_words(node):
    """A dumper that quotes everything quotes null too."""
    if isinstance(node, dict):
        return {key: _nulls_as_words(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_nulls_as_words(item) for item in node]
    return "null" if node is None else node


@given(YAMLISH | DUMPED)
def test_every_value_stands_where_its_mark_says(content):
    scanned = scan(content, "f.yaml")
    rows = content.decode().replace("\r\n", "\n").split("\n")
    for text in _texts(scanned.root) if scanned.root and not scanned.complaints else ():
        if text.plain and text.value and "\n" not in text.value and text.at.line <= len(rows):
            assert rows[text.at.line - 1][text.at.column - 1 :].startswith(text.value.split(" ")[0])


def _texts(node: Node):
    match node:
        case Text():
            yield node
        case Items(items=items):
            for item in items:
                yield from _texts(item)
        case Fields(entries=entries):
            for entry in entries.values():
                yield from _texts(entry.value)


@pytest.mark.parametrize("opening", [b"[", b"{", b"[{", b"- ", b"? ", b"- - "])
def test_a_quarter_of_a_megabyte_of_openings_is_refused_at_once(opening):
    began = time.process_time()
    scanned = scan(opening * (LARGEST // len(opening)), "f.yaml")
    assert time.process_time() - began < 1
    assert [complaint.what for complaint in scanned.complaints] == [f"is nested more than {DEEPEST} levels deep"]


def test_openings_at_the_end_of_a_file_are_refused_too():
    scanned = scan(b"a: b\n" + b"c: " + b"[" * 30_000, "f.yaml")
    assert scanned.root is None
    assert scanned.complaints[0].line == 2


@pytest.mark.parametrize(
    "content",
    [
        b"a: " + b"b\n " * 80_000,
        b'"' + b"\\n" * 120_000 + b'": x',
        b"#\n" * 130_000,
        b"a" * LARGEST,
        b":" * LARGEST,
        "".join(f"%TAG !a{number}! x:\n" for number in range(14_000)).encode(),
        "\n".join(" " * level + "a:" for level in range(700)).encode(),
        b"[" + b"a," * 130_000 + b"]",
    ],
    ids=["plain-lines", "escapes", "comments", "one-word", "colons", "directives", "indents", "one-list"],
)
def test_no_file_within_the_limits_takes_long(content):
    began = time.process_time()
    check(content)
    assert time.process_time() - began < 1


def test_nothing_is_typed_and_nothing_is_guessed():
    texts = "a: no\nb: 1_2\nc: 22:22\nd: 2024-01-01\ne: 1.10\nf: 012345670123\ng: 0x1F\nh: .nan\ni: 'null'\nj: on\n"
    root = scan(texts.encode(), "f.yaml").root
    assert root is not None
    assert values_of(root, written) == {
        "a": "no",
        "b": "1_2",
        "c": "22:22",
        "d": "2024-01-01",
        "e": "1.10",
        "f": "012345670123",
        "g": "0x1F",
        "h": ".nan",
        "i": "null",
        "j": "on",
    }


@pytest.mark.parametrize("nothing", ["", "~", "null", "Null", "NULL", "# comment"])
def test_a_value_that_is_not_there_is_none(nothing):
    root = scan(f"a: {nothing}\n".encode(), "f.yaml").root
    assert root is not None
    assert values_of(root, written) == {"a": None}


def test_windows_line_ends_are_taken():
    root = scan(b"a: b\r\nc: d\r\n", "f.yaml").root
    assert root is not None
    assert values_of(root, written) == {"a": "b", "c": "d"}
    assert mark_of(root, ("c",)) == Mark("f.yaml", 2, 4)


def test_a_place_counts_characters_and_not_bytes():
    scanned = scan("ä: {ö: [é, &x b]}\n".encode(), "f.yaml")
    assert [str(complaint) for complaint in scanned.complaints] == ["f.yaml:1:12: anchors (&x) are refused"]


def test_a_path_leads_to_a_value_a_key_or_what_is_around_what_is_missing():
    root = scan(b"a:\n  b:\n    - c: d\n", "f.yaml").root
    assert root is not None
    assert mark_of(root, ("a", "b", 0, "c"))[1:] == (3, 10)
    assert mark_of(root, ("a", "b", 0, "c"), key=True)[1:] == (3, 7)
    assert mark_of(root, ("a", "b", 0, "x", "y"))[1:] == (3, 7)
    assert mark_of(root, ("a", "b", 7))[1:] == (3, 5)
    assert mark_of(root, ("x",))[1:] == (1, 1)
