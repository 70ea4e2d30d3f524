"""Where a look-up may not stand in a task definition or a service, whatever it would come to."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from controller.model.lookups import Lookup, find_lookups, lookups_in
from controller.shaping import Fault, Native
from controller.targets.ecs.checks import DEFINITION, SERVICE
from controller.targets.ecs.shapes import Path, input_of

if TYPE_CHECKING:
    from botocore.model import Shape

# What the parts of a task call each other; git alone says it, or nothing could be checked before a call.
_NAMES: Final = frozenset({"containerName", "family", "name", "portName", "sourceContainer", "sourceVolume"})
# Numbers that AWS takes as text.
_NUMBERS: Final = frozenset({"cpu", "memory"})
_KINDS: Final = MappingProxyType({
    "boolean": "true or false",
    "integer": "a whole number",
    "list": "a list",
    "long": "a whole number",
    "structure": "a map",
})  # fmt: skip
_TEXT_ONLY: Final = "a look-up gives text, and this is {what}: write it here, or as ${{name}} with a value"


def misplaced_lookups(native: Native) -> Iterator[Fault]:
    """Say which look-ups stand where only git may say what there is, or where no text is wanted."""
    for root, operation, value in (
        (DEFINITION, "RegisterTaskDefinition", native.definition),
        (SERVICE, "UpdateService", native.service),
    ):
        if not find_lookups(value):
            continue
        for at, shape, field, lookups in _marked(value, input_of(operation), (root,)):
            what = _explain(shape, field, is_task=len(at) == 2)  # noqa: PLR2004 - the root and the field
            if not what and not native.state and any(lookup.kind == "tfstate" for lookup in lookups):
                what = "needs terraformState, here or in the environment: s3://bucket/key or file:name.tfstate"
            if what:
                yield Fault(path=at, what=what)


def without(faults: list[Fault], misplaced: list[Fault]) -> list[Fault]:
    """Leave out what else is wrong at the places of misplaced look-ups: it would be said of no real value."""
    places = {fault.path for fault in misplaced}
    return [fault for fault in faults if fault.path not in places]


def _marked(
    value: object, shape: "Shape | None", at: Path, field: str = ""
) -> Iterator[tuple[Path, "Shape | None", str, tuple[Lookup, ...]]]:
    """Find each text that holds look-ups: where, as what AWS describes it, and the field it is, if it is one."""
    if isinstance(value, str):
        lookups = lookups_in(value)
        if lookups:
            yield at, shape, field, lookups
    elif isinstance(value, Mapping):
        free = getattr(shape, "type_name", "") == "map"  # then its keys are anybody's, and no fields
        members: Mapping[str, Shape] = getattr(shape, "members", {})
        for key, inner in value.items():
            below = getattr(shape, "value", None) if free else members.get(key)
            yield from _marked(inner, below, (*at, key), "" if free else key)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _marked(item, getattr(shape, "member", None), (*at, index))


def _explain(shape: "Shape | None", field: str, *, is_task: bool) -> str:
    if shape is not None and shape.type_name != "string":
        return _TEXT_ONLY.format(what=_KINDS.get(shape.type_name, "no text"))
    if getattr(shape, "enum", None):
        return _TEXT_ONLY.format(what="a word of AWS's own")
    if field in _NUMBERS and is_task:
        return _TEXT_ONLY.format(what="a number")
    if field == "image":
        return "a look-up cannot name an image: what runs is said by git alone"
    return (
        "a look-up cannot stand for a name that the parts of a task know each other by" if field in _NAMES else ""
    )
