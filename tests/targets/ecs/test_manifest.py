"""One canonicaliser for both sides: the traps of ECS as pairs of files, and what holds for whatever comes."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.manifest import Manifest, narrow
from controller.shaping import Native
from controller.targets.ecs import manifest as manifest_module
from controller.targets.ecs.canon import grow
from controller.targets.ecs.manifest import (
    definition_fields,
    deploying,
    fixed_manifest,
    live_manifest,
    live_settings,
    read_shape,
    registrable,
    release_manifest,
    settings_manifest,
)
from controller.targets.ecs.rules import RULES
from controller.targets.ecs.spec import shape

GOLDEN = sorted((Path(__file__).parents[2] / "golden" / "ecs").glob("*.json"))


CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN}


def shaped(case):
    """What is declared, with the types of AWS: the definition, the service fields, the settings, what is fixed."""
    found = shape(Native(definition=case["declared"]["taskDefinition"], service=case["declared"]["service"]))
    assert found.faults == ()
    rest = [json.loads(one.shape) if one else {} for one in (found.settings, found.fixed)]
    return *read_shape(found.shape), *rest


def same(case, declared):
    """Whether what is declared is what AWS answers: the release and the settings."""
    definition, service, settings, fixed = declared
    answered = case["answered"]
    live = live_manifest(definition_fields(answered["taskDefinition"]), answered["service"])
    there = live_settings(answered["service"])
    settled = settings_manifest(settings).runs_in(there) and fixed_manifest(fixed).runs_in(there)
    return settled and release_manifest(definition, service).runs_in(live)


@pytest.mark.parametrize("name", CASES)
def test_what_is_declared_and_what_aws_answers_are_compared_as_ecs_means_them(name):
    case = CASES[name]
    assert same(case, shaped(case)) is case["same"], case["about"]


def test_each_rule_of_the_table_is_there_for_a_trap(monkeypatch):
    """Take any rule away, and some pair of files is taken for something else than it is."""
    declared = {name: shaped(case) for name, case in CASES.items()}
    for place in RULES:
        rest = {other: rule for other, rule in RULES.items() if other != place}
        monkeypatch.setattr(manifest_module, "PLACES", grow(rest))
        assert any(same(case, declared[name]) is not case["same"] for name, case in CASES.items()), place


# Stores and tags hold these: whatever changes here calls every release that anybody keeps by another name.
PINNED = {
    "command-empty-string-is-an-argument": "37709e077f60b5fdd8a9ae099548e669",
    "devices": "c64d760de8be6795123f3f8f86f9cadf",
    "docker-labels-with-dots": "9e1ff1df0e5efb5f61ac880f48a31f34",
    "environment-in-another-order": "b3bf8518370c44398812f93905ed1eba",
    "fargate-platform": "91669f2985c405744854d3e9b00fef77",
    "linux-parameters": "8d26c342e3b0449fe04f8569b86c7a02",
    "ports-tcp-and-udp": "80f0ae119ac79f9e04fb93b273349787",
    "service-connect-off": "54c37e277fc06a8b8db9d8939062af70",
    "service-connect-services": "ba5a2bd185863da87fe4d29d5504e896",
    "volume-tags": "62c623bf7165dd6bbc3b583fbba269a4",
}


@pytest.mark.parametrize("name", PINNED)
def test_a_release_is_called_what_it_was_always_called(name):
    definition, service, *_ = shaped(CASES[name])
    assert release_manifest(definition, service).digest == PINNED[name]


def test_settings_are_called_what_they_were_always_called():
    *_, settings, _ = shaped(CASES["lifecycle-hooks"])
    assert settings_manifest(settings).digest == "dcf40fd65a0a8b2ae19ba6786b2a284c"


def test_paths_are_native_names_with_names_and_numbers_in_brackets():
    definition = {
        "family": "api",
        "networkMode": "awsvpc",
        "containerDefinitions": [
            {
                "name": "api",
                "image": "x:1",
                "command": ["run", "--now"],
                "environment": [{"name": "DB_HOST", "value": "db"}],
                "portMappings": [{"containerPort": 8080, "hostPort": 80}, {"containerPort": 9090, "name": "admin"}],
                "dockerLabels": {"a.b": "c", "x]y": "z"},
            }
        ],
    }
    network = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}
    api = "taskDefinition.containerDefinitions[api]"
    assert dict(release_manifest(definition, network).fields) == {
        "taskDefinition.family": "api",
        "taskDefinition.networkMode": "awsvpc",
        f"{api}.image": "x:1",
        f"{api}.command[0]": "run",
        f"{api}.command[1]": "--now",
        f"{api}.environment[DB_HOST]": "db",
        f"{api}.portMappings[8080/tcp].hostPort": 80,
        f"{api}.portMappings[9090/tcp].name": "admin",
        f"{api}.dockerLabels[a.b]": "c",
        f"{api}.dockerLabels[x\\]y]": "z",
        "service.networkConfiguration.awsvpcConfiguration.subnets[subnet-1]": True,
    }


def test_a_release_owns_its_definition_and_the_fields_it_declares():
    assert release_manifest({"family": "api"}, {"platformVersion": "1.4.0"}).owns == (
        "service.platformVersion",
        "taskDefinition",
    )


def test_settings_own_exactly_the_leaves_that_are_declared():
    declared = {
        "deploymentConfiguration": {
            "maximumPercent": 150,
            "deploymentCircuitBreaker": {"enable": True, "rollback": None},
            "alarms": {"alarmNames": ["b", "a"]},
        },
        "placementConstraints": [],
        "propagateTags": None,
    }
    manifest = settings_manifest(declared)
    assert manifest.owns == (
        "service.deploymentConfiguration.alarms.alarmNames",
        "service.deploymentConfiguration.deploymentCircuitBreaker.enable",
        "service.deploymentConfiguration.maximumPercent",
        "service.placementConstraints",
    )
    live = {
        "deploymentConfiguration": {
            "maximumPercent": 150,
            "minimumHealthyPercent": 50,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "alarms": {"alarmNames": ["a", "b"], "enable": True},
        },
        "desiredCount": 9,
        "propagateTags": "SERVICE",
    }
    assert manifest.runs_in(live_settings(live))
    more = {**live, "placementConstraints": [{"type": "distinctInstance"}]}
    assert not manifest.runs_in(live_settings(more))


def test_a_deployment_has_its_own_network_and_the_platform_version_that_was_asked_for():
    service = {"platformVersion": "LATEST", "loadBalancers": [1], "networkConfiguration": {"a": 1}, "tags": []}
    deployment = {"platformVersion": "1.4.0", "networkConfiguration": {"b": 2}, "volumeConfigurations": [3]}
    assert deploying(service, deployment) == {
        "loadBalancers": [1],
        "networkConfiguration": {"b": 2},
        "platformVersion": "LATEST",
        "volumeConfigurations": [3],
    }
    assert deploying({**service, "platformVersion": "1.3.0"}, deployment)["platformVersion"] == "1.4.0"


def test_what_ran_is_recorded_as_aws_takes_it_again():
    answered = {"family": "api", "revision": 3, "status": "ACTIVE", "volumes": [], "cpu": "256", "tags": [1]}
    assert registrable(answered) == {"family": "api", "cpu": "256"}


names = st.text(alphabet="abAB-_.]\\[", min_size=1, max_size=4)
values = st.one_of(st.none(), st.text(max_size=3), st.integers(0, 3), st.booleans())
pairs = st.lists(st.fixed_dictionaries({"name": names}, optional={"value": values}), max_size=3)
ports = st.lists(
    st.fixed_dictionaries(
        {"containerPort": st.integers(1, 3)},
        optional={"hostPort": st.integers(0, 3), "protocol": st.sampled_from(["tcp", "udp"]), "name": names},
    ),
    max_size=3,
)
containers = st.fixed_dictionaries(
    {"name": names, "image": names},
    optional={
        "command": st.lists(st.one_of(st.none(), st.text(max_size=2)), max_size=3),
        "cpu": st.integers(0, 2),
        "dependsOn": st.lists(
            st.fixed_dictionaries({"containerName": names, "condition": st.sampled_from(["START", "HEALTHY"])}),
            max_size=2,
        ),
        "dockerLabels": st.dictionaries(names, st.text(max_size=2), max_size=2),
        "environment": pairs,
        "essential": st.booleans(),
        "healthCheck": st.fixed_dictionaries(
            {}, optional={"interval": st.sampled_from([5, 30]), "retries": st.just(3)}
        ),
        "links": st.lists(names, max_size=3),
        "linuxParameters": st.dictionaries(st.sampled_from(["capabilities", "devices"]), st.just({}), max_size=2),
        "portMappings": ports,
        "somethingNew": st.recursive(
            values, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=4
        ),
    },
)
definitions = st.fixed_dictionaries(
    {"family": names, "containerDefinitions": st.lists(containers, max_size=3)},
    optional={
        "cpu": st.sampled_from(["256", "1 vCPU", ".25 vcpu", "lots", ""]),
        "memory": st.sampled_from(["512", "2 GB", "0.5GB"]),
        "networkMode": st.sampled_from(["bridge", "awsvpc", "host"]),
        "requiresCompatibilities": st.lists(st.sampled_from(["EC2", "FARGATE"]), max_size=2),
        "runtimePlatform": st.dictionaries(
            st.sampled_from(["cpuArchitecture", "x"]), st.just("X86_64"), max_size=1
        ),
        "volumes": st.lists(st.fixed_dictionaries({"name": names}, optional={"host": st.just({})}), max_size=2),
    },
)


@given(definitions)
def test_every_path_is_written_once_and_nothing_empty_is_written(definition):
    fields = definition_fields(definition)
    assert Manifest.of(fields).digest == Manifest.of(dict(reversed(fields.items()))).digest
    assert all(value is not None for value in fields.values())


@given(definitions, st.randoms(use_true_random=False))
def test_the_order_of_named_things_means_nothing(definition, chance):
    unique = {item["name"]: item for item in definition["containerDefinitions"]}
    mixed = list(unique.values())
    chance.shuffle(mixed)
    first = definition_fields({**definition, "containerDefinitions": list(unique.values())})
    assert definition_fields({**definition, "containerDefinitions": mixed}) == first


@given(definitions)
def test_a_shape_is_read_back_as_it_was_written(definition):
    found = shape(Native(definition=definition))
    if found.manifest is not None:
        read, service = read_shape(found.shape)
        assert release_manifest(read, service) == found.manifest


def test_a_release_sees_of_what_is_live_only_what_it_owns():
    live = live_manifest(definition_fields({"family": "api"}), {"platformVersion": "1.4.0"})
    release = release_manifest({"family": "api"}, {})
    assert release.runs_in(live)
    assert narrow(live, release.owns).digest == release.digest
