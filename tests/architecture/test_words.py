"""Names say what a thing is: no word that fits everything, and a sentence at the top of every file."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture import tree

# They name no idea: whatever is called so is two things, or the wrong one (docs/words.md has ours).
EMPTY_WORDS = {"manager", "handler", "helper", "util", "utility", "utils", "processor", "misc"}
FOLDERS = ("controller", "tests", "benchmarks")


def words(name: str) -> set[str]:
    """Split snake_case, camelCase and kebab-case into lower-case words, in the singular."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {word for part in parts for word in (part.lower(), part.lower().removesuffix("s"))}


def given_names(module: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that this file gives; what it takes from elsewhere was named by others."""
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield node.lineno, name


def empty(name: str) -> bool:
    return bool(words(name) & EMPTY_WORDS)


def test_no_identifier_has_an_empty_word():
    found = [
        f"{tree.short(path)}:{line}: {name}"
        for path in tree.python(*FOLDERS)
        for line, name in given_names(tree.parsed(path))
        if empty(name)
    ]
    assert found == []


def test_no_file_name_has_an_empty_word():
    assert [tree.short(path) for path in tree.files() if empty(tree.short(path))] == []


@pytest.mark.parametrize("name", ["SpecManager", "error_handler", "str_utils", "MISC", "helpers", "preProcessor"])
def test_an_empty_word_is_seen_in_any_spelling(name):
    assert empty(name)


@pytest.mark.parametrize("name", ["reconcile", "memoryUtilization", "process", "handle", "managed"])
def test_a_word_that_only_contains_one_is_left_alone(name):
    assert not empty(name)


def test_every_file_begins_with_one_sentence_that_says_what_it_is():
    nameless = []
    for path in tree.python(*FOLDERS):
        first = (ast.get_docstring(tree.parsed(path)) or "").partition("\n")[0]
        if not first.endswith((".", "?", "!", ":")):
            nameless.append(f"{tree.short(path)}: {first or 'no docstring'}")
    assert nameless == []


def test_every_word_of_the_list_is_used_by_the_code():
    page = (tree.ROOT / "docs" / "words.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \*\*(\w+)\*\* \|(.*)\|$", page, re.MULTILINE)
    code = " ".join(path.read_text(encoding="utf-8").lower() for path in tree.python("controller"))
    unused = [word for word, about in listed if word not in code and "(Not yet.)" not in about]
    assert listed
    assert unused == []
