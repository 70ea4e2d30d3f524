"""Reading a request as AWS does, by its own model of ECS: unknown members are ignored, wrong types refused."""

import functools

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.session import Session

from controller.sandbox.native import Native, Refused, client_error, invalid

_NUMBERS = {"float", "double", "timestamp"}
_WHOLE = {"integer", "long"}


@functools.cache
def model() -> ServiceModel:
    """Read AWS's model of ECS, once."""
    return Session().get_service_model("ecs")


def accepted(operation: str, params: Native) -> Native:
    """Give the members that AWS knows, without those that are null.

    SerializationException for a wrong type; ClientException or InvalidParameterException for a word that is not one
    of those that a member may be.
    """
    shape = model().operation_model(operation).input_shape
    if shape is None:
        return {}
    read = _read(shape, params, operation)
    return read if isinstance(read, dict) else {}


def _read(shape: Shape, value: object, where: str) -> object:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = shape.members
        return {
            key: _read(members[key], item, f"{where}.{key}")
            for key, item in value.items()
            if key in members and item is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_read(shape.member, item, f"{where}[{place}]") for place, item in enumerate(value)]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _read(shape.value, item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(shape, StringShape) and isinstance(value, str):
        return _word(shape, value, where)
    if not _fits(shape.type_name, value):
        raise Refused(
            "SerializationException", f"{where} can not be {_kind(value)}; it is of type {shape.type_name}."
        )
    return value


def _fits(kind: str, value: object) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return (kind in _WHOLE and isinstance(value, int)) or (kind in _NUMBERS and isinstance(value, int | float))


def _kind(value: object) -> str:
    return "null" if value is None else f"a {type(value).__name__}"


def _word(shape: StringShape, value: str, where: str) -> str:
    if shape.enum and value not in shape.enum:
        sentence = f"{where} can not be {value!r}; it is one of {', '.join(shape.enum)}."
        raise client_error(sentence) if where.startswith("RegisterTaskDefinition") else invalid(sentence)
    return value
