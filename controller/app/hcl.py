"""Terraform's files, as far as living beside it goes: which resources there are, and what they say.

HCL is read with python-hcl2, a grammar of the whole language: too much follows from `ignore_changes` to hang it on
patterns of our own. Terraform's JSON (`terraform show -json`) is read too; it never tells of `lifecycle`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from controller.errors import SpecError

SERVICE: Final = "aws_ecs_service"
DEFINITION: Final = "aws_ecs_task_definition"
SCALING: Final = "aws_appautoscaling_target"
_TYPES: Final = frozenset({SERVICE, DEFINITION, SCALING})
_EXPRESSION: Final = re.compile(r"\$\{[^{}]*\}")
_LARGEST: Final = 8 * 1024 * 1024
_ALL: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource as Terraform's files, or its JSON, say it; `where` is its file, `ignored` None if not told.

    `planned` holds what a plan would change of it: (before, after) by attribute.
    """

    kind: str
    name: str
    where: str
    values: Mapping[str, object]
    ignored: frozenset[str] | None = frozenset()
    planned: Mapping[str, tuple[object, object]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The resource's address within its module."""
        return f"{self.kind}.{self.name}"

    def says(self, key: str) -> str:
        """Give an attribute as text; expressions stay as they are written."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def ignores(self, key: str) -> bool:
        """Whether Terraform is told to leave an attribute alone."""
        return self.ignored is not None and bool({key, _ALL} & self.ignored)

    def may_be(self, name: str, key: str = "name") -> bool:
        """Whether an attribute can be this text, whatever its expressions give; never if it is nothing else."""
        said = self.says(key)
        words = _EXPRESSION.split(said)
        if not any(words):
            return False
        return re.fullmatch(".*".join(map(re.escape, words)), name) is not None

    def is_open(self, key: str = "name") -> bool:
        """Whether an attribute is nothing but an expression."""
        return not any(_EXPRESSION.split(self.says(key)))


def resources(path: Path) -> tuple[Resource, ...]:
    """Read every resource that matters here: of a folder's files, or of a file that `terraform show -json` wrote.

    Raises SpecError for what cannot be read.
    """
    if path.is_dir():
        files = sorted(one for one in path.rglob("*.tf") if not any(p.startswith(".") for p in one.parts[1:]))
        if not files:
            raise SpecError(f"{path} holds no .tf file")
        return tuple(one for file in files for one in _of_file(file))
    if path.suffix == ".tf":
        return tuple(_of_file(path))
    return tuple(_of_json(path))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise SpecError(f"{path} has more than {_LARGEST} bytes")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SpecError(f"{path} cannot be read: {problem}") from problem


def _of_file(path: Path) -> Iterator[Resource]:
    import hcl2

    text = _read(path)
    if not any(kind in text for kind in _TYPES):
        return  # to read a grammar costs more than to look
    try:
        said = hcl2.loads(text)
    except Exception as problem:
        first = str(problem).strip().partition("\n")[0]
        raise SpecError(f"{path} cannot be read as HCL: {first}") from problem
    for block in _maps(said.get("resource")):
        for kind, named in block.items():
            if _bare(kind) in _TYPES and isinstance(named, Mapping):
                for name, body in named.items():
                    if isinstance(body, Mapping):
                        yield _of_body(_bare(kind), _bare(name), str(path), body)


def _of_body(kind: str, name: str, where: str, body: Mapping[str, object]) -> Resource:
    ignored: set[str] = set()
    for lifecycle in _maps(body.get("lifecycle")):
        said = lifecycle.get("ignore_changes")
        ignored.update(_bare(one) for one in (said if isinstance(said, list) else [said]) if one is not None)
    values = {key: _bare(value) if isinstance(value, str) else value for key, value in body.items()}
    return Resource(kind=kind, name=name, where=where, values=values, ignored=frozenset(ignored))


def _of_json(path: Path) -> Iterator[Resource]:
    try:
        said = json.loads(_read(path))
    except ValueError as problem:
        raise SpecError(f"{path} is neither a folder, nor a .tf file, nor JSON: {problem}") from problem
    if not isinstance(said, Mapping) or "format_version" not in said:
        raise SpecError(f"{path} is not what `terraform show -json` writes")
    changes = {str(one.get("address")): one.get("change") for one in _maps(said.get("resource_changes"))}
    whole = said.get("planned_values") or said.get("values")
    root = whole.get("root_module") if isinstance(whole, Mapping) else None
    for one in _modules(root):
        if one.get("type") in _TYPES and isinstance(one.get("values"), Mapping):
            yield _of_values(one, str(path), changes.get(str(one.get("address"))))


def _of_values(said: Mapping[str, object], where: str, change: object) -> Resource:
    before, after = ({}, {}) if not isinstance(change, Mapping) else (change.get("before"), change.get("after"))
    values = said["values"]
    planned = {
        str(key): (before.get(key), value)
        for key, value in (after.items() if isinstance(before, Mapping) and isinstance(after, Mapping) else ())
        if isinstance(before, Mapping) and before.get(key) != value
    }
    return Resource(
        kind=str(said["type"]),
        name=str(said.get("name")),
        where=f"{where}: {said.get('address')}",
        values=values if isinstance(values, Mapping) else {},
        ignored=None,
        planned=planned,
    )


def _modules(module: object) -> Iterator[Mapping[str, object]]:
    if isinstance(module, Mapping):
        yield from _maps(module.get("resources"))
        for child in _maps(module.get("child_modules")):
            yield from _modules(child)


def _maps(value: object) -> list[Mapping[str, object]]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, Mapping)]


def _bare(text: object) -> str:
    """Take the quotes off that python-hcl2 leaves on."""
    word = str(text)
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word
