"""Complaints: whatever is wrong in a spec, at the place where somebody wrote it.

They read `specs/prod.yaml:14:9: targets.api.version: 'v1.2' is not …; did you mean v1.2.0?`: the file, the line and
column of the value (of the key if the key is what is wrong, of what is around it if something is missing), the path
to it without `spec`, and a sentence.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, get_args

from pydantic import BaseModel, ValidationError

from controller.model.desired import Complaint
from controller.model.lookups import as_written
from controller.shaping import Fault
from controller.spec.nodes import Fields, Items, Mark, Node, Path, kind_of, mark_of
from controller.spec.parts import Strict
from controller.spec.scalars import suggest
from controller.spec.scan import printable
from controller.spec.schema import fields_of

_KEY: Final = "[key]"
_ROOT: Final = "spec"
_MISSING: Final[Mapping[str, str]] = {
    "taskDefinition": "is missing: for now, a target says its whole task definition, inline or as {file: …}"
}
_WANTED: Final[Mapping[str, str]] = {
    "string_type": "text",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
}


def complaint(at: Mark, where: Path, what: str) -> Complaint:
    """Make one complaint."""
    path = where[1:] if where[:1] == (_ROOT,) and where[1:] else where
    dotted = ".".join(printable(str(part)) for part in path)
    return Complaint(path=at.file, line=at.line, column=at.column, where=dotted, what=what)


def in_order(complaints: Collection[Complaint]) -> tuple[Complaint, ...]:
    """Sort by place; what is said twice of one place is said once, and what is said of broken YAML comes alone."""
    said: dict[tuple[object, ...], Complaint] = {}
    yaml = {place_of(one) for one in complaints if not one.where}
    for one in complaints:
        if not one.where or place_of(one) not in yaml:
            said.setdefault((place_of(one), one.what, one.where.rpartition(".")[2]), one)
    return tuple(sorted(said.values(), key=lambda one: (one.path, one.line, one.column, one.where, one.what)))


def place_of(one: Complaint) -> tuple[str, int, int]:
    """Give the place of a complaint."""
    return one.path, one.line, one.column


def from_model(
    problem: ValidationError, model: type[BaseModel], root: Node, where: tuple[str | int, ...] = ()
) -> Iterator[Complaint]:
    """Say what a model found wrong in a tree; `where` is the path to the tree."""
    for error in problem.errors(include_url=False, include_input=False):
        path, kind = tuple(error["loc"]), error["type"]
        if path and path[-1] == _KEY:
            path = path[:-1]
            yield complaint(mark_of(root, path, key=True), (*where, *path), error["msg"])
        elif kind == "extra_forbidden":
            what = unknown_field(str(path[-1]), _model_at(model, path[:-1]))
            yield complaint(mark_of(root, path, key=True), (*where, *path), what)
        elif kind in _WANTED:
            what = f"must be {_WANTED[kind]}, not {kind_of(_node_at(root, path))}"
            yield complaint(mark_of(root, path), (*where, *path), what)
        else:
            what = _MISSING.get(str(path[-1]), "is missing") if kind == "missing" else error["msg"]
            yield complaint(mark_of(root, path), (*where, *path), what)


def unknown_field(name: str, model: type[BaseModel] | None) -> str:
    """Say that a field is not known, or not yet, and what was probably meant."""
    if model and issubclass(model, Strict) and name in model.not_yet:
        return "not supported yet"
    return f"unknown field{suggest(name, fields_of(model) if model else ())}"


def from_faults(faults: Iterable[Fault], roots: Mapping[str, Node], where: Path) -> Iterator[Complaint]:
    """Say what a kind of target found wrong; `roots` are the trees that its paths begin in."""
    for fault in faults:
        root = roots.get(str(fault.path[0])) if fault.path else None
        at = mark_of(root, fault.path[1:]) if root else next(iter(roots.values())).at
        yield complaint(at, (*where, *fault.path), as_written(fault.what))


def _node_at(root: Node, path: Path) -> Node:
    node = root
    for part in path:
        if isinstance(node, Fields) and (entry := node.entries.get(str(part))):
            node = entry.value
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
    return node


def _model_at(model: type[BaseModel] | None, path: Path) -> type[BaseModel] | None:
    """Find the model that reads what is at a path, so that its fields can be suggested."""
    for part in path:
        known = fields_of(model) if model else {}
        annotation = known.get(str(part))
        if model and annotation is None:
            continue  # the key of a mapping: its model was found one step before
        model = next(_models_in(annotation), None)
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
