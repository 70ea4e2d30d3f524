"""The JSON Schema of the spec, for editors: what the models say, with the guards and gates that there are."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from controller.spec.group_schema import GroupLines
from controller.spec.guards import gate_model, guard_model
from controller.spec.scalars import OPEN
from controller.spec.schema import API_VERSION, Environment, Targets
from controller.spec.tables import Tables
from controller.spec.target_schema import PartialTarget

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REF: Final = "#/$defs/{model}"


def schema(tables: Tables) -> Mapping[str, object]:
    """Describe both sorts of files: an environment, and targets of an environment that is a folder."""
    guards = [guard_model(kind, guard) for kind, guard in sorted(tables.guards.items())]
    gates = [gate_model(kind, gate) for kind, gate in sorted(tables.gates.items())]
    models: list[type[BaseModel]] = [Environment, Targets, *guards, *gates]
    definitions: dict[str, object] = {}
    for model in models:
        definitions |= _definitions(model)
    fields, of_groups = (_fields(definitions, model) for model in (PartialTarget, GroupLines))
    fields["kind"] |= {"enum": sorted(tables.targets)}
    fields["guards"]["items"] = {"oneOf": [{"$ref": _ref(model)} for model in guards]}
    for gated in (fields, of_groups):
        gated["gates"]["items"] = {"oneOf": [{"$ref": _ref(model)} for model in gates]}
    return {
        "$schema": _DIALECT,
        "$id": API_VERSION,
        "title": "A spec of trueup",
        "oneOf": [{"$ref": _ref(Environment)}, {"$ref": _ref(Targets)}],
        "$defs": _tidy(definitions),
    }


def _fields(definitions: Mapping[str, object], model: type[BaseModel]) -> dict[str, dict[str, object]]:
    """Give what is said of each field of a model, to be added to."""
    said = definitions[model.__name__]
    fields: dict[str, dict[str, object]] = said["properties"] if isinstance(said, dict) else {}
    return fields


def _definitions(model: type[BaseModel]) -> dict[str, object]:
    """Give a model's schema and those of the models in it, by name."""
    whole = model.model_json_schema(ref_template=_REF, mode="validation")
    inner = whole.pop("$defs", {})
    return {**inner, model.__name__: whole}


def _tidy(node: object) -> object:
    """Leave out what tells an editor nothing: titles made of names, defaults that mean `absent`; close mappings."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _tidy(value) for key, value in node.items() if not _says_nothing(key, value)}
    by_name = kept.get("patternProperties")
    if isinstance(by_name, dict):
        names = {str(key).removesuffix(OPEN): value for key, value in by_name.items()}
        kept |= {"patternProperties": names, "additionalProperties": False}
    return kept


def _says_nothing(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and not value)


def _ref(model: type[BaseModel]) -> str:
    return _REF.format(model=model.__name__)
