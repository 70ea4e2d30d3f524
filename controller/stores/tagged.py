"""Values of several types in one place: each is written with the name of its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final, TypeAlias

from cattrs import Converter

from controller.errors import Refusal

KIND: Final = "kind"
VALUE: Final = "value"

Tree: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """One set of kinds, open (gates) or closed (outcomes); `what` is what they are, for people.

    `unnamed` is the kind of a value that was written before there was more than one.
    """

    what: str
    table: Mapping[str, type]
    converter: Converter
    unnamed: str = ""

    def write(self, value: object) -> dict[str, object]:
        """Write a value with its kind; raise Refusal if it is in no table: nothing may be lost silently."""
        kind = type(value)
        name = next((name for name, known in self.table.items() if known is kind), None)
        if name is None:
            raise Refusal(f"{kind.__name__} is no kind of {self.what} that can be written down")
        tree = self.converter.unstructure(value, kind)
        return {KIND: name, VALUE: tree} if _says_kind(kind) else {KIND: name, **tree}

    def read(self, tree: Tree, _kind: object = None) -> object:
        """Read a value by its kind; raise Refusal for a kind that this version does not have."""
        name = str(tree[KIND]) if KIND in tree or not self.unnamed else self.unnamed
        kind = self.table.get(name)
        if kind is None:
            known = ", ".join(sorted(self.table))
            raise Refusal(f"there is no {self.what} of kind {name!r} here (there are: {known})")
        own = {key: value for key, value in tree.items() if key != KIND}
        return self.converter.structure(own[VALUE] if _says_kind(kind) else own, kind)

    def register(self, is_it: Callable[[object], bool]) -> None:
        """Use this wherever a field is declared with a type that `is_it` recognises."""
        self.converter.register_unstructure_hook_func(is_it, self.write)
        self.converter.register_structure_hook_func(is_it, self.read)


def _says_kind(kind: type) -> bool:
    """Whether the type has a field of that name itself (a Place has): then the value stands apart."""
    return any(field.name == KIND for field in fields(kind))


def by_name(*kinds: type) -> dict[str, type]:
    """Name the members of a closed set by their own names: NotSent is notSent."""
    return {kind.__name__[0].lower() + kind.__name__[1:]: kind for kind in kinds}
