"""The core is functions over frozen values: no output, no hidden state, nothing that somebody else can change."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture import tree

CORE = ("controller/model", "controller/plan", "controller/gates")
REACHES_OUT = {"print", "open", "input", "exec", "eval", "compile", "__import__", "breakpoint"}
CHANGEABLE = {"list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter", "count", "iter"}
DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)


def called(node: ast.Call) -> str:
    return ast.unparse(node.func).rpartition(".")[2]


def effects(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Global() | ast.Nonlocal():
                yield f"{node.lineno}: {ast.unparse(node)}"
            case ast.Call(func=ast.Name(id=name)) if name in REACHES_OUT:
                yield f"{node.lineno}: {name}()"


def changeable(module: ast.Module) -> Iterator[str]:
    """A module-level (or class-level) name bound to something that can be changed."""
    bodies = [module, *(node for node in ast.walk(module) if isinstance(node, ast.ClassDef))]
    for node in (statement for body in bodies for statement in body.body):
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, DISPLAYS) or (isinstance(value, ast.Call) and called(value) in CHANGEABLE):
            yield f"{node.lineno}: {ast.unparse(node).partition('=')[0].strip()} can be changed"


def said_true(decorator: ast.expr) -> set[str | None]:
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    return {keyword.arg for keyword in keywords if ast.unparse(keyword.value) == "True"}


def loose(module: ast.Module) -> Iterator[str]:
    """A dataclass that is not frozen, has no slots, or takes several fields by position."""
    for node in (node for node in ast.walk(module) if isinstance(node, ast.ClassDef)):
        fields = sum(isinstance(statement, ast.AnnAssign) for statement in node.body)
        wanted = {"frozen", "slots"} | ({"kw_only"} if fields > 1 else set())
        for decorator in node.decorator_list:
            missing = wanted - said_true(decorator)
            if "dataclass" in ast.unparse(decorator) and missing:
                yield f"{node.lineno}: {node.name} is not {', '.join(sorted(missing))}"


def core() -> Iterator[tuple[str, ast.Module]]:
    for path in tree.python(*CORE):
        yield tree.short(path), tree.parsed(path)


@pytest.mark.parametrize("check", [effects, changeable, loose])
def test_the_core_is_pure(check):
    assert [f"{name}:{said}" for name, module in core() for said in check(module)] == []


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (effects, "def f():\n    global x"),
        (effects, "def f():\n    print('x')"),
        (effects, "open('x')"),
        (changeable, "X = {}"),
        (changeable, "X: list[int] = []"),
        (changeable, "X = collections.defaultdict(int)"),
        (changeable, "class A:\n    seen = set()"),
        (loose, "@dataclass\nclass A:\n    x: int"),
        (loose, "@dataclass(frozen=True)\nclass A:\n    x: int"),
        (loose, "@dataclasses.dataclass(frozen=True, slots=True)\nclass A:\n    x: int\n    y: int"),
        (loose, "@dataclass(frozen=False, slots=True)\nclass A:\n    x: int"),
    ],
)
def test_what_is_not_pure_is_seen(check, code):
    assert list(check(ast.parse(code)))


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (changeable, "X = MappingProxyType({1: 2})"),
        (changeable, "X = (1, 2)\nY = frozenset({1})"),
        (changeable, "def f():\n    found = []"),
        (loose, "@dataclass(frozen=True, slots=True)\nclass A:\n    x: int"),
        (loose, "@dataclass(frozen=True, slots=True, kw_only=True)\nclass A:\n    x: int\n    y: int"),
        (loose, "class A(StrEnum):\n    X = 'x'"),
    ],
)
def test_what_is_pure_is_left_alone(check, code):
    assert not list(check(ast.parse(code)))
