"""Whatever can be registered is found again as it was declared, and one change of it is found and named."""

import copy
import json
import re

from hypothesis import assume, event, given
from hypothesis import strategies as st

from controller.plan.compare import differences
from controller.sandbox.clock import Clock
from controller.sandbox.dispatch import Desk
from controller.sandbox.world import World
from controller.targets.ecs.canon import Bag, Named, Pairs
from controller.targets.ecs.manifest import definition_fields, live_manifest, release_manifest
from controller.targets.ecs.rules import RULES, TASK_DEFINITION
from tests.sandbox.rig import ACCOUNT, REGION
from tests.targets.ecs.generated import definitions

BRACKETS = re.compile(r"\[(?:[^\]\\]|\\.)*\]")
chances = st.randoms(use_true_random=False)


def described(definition):
    """Register it in the embedded ECS, and describe it."""
    desk = Desk(world=World(clock=Clock(1_800_000_000.0, 0)))

    def call(operation, **asked):
        reply = desk.serve(operation, ACCOUNT, REGION, json.dumps(asked).encode())
        event(f"{operation}: {reply.status}")
        assume(reply.status == 200)
        return json.loads(reply.body)["taskDefinition"]

    made = call("RegisterTaskDefinition", **definition)
    return call("DescribeTaskDefinition", taskDefinition=made["taskDefinitionArn"])


def shuffled(node, at, chance):
    """Give it as AWS may answer too: what has no order in another one."""
    if isinstance(node, dict):
        return {key: shuffled(value, f"{at}.{key}", chance) for key, value in node.items()}
    if not isinstance(node, list):
        return node
    items = [shuffled(item, f"{at}[]", chance) for item in node]
    if isinstance(RULES.get(at), Named | Pairs | Bag):
        chance.shuffle(items)
    return items


def leaves(node, path=()):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, (*path, index))
    else:
        yield path


def changed(definition, path):
    """Give it with another value at one place."""
    other = copy.deepcopy(definition)
    node = other
    for key in path[:-1]:
        node = node[key]
    match node[path[-1]]:
        case bool() as value:
            node[path[-1]] = not value
        case int() | float() as value:
            node[path[-1]] = value + 1
        case value:
            node[path[-1]] = f"{value}x"
    return other


def differing(answered, declared):
    live = live_manifest(definition_fields(answered), {})
    return [one.path for one in differences(live, release_manifest(declared, {}))]


def is_named(path, native):
    """Whether a path names the value at a native place, or, if that is a name, something of what is called so."""
    return native.startswith(path) or path.startswith(native.rpartition(".")[0])


@given(definitions, chances)
def test_what_was_registered_is_what_is_declared(definition, chance):
    answered = shuffled(described(definition), TASK_DEFINITION, chance)
    assert differing(answered, definition) == []


@given(definitions, st.data())
def test_any_change_of_one_value_is_found_and_named_by_its_path(definition, data):
    answered = described(definition)
    path = data.draw(st.sampled_from(sorted(leaves(definition), key=repr)))
    found = differing(answered, changed(definition, path))
    native = ".".join((TASK_DEFINITION, *(key for key in path if isinstance(key, str))))
    assert found
    assert all(is_named(BRACKETS.sub("", one), native) for one in found), (native, found)
