"""The specs that the end-to-end tests commit: one small ECS service a target, in an account a place."""

from collections.abc import Mapping
from typing import Any

ACCOUNTS = {"prod": "111122223333", "stage": "222233334444", "dev": "333344445555"}
REGION = "eu-west-1"


def role(place: str = "prod") -> str:
    return f"arn:aws:iam::{ACCOUNTS[place]}:role/trueup"


def cluster(place: str = "prod") -> str:
    return f"unifocus-{place}-cluster"


def service(target: str = "api", place: str = "prod") -> str:
    return f"unifocus-{place}-{target}-service"


def family(target: str = "api", place: str = "prod") -> str:
    return f"unifocus-{place}-{target}"


def alarm(target: str = "api", place: str = "prod") -> str:
    return f"unifocus-{place}-{target}-5xx"


def environment(
    name: str = "prod",
    versions: str | Mapping[str, str] = "v1.2.3",
    *,
    place: str = "",
    bake: str = "30s",
    deadline: str = "10m",
    breaker: bool = True,
    supersede: str = "whenFailing",
    tag: str = "${version}",
    more: str = "",
    guards: str = "",
) -> str:
    """Write specs/<name>.yaml: `versions` of each target (a word: of api), in the account and cluster of `place`.

    `breaker` is ECS's own; `tag` is the image tag; `more` are further lines of every target, `key: value`,
    and `guards` further guards of each, separated by commas.
    """
    place = place or name
    targets = {"api": versions} if isinstance(versions, str) else versions
    lines = [
        "apiVersion: trueup/v1",
        "kind: Environment",
        f"metadata: {{name: {name}}}",
        "spec:",
        f'  aws: {{account: "{ACCOUNTS[place]}", region: {REGION}, roleArn: "{role(place)}"}}',
        f"  cluster: {cluster(place)}",
        "  defaults:",
        "    kind: ecs",
        f"    rollout: {{deadline: {deadline}, progressDeadline: 2m, bake: {bake}, supersede: {supersede}}}",
        "    serviceDefinition:",
        "      deploymentConfiguration:",
        f"        deploymentCircuitBreaker: {{enable: {_yes(breaker)}, rollback: {_yes(breaker)}}}",
        "        minimumHealthyPercent: 100",
        "        maximumPercent: 200",
        "  targets:",
    ]
    for target, version in targets.items():
        lines += _target(target, version, place, tag, more, guards)
    return "\n".join(lines) + "\n"


def grouped(version: str, *members: str, more: str = "", **terms: Any) -> str:
    """Write specs/prod.yaml with a group unifocus; `more` are further lines of the group, `key: value`."""
    lines = environment("prod", dict.fromkeys(members, version), **terms).replace(f"      version: {version}\n", "")
    own = ["unifocus:", f"  version: {version}", f"  targets: [{', '.join(members)}]"]
    own += [f"  {line}" for line in more.splitlines()]
    return "\n".join([f"{lines}  groups:", *(f"    {line}" for line in own)]) + "\n"


def _target(target: str, version: str, place: str, tag: str, more: str, guards: str) -> list[str]:
    image = f"{ACCOUNTS[place]}.dkr.ecr.{REGION}.amazonaws.com/{family(target, place)}:{tag}"
    return [
        f"    {target}:",
        f"      version: {version}",
        f"      service: {service(target, place)}",
        f'      images: {{{target}: "{image}"}}',
        "      taskDefinition:",
        f"        family: {family(target, place)}",
        "        requiresCompatibilities: [FARGATE]",
        "        networkMode: awsvpc",
        '        cpu: "256"',
        '        memory: "512"',
        f"        executionRoleArn: arn:aws:iam::{ACCOUNTS[place]}:role/{family(target, place)}-execution",
        "        containerDefinitions:",
        f"          - {{name: {target}, essential: true}}",
        f"      guards: [{{kind: alarms, names: [{alarm(target, place)}]}}{guards and ', '}{guards}]",
        *(f"      {line}" for line in more.splitlines()),
    ]


def _yes(truth: bool) -> str:
    return "true" if truth else "false"
