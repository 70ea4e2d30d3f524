"""The input of two ECS operations as AWS's own model describes it: what fits, and what is wrong with the rest."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from controller.shaping import Fault

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.model import Shape

Path: TypeAlias = tuple[str | int, ...]
_LONGEST: Final = 4000  # digits; Python itself refuses to read some more
_SHOWN: Final = 60
_TRUE: Final = frozenset({"true", "false"})


@cache
def loader() -> "Loader":
    """Give the one loader of AWS's service models; what it read it keeps, for every session of this process."""
    from botocore.loaders import Loader  # noqa: PLC0415 - AWS's library is loaded only where it is used

    return Loader()


@cache
def input_of(operation: str) -> "Shape":
    """Give the model of an ECS operation's input."""
    from botocore.model import ServiceModel  # noqa: PLC0415 - AWS's library is loaded only where it is used

    model = ServiceModel(loader().load_service_model("ecs", "service-2"), "ecs")
    shape = model.operation_model(operation).input_shape
    if shape is None:
        raise LookupError(f"{operation} takes no input")
    return shape


@cache
def definition_inputs() -> frozenset[str]:
    """Name what RegisterTaskDefinition takes but tags: they label a revision and are no part of its content."""
    members: Mapping[str, Shape] = getattr(input_of("RegisterTaskDefinition"), "members", {})
    return frozenset(members) - {"tags"}


def fit(value: object, operation: str, at: Path, faults: list[Fault]) -> dict[str, object]:
    """Bring values to the types that AWS asks for, drop nulls, and add what does not fit to the faults.

    YAML cannot tell that an environment variable's value is text, nor substitution that a port is a number: both
    are meant as AWS types them.
    """
    fitted = _fit(value, input_of(operation), at, faults)
    return fitted if isinstance(fitted, dict) else {}


def last_word(params: Mapping[str, object], operation: str, at: Path) -> Iterator[Fault]:
    """Let the SDK's own validator say what it would refuse to send."""
    from botocore.validate import ParamValidator  # noqa: PLC0415 - AWS's library is loaded only where it is used

    report = ParamValidator().validate(dict(params), input_of(operation))
    if report.has_errors():
        yield from (Fault(path=at, what=line) for line in report.generate_report().splitlines())


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the word that was probably meant, as the end of a sentence."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f"; did you mean {close[0]!r}?" if close else ""


def _fit(value: object, shape: "Shape", at: Path, faults: list[Fault]) -> object:
    match shape.type_name:
        case "structure":
            return _structure(value, shape, at, faults)
        case "list":
            return _list(value, shape, at, faults)
        case "map":
            return _map(value, shape, at, faults)
        case _:
            return _scalar(value, shape, at, faults)


def _structure(value: object, shape: "Shape", at: Path, faults: list[Fault]) -> object:
    if getattr(shape, "is_document_type", False):
        return value
    if not isinstance(value, Mapping):
        return _wrong(at, f"is {_kind(value)}, not a map", faults)
    members: Mapping[str, Shape] = getattr(shape, "members", {})
    fitted: dict[str, object] = {}
    for key, inner in value.items():
        if key not in members:
            faults.append(Fault(path=(*at, key), what=f"is not a field of AWS's{did_you_mean(str(key), members)}"))
        elif inner is not None:
            fitted[key] = _fit(inner, members[key], (*at, key), faults)
    missing = [key for key in getattr(shape, "required_members", []) if value.get(key) is None]
    faults += [Fault(path=(*at, key), what="is missing, and AWS requires it") for key in missing]
    return fitted


def _list(value: object, shape: "Shape", at: Path, faults: list[Fault]) -> object:
    if not isinstance(value, list | tuple):
        return _wrong(at, f"is {_kind(value)}, not a list", faults)
    member: Shape = shape.member  # type: ignore[attr-defined]  # a list's shape has one
    return [_fit(item, member, (*at, index), faults) for index, item in enumerate(value)]


def _map(value: object, shape: "Shape", at: Path, faults: list[Fault]) -> object:
    if not isinstance(value, Mapping):
        return _wrong(at, f"is {_kind(value)}, not a map", faults)
    member: Shape = shape.value  # type: ignore[attr-defined]  # a map's shape has one
    return {str(key): _fit(inner, member, (*at, key), faults) for key, inner in value.items() if inner is not None}


def _scalar(value: object, shape: "Shape", at: Path, faults: list[Fault]) -> object:
    match shape.type_name, value:
        case "string", bool():
            return str(value).lower()
        case "string", str() | int() | float():
            return _word(str(value), shape, at, faults)
        case "boolean", str() if value.lower() in _TRUE:
            return value.lower() == "true"
        case (("integer" | "long"), str()) if len(value) < _LONGEST and value.removeprefix("-").isdecimal():
            return int(value)
        case (("double" | "float"), str()) if len(value) < _LONGEST and value.replace(".", "", 1).isdecimal():
            return float(value)
        case ("boolean", bool()) | (("double" | "float"), int() | float()):
            return value
        case (("integer" | "long"), int()) if not isinstance(value, bool):
            return value
    names = {"string": "text", "boolean": "true or false", "integer": "a whole number", "long": "a whole number"}
    return _wrong(at, f"is {_kind(value)}, not {names.get(shape.type_name, 'a number')}", faults)


def _word(value: str, shape: "Shape", at: Path, faults: list[Fault]) -> str:
    """Bring a word to the case of AWS. It adds words to its lists: only what looks like a slip is refused."""
    known: list[str] = getattr(shape, "enum", None) or []
    if not known or value in known:
        return value
    same = [word for word in known if word.lower() == value.lower()]
    if len(same) == 1:
        return same[0]
    meant = did_you_mean(value, known) or did_you_mean(value.upper(), known) or did_you_mean(value.lower(), known)
    if meant:
        faults.append(Fault(path=at, what=f"{value!r} is not a word that AWS knows{meant}"))
    return value


def _wrong(at: Path, what: str, faults: list[Fault]) -> object:
    faults.append(Fault(path=at, what=what))
    return None


def _kind(value: object) -> str:
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    shown = repr(value)
    return "nothing" if value is None else shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
