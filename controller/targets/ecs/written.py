"""A task definition as somebody wrote it down, or as AWS answered: brought to the form in which it is compared."""

from collections.abc import Mapping

from controller.model.manifest import Manifest
from controller.shaping import Fault
from controller.targets.ecs.fields import OUTPUT_ONLY
from controller.targets.ecs.manifest import definition_fields
from controller.targets.ecs.native import Native, part
from controller.targets.ecs.shapes import definition_inputs, fit

_ANSWER = "taskDefinition"


def written_definition(said: Native) -> tuple[Manifest, tuple[Fault, ...]]:
    """Give the content of a task definition, and what in it does not fit AWS's model.

    An answer of DescribeTaskDefinition is taken out of its envelope. What AWS's model does not know yet is content
    like any other, as it is said.
    """
    definition = part(said, _ANSWER) if isinstance(said.get(_ANSWER), Mapping) else said
    known = {key: value for key, value in definition.items() if key in definition_inputs()}
    others = {key: value for key, value in definition.items() if key not in definition_inputs() | OUTPUT_ONLY}
    faults: list[Fault] = []
    fitted = fit(known, "RegisterTaskDefinition", (), faults)
    return Manifest.of(definition_fields({**fitted, **others})), tuple(faults)
