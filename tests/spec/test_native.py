"""Plain scalars in native shapes: nothing is lost for a place that wants text, and AWS's types come out right."""

import pytest
from botocore.model import Shape
from hypothesis import example, given
from hypothesis import strategies as st

from controller.shaping import Fault
from controller.spec.native import native
from controller.spec.nodes import Entry, Fields, Items, Mark, Node, Text
from controller.targets.ecs.shapes import fit, input_of

NUMBERS = st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", fullmatch=True)
AT = Mark("f.yaml", 1, 1)


def read(text: str, *, plain: bool = True) -> object:
    return native(Fields(AT, {"key": Entry(AT, Text(AT, text, plain))}))["key"]


@given(NUMBERS | st.text(max_size=8))
@example("111122223333")
@example("1.10")
@example("-0")
@example("None")
@example("9" * 5000)
@example("²")
def test_a_plain_scalar_is_a_number_only_if_it_can_be_written_back(text):
    value = read(text)
    assert (str(value).lower() if isinstance(value, bool) else str(value)) == text
    assert read(text, plain=False) == text


def test_numbers_and_truth_are_what_yaml_1_2_calls_so():
    assert [read(text) for text in ("8080", "0", "-3", "2.5", "true", "false")] == [8080, 0, -3, 2.5, True, False]
    for text in (
        "no",
        "on",
        "True",
        "0o17",
        "0x1F",
        "012",
        "1_000",
        "1e3",
        ".5",
        "5.",
        ".inf",
        "NaN",
        "2024-01-01",
    ):
        assert read(text) == text


def told(shape: Shape) -> Node:
    """One value for every field of an operation's input, as people write them: without quotes."""
    match shape.type_name:
        case "structure":
            members = getattr(shape, "members", {})
            return Fields(AT, {name: Entry(AT, told(one)) for name, one in members.items()})
        case "list":
            return Items(AT, (told(shape.member),))
        case "map":
            return Fields(AT, {"key": Entry(AT, told(shape.value))})
        case "boolean":
            return Text(AT, "true", plain=True)
        case "integer" | "long":
            return Text(AT, "7", plain=True)
        case "double" | "float":
            return Text(AT, "2.5", plain=True)
        case _:
            return Text(AT, shape.enum[0] if getattr(shape, "enum", None) else "1.10", plain=True)


def expected(shape: Shape) -> object:
    match shape.type_name:
        case "structure":
            return {name: expected(one) for name, one in getattr(shape, "members", {}).items()}
        case "list":
            return [expected(shape.member)]
        case "map":
            return {"key": expected(shape.value)}
        case "boolean":
            return True
        case "integer" | "long":
            return 7
        case "double" | "float":
            return 2.5
        case _:
            return shape.enum[0] if getattr(shape, "enum", None) else "1.10"


@pytest.mark.parametrize("operation", ["RegisterTaskDefinition", "UpdateService"])
def test_every_field_of_ecs_keeps_its_text_or_gets_its_type(operation):
    shape = input_of(operation)
    faults: list[Fault] = []
    assert fit(native(told(shape)), operation, (), faults) == expected(shape)
    assert faults == []


@pytest.mark.parametrize("text", ["1.10", "012", "true", "8080", "1e3", "no", "22:22", "0x1F"])
def test_an_environment_variable_is_the_text_that_was_written(text):
    variable = Fields(AT, {"name": Entry(AT, Text(AT, "A")), "value": Entry(AT, Text(AT, text, plain=True))})
    container = Fields(AT, {"environment": Entry(AT, Items(AT, (variable,)))})
    root = Fields(AT, {"containerDefinitions": Entry(AT, Items(AT, (container,)))})
    fitted = fit(native(root), "RegisterTaskDefinition", (), [])
    assert fitted["containerDefinitions"][0]["environment"] == [{"name": "A", "value": text}]
