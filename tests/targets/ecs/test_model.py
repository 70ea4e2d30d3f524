"""Every field that AWS's own model has is one that somebody thought about."""

import pytest

from controller.targets.ecs.canon import Free, Named, Pairs
from controller.targets.ecs.fields import DEPLOYS, FIXED, NOT_DECLARED, OUTPUT_ONLY, SETTINGS
from controller.targets.ecs.literal import LITERAL
from controller.targets.ecs.manifest import definition_fields, registrable
from controller.targets.ecs.rules import RULES, SERVICE, TASK_DEFINITION
from controller.targets.ecs.shapes import definition_inputs, input_of

ROOTS = {"RegisterTaskDefinition": TASK_DEFINITION, "UpdateService": SERVICE, "CreateService": SERVICE}
LABELS = {f"{TASK_DEFINITION}.tags"}
ELSEWHERE = {f"{SERVICE}.{name}" for name in NOT_DECLARED}


def places(shape, at):
    """Every place at which a value or a list stands, but for those that a rule takes as a whole."""
    rule = RULES.get(at)
    if at in LABELS | ELSEWHERE or isinstance(rule, Free):
        return
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                yield from places(member, f"{at}.{name}")
        case "list":
            yield at
            taken = {rule.key, rule.value} if isinstance(rule, Pairs) else set()
            taken |= rule.by if isinstance(rule, Named) else set()
            members = shape.member.members if shape.member.type_name == "structure" else {}
            for name in members.keys() - taken:
                yield from places(members[name], f"{at}[].{name}")
        case _:
            yield at


@pytest.mark.parametrize("operation", ROOTS)
def test_every_field_has_a_rule_or_is_known_to_be_compared_as_it_is(operation):
    root = ROOTS[operation]
    assert sorted(set(places(input_of(operation), root)) - RULES.keys() - LITERAL) == []


def test_what_is_said_to_be_compared_as_it_is_has_no_rule_and_is_there():
    there = {at for operation, root in ROOTS.items() for at in places(input_of(operation), root)}
    assert sorted(LITERAL & RULES.keys()) == []
    assert sorted(LITERAL - there) == []


@pytest.mark.parametrize("operation", ["UpdateService", "CreateService"])
def test_every_field_of_a_service_is_compared_or_refused_with_a_reason(operation):
    assert sorted(set(input_of(operation).members) - {*DEPLOYS, *SETTINGS, *FIXED, *NOT_DECLARED}) == []


def test_what_only_aws_can_say_of_a_definition_is_no_content():
    assert definition_inputs() & OUTPUT_ONLY == set()
    said = {"family": "api", "taskDefinitionArn": "arn", "revision": 3, "registeredBy": "ana"}
    assert definition_fields(said) == {"taskDefinition.family": "api"}


def test_a_field_that_trueup_does_not_know_is_registered_again_and_compared():
    known = {name: {"x": 1} for name in definition_inputs()}
    assert registrable(known).keys() == definition_inputs()
    assert definition_fields({"fieldOfTomorrow": {"b": [1], "a": ""}}) == {"taskDefinition.fieldOfTomorrow.b[0]": 1}
