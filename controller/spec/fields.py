"""What a spec may say of a guard's field: made from the field's type, and from what its dataclass says beside it.

Metadata of a field: `about` it, for people and editors; `key`, its name in YAML if that is another; `between`, the
bounds of a number or a duration; `like`, the pattern of a text and what that is in words, and `kinds`, what such a
text may look like in JSON; `explain`, a function that says what is wrong with a text, and the `pattern` of it for
editors; `secret`, that a text which is wrong is not repeated; `alone`, that one item need not be in a list;
`floor`, how it is compared with a policy (spec/floors.py); `environment`, that it names one.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field
from datetime import timedelta
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import BeforeValidator, GetJsonSchemaHandler
from pydantic import Field as Described
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from controller.spec.scalars import Decimal, Explained, Like, OneOf, Span, TrueOrFalse, Whole, Word

_SPANS: Final = ("1s", "7d")
_NUMBERS: Final = (0, 1_000_000)


def described(one: "Field[Any]") -> Any:  # noqa: ANN401 - what pydantic's own Field gives
    """Describe a field to pydantic: its name in YAML, its default, and what it is about."""
    said = {"description": str(one.metadata.get("about", "")), "alias": one.metadata.get("key", to_camel(one.name))}
    if one.default is MISSING:
        return Described(**said)
    # A default that is made is not published: a duration would be published in a form that no spec has.
    made = one.default
    return Described(default_factory=lambda: made, **said)


def annotation(hint: object, metadata: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type, or what pydantic takes for one
    """Say how a field is read. Raises TypeError for a type that no spec can give."""
    if get_origin(hint) is UnionType:
        (hint,) = (one for one in get_args(hint) if one is not type(None))
        return annotation(hint, metadata)  # nothing is what it is if it is not written
    if get_origin(hint) is tuple and get_args(hint) == (str, ...):
        items: Any = tuple[_text(metadata), ...]  # type: ignore[misc]  # a type that is made here
        return Annotated[items, BeforeValidator(_listed), _OneOrMany()] if metadata.get("alone") else items
    if get_origin(hint) is Literal:
        return Annotated[str, OneOf(get_args(hint))]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Annotated[hint, OneOf(tuple(hint), hint)]
    if hint is str:
        return _text(metadata)
    if hint is bool:
        return Annotated[bool, TrueOrFalse()]
    if hint is float:
        return Annotated[float, Decimal()]
    return _counted(hint, metadata.get("between"))


def _counted(hint: object, between: Any) -> Any:  # noqa: ANN401 - as above
    if hint is int:
        return Annotated[int, Whole(*(between or _NUMBERS))]
    if hint is timedelta:
        return Annotated[timedelta, Span(*(between or _SPANS))]
    raise TypeError(f"a guard's field cannot be {hint}")


def _text(metadata: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    if "explain" in metadata:
        return Annotated[
            str, Explained(metadata["explain"], metadata["pattern"], shown=not metadata.get("secret", False))
        ]
    if "like" in metadata:
        pattern, wanted = metadata["like"]
        return Annotated[str, Like(pattern, wanted, metadata.get("kinds", ("string",)))]
    return Word


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _OneOrMany:
    """Tells editors that one item may also be written alone."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, walk: GetJsonSchemaHandler) -> JsonSchemaValue:
        items = walk(schema)
        return {"anyOf": [items["items"], items]}
