"""What a release names of the world around it: images, roles, secrets, log groups, network. Pure.

Sources: the texts of ContainerDefinition, LogConfiguration, Secret, EnvironmentFile, EFSVolumeConfiguration,
AwsVpcConfiguration and LoadBalancer (Amazon ECS API Reference).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from controller.targets.ecs.native import Native, part, parts, text, texts


class What(StrEnum):
    """What sort of thing is named."""

    IMAGE = "image"
    TASK_ROLE = "task role"
    EXECUTION_ROLE = "execution role"
    PASS_ROLE = "pass role"  # noqa: S105 - no password
    SECRET = "secret"  # noqa: S105 - no password
    LOG_GROUP = "log group"
    ENV_FILE = "environment file"
    FILE_SYSTEM = "file system"
    SUBNET = "subnet"
    SECURITY_GROUP = "security group"
    TARGET_GROUP = "target group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One name, `where` the release says it, and the native structure it stands in."""

    what: What
    name: str
    where: str
    around: Native = field(default_factory=dict)


def named_by(definition: Native, service: Native) -> Iterator[Named]:
    """Name everything, in the order of the table of sorts; a name that is said twice is given twice."""
    for container in parts(definition, "containerDefinitions"):
        yield from _by_container(container, f"containerDefinitions[{text(container, 'name')}]")
    for what, key in ((What.TASK_ROLE, "taskRoleArn"), (What.EXECUTION_ROLE, "executionRoleArn")):
        if role := text(definition, key):
            yield Named(what=what, name=role, where=key)
            yield Named(what=What.PASS_ROLE, name=role, where=key)
    for volume in parts(definition, "volumes"):
        efs = part(volume, "efsVolumeConfiguration")
        if name := text(efs, "fileSystemId"):
            yield Named(what=What.FILE_SYSTEM, name=name, where=f"volumes[{text(volume, 'name')}]", around=efs)
    network = part(part(service, "networkConfiguration"), "awsvpcConfiguration")
    for what, key in ((What.SUBNET, "subnets"), (What.SECURITY_GROUP, "securityGroups")):
        for name in texts(network, key):
            yield Named(what=what, name=name, where=f"networkConfiguration.{key}", around=network)
    yield from _target_groups(service)


def _by_container(container: Native, at: str) -> Iterator[Named]:
    if image := text(container, "image"):
        yield Named(what=What.IMAGE, name=image, where=f"{at}.image")
    for secret in parts(container, "secrets"):
        where = f"{at}.secrets[{text(secret, 'name')}]"
        yield Named(what=What.SECRET, name=text(secret, "valueFrom"), where=where)
    if name := text(part(container, "repositoryCredentials"), "credentialsParameter"):
        keeper = {"keeper": "secretsmanager"}  # it takes no parameter of Systems Manager
        yield Named(what=What.SECRET, name=name, where=f"{at}.repositoryCredentials", around=keeper)
    for file in parts(container, "environmentFiles"):
        if name := text(file, "value"):
            yield Named(what=What.ENV_FILE, name=name, where=f"{at}.environmentFiles")
    logs = part(container, "logConfiguration")
    for secret in parts(logs, "secretOptions"):
        where = f"{at}.logConfiguration.secretOptions[{text(secret, 'name')}]"
        yield Named(what=What.SECRET, name=text(secret, "valueFrom"), where=where)
    options = part(logs, "options")
    if text(logs, "logDriver") == "awslogs" and (group := text(options, "awslogs-group")):
        yield Named(what=What.LOG_GROUP, name=group, where=f"{at}.logConfiguration", around=options)


def _target_groups(service: Native) -> Iterator[Named]:
    for index, balancer in enumerate(parts(service, "loadBalancers")):
        other = text(part(balancer, "advancedConfiguration"), "alternateTargetGroupArn")
        for name in (text(balancer, "targetGroupArn"), other):
            if name:
                yield Named(what=What.TARGET_GROUP, name=name, where=f"loadBalancers[{index}]", around=balancer)
