"""What a definition or a service refers to is there, and what it waits for can come about."""

import pytest

from controller.targets.ecs.references import reference_faults

API = {
    "name": "api",
    "portMappings": [{"containerPort": 8080, "name": "http"}],
    "healthCheck": {"command": ["CMD", "true"]},
}
SIDE = {"name": "side", "essential": False}
DEFINITION = {
    "networkMode": "awsvpc",
    "containerDefinitions": [API, SIDE],
    "volumes": [{"name": "data"}, {"name": "ebs", "configuredAtLaunch": True}],
}


def of(api=None, side=None, service=None, **more):
    containers = [{**API, **(api or {})}, {**SIDE, **(side or {})}]
    found = reference_faults({**DEFINITION, "containerDefinitions": containers, **more}, service or {})
    return {".".join(map(str, fault.path)): fault.what for fault in found}


def waits_for(name, condition):
    return {"dependsOn": [{"containerName": name, "condition": condition}]}


def test_what_refers_to_what_is_there_is_in_order():
    assert (
        of(
            api={"mountPoints": [{"sourceVolume": "data"}], "volumesFrom": [{"sourceContainer": "side"}]}
            | waits_for("side", "SUCCESS"),
            side=waits_for("api", "HEALTHY"),
            service={
                "loadBalancers": [{"targetGroupArn": "t", "containerName": "api", "containerPort": 8080}],
                "serviceRegistries": [{"registryArn": "r", "containerName": "api", "containerPort": 8080}],
                "serviceConnectConfiguration": {"enabled": True, "services": [{"portName": "http"}]},
                "vpcLatticeConfigurations": [{"portName": "http"}],
                "volumeConfigurations": [{"name": "ebs"}],
            },
        )
        == {}
    )


IN_API, IN_SIDE = "taskDefinition.containerDefinitions.0", "taskDefinition.containerDefinitions.1"


@pytest.mark.parametrize(
    ("given", "where", "what"),
    [
        (
            {"api": {"mountPoints": [{"sourceVolume": "dta"}]}},
            f"{IN_API}.mountPoints.0",
            "there is no volume 'dta'; did you mean 'data'?",
        ),
        (
            {"api": {"volumesFrom": [{"sourceContainer": "log"}]}},
            f"{IN_API}.volumesFrom.0",
            "there is no container 'log'; there is api, side",
        ),
        ({"api": waits_for("side", "HEALTHY")}, f"{IN_API}.dependsOn.0", "'side' has no health check"),
        ({"side": waits_for("api", "COMPLETE")}, f"{IN_SIDE}.dependsOn.0", "'api' is essential"),
        ({"api": waits_for("api", "START")}, f"{IN_API}.dependsOn.0", "'api' waits for itself"),
        ({"api": {"healthCheck": {"command": []}}}, f"{IN_API}.healthCheck.command", "it can never pass"),
        ({"api": {"healthCheck": {"command": ["CMD-SHELL"]}}}, f"{IN_API}.healthCheck.command", "nothing to run"),
        (
            {"api": {"healthCheck": {"command": ["curl", "x"]}}},
            f"{IN_API}.healthCheck.command",
            "begins with 'curl', and has to with CMD or CMD-SHELL",
        ),
        (
            {"api": {"healthCheck": {"command": ["CMD", "x"], "interval": 1}}},
            f"{IN_API}.healthCheck.interval",
            "1 is not between 5 and 300",
        ),
        (
            {"api": {"healthCheck": {"command": ["CMD", "x"], "timeout": 61}}},
            f"{IN_API}.healthCheck.timeout",
            "61 is not between 2 and 60",
        ),
        (
            {"side": {"portMappings": [{"containerPort": 8080}]}},
            f"{IN_SIDE}.portMappings.0.containerPort",
            "8080/tcp is taken in this task already",
        ),
        (
            {"side": {"portMappings": [{"containerPort": 9090, "name": "http"}]}},
            f"{IN_SIDE}.portMappings.0.name",
            "'http' is the name of two ports",
        ),
        (
            {"service": {"loadBalancers": [{"containerName": "apo", "containerPort": 8080}]}},
            "serviceDefinition.loadBalancers.0.containerName",
            "there is no container 'apo'; there is api, side",
        ),
        (
            {"service": {"loadBalancers": [{"containerName": "api", "containerPort": 80}]}},
            "serviceDefinition.loadBalancers.0.containerPort",
            "container 'api' maps no port 80",
        ),
        (
            {"service": {"serviceConnectConfiguration": {"services": [{"portName": "grpc"}]}}},
            "serviceDefinition.serviceConnectConfiguration.services.0.portName",
            "there is no port named 'grpc'; there is http",
        ),
        (
            {"service": {"vpcLatticeConfigurations": [{"portName": "grpc"}]}},
            "serviceDefinition.vpcLatticeConfigurations.0.portName",
            "there is no port named 'grpc'; there is http",
        ),
        (
            {"service": {"volumeConfigurations": [{"name": "data"}]}},
            "serviceDefinition.volumeConfigurations.0",
            "there is no volume that is configured at launch 'data'; there is ebs",
        ),
    ],
)
def test_what_points_nowhere_or_can_never_come_about_is_told_with_its_place(given, where, what):
    (told,) = of(**given).items()
    assert told[0] == where
    assert what in told[1]


def test_in_bridge_mode_every_container_has_its_ports_to_itself():
    assert of(side={"portMappings": [{"containerPort": 8080}]}, networkMode="bridge") == {}


def test_a_udp_port_is_another_than_the_tcp_port_of_its_number():
    assert of(side={"portMappings": [{"containerPort": 8080, "protocol": "udp"}]}) == {}


def test_a_health_check_that_is_switched_off_is_in_order():
    assert of(api={"healthCheck": {"command": ["NONE"]}}) == {}
