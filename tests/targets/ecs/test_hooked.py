"""What a hook declares, for ECS: the overrides of RunTask, and what cannot be run."""

from typing import Any

import pytest

from controller.model.packed import NOTHING, Packed
from controller.shaping import Native
from controller.targets.ecs.hooked import container_of, overrides_of, write_hook
from controller.targets.ecs.spec import shape
from tests.targets.ecs.rig import definition

PLACE = ("before", 0)
MIGRATE = {"container": "api", "command": ["migrate"], "environment": {}, "cpu": None, "memory": None}


def shaped(hook: dict[str, Any], **more: Any):
    return shape(Native(**{"definition": definition(), "hooks": {PLACE: {**MIGRATE, **hook}}, **more}))


def said(of) -> list[str]:
    return [f"{'.'.join(map(str, fault.path))}: {fault.what}" for fault in of.faults]


def test_only_what_is_said_is_overridden():
    (written,) = shaped({}).hooks.values()
    assert written == '{"command":["migrate"],"container":"api"}'
    assert overrides_of(Packed.of(written)) == {"containerOverrides": [{"name": "api", "command": ["migrate"]}]}
    assert overrides_of(Packed.of(write_hook({"container": "api", "cpu": 0}))) == {
        "containerOverrides": [{"name": "api", "cpu": 0}]
    }
    assert container_of(Packed.of(written)) == "api"
    assert container_of(NOTHING) == ""


def test_the_same_hook_is_written_the_same_whatever_its_order():
    one = {"environment": {"A": "1", "B": "2"}, "container": "api"}
    other = {"container": "api", "environment": {"B": "2", "A": "1"}, "command": []}
    assert write_hook(one) == write_hook(other)


@pytest.mark.parametrize(
    ("hook", "what"),
    [
        ({"container": "apii"}, "hooks.before.0.container: there is no container 'apii'; did you mean 'api'?"),
        ({"container": "web"}, "hooks.before.0.container: there is no container 'web'; there is api"),
        (
            {"command": ["x" * 4000] * 3},
            "hooks.before.0: has 12060 characters of overrides as JSON, and AWS takes 8192",
        ),
    ],
)
def test_what_aws_would_not_run_is_said_where_it_is_written(hook, what):
    assert said(shaped(hook)) == [what]


def test_a_container_whose_end_does_not_end_the_task_is_refused():
    containers = [*definition()["containerDefinitions"], {"name": "init", "image": "x:1", "essential": False}]
    of = shaped({"container": "init"}, definition=definition(containerDefinitions=containers))
    assert said(of) == ["hooks.before.0.container: 'init' is not essential: the task would go on when it ends"]


def test_over_a_base_a_container_may_be_the_bases_own():
    more = {
        "definition": {"containerDefinitions": [{"name": "api", "environment": [{"name": "A", "value": "b"}]}]},
        "base": {"family": "unifocus-prod-api", "follow": "running"},
        "images": {"api": "registry.example/api:v1"},
    }
    assert said(shaped({"container": "web"}, **more)) == []


@pytest.mark.parametrize("name", ["deploymentCircuitBreaker", "alarms"])
def test_ecs_must_not_go_back_by_itself_from_what_is_not_safe_to_go_back_from(name):
    switch = {"enable": True, "rollback": True, **({"alarmNames": ["a"]} if name == "alarms" else {})}
    service = {"deploymentConfiguration": {name: switch}}
    where = f"serviceDefinition.deploymentConfiguration.{name}.rollback: must be false beside rollbackSafe: false"
    (what,) = said(shaped({}, service=service, rollback_safe=False))
    assert what.startswith(where)
    assert said(shaped({}, service=service)) == []
    off = {"deploymentConfiguration": {name: {**switch, "rollback": False}}}
    assert said(shaped({}, service=off, rollback_safe=False)) == []
