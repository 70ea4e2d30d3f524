"""The ground that tasks stand on: log groups, files, network and load balancers exist and fit together.

Sources: "Using the awslogs log driver", "Use load balancing to distribute Amazon ECS service traffic" and "Use
Amazon EFS volumes with Amazon ECS" (Developer Guide), AwsVpcConfiguration (API Reference).
"""

from typing import Final

from controller.model.checked import Answered, ng, ok
from controller.targets.ecs.answers import Declined
from controller.targets.ecs.native import part, parts, text, texts
from controller.targets.ecs.verify_ask import Grounds, answered, within
from controller.targets.ecs.verify_names import Named

_GONE: Final = frozenset({
    "404", "NoSuchBucket", "NoSuchKey", "NotFound", "FileSystemNotFound", "AccessPointNotFound",
    "TargetGroupNotFound", "TargetGroupNotFoundException",
})  # fmt: skip


def log_group(named: Named, on: Grounds) -> Answered:
    """Check that a log group exists, or is made by the first task that starts."""
    if text(named.around, "awslogs-create-group") == "true":
        return ok("awslogs-create-group: it is made if it is not there, if the execution role may")
    place = within(on.place, text(named.around, "awslogs-region"))

    def judged() -> Answered:
        # In order of name, so that the one that is called exactly so is the first.
        answer = on.ask(place, "logs", "DescribeLogGroups", logGroupNamePrefix=named.name, limit=1)
        if named.name in {text(group, "logGroupName") for group in parts(answer, "logGroups")}:
            return ok()
        return ng(f"there is no such log group in {place.region}; no task could start")

    return answered("logs", "DescribeLogGroups", judged)


def environment_file(named: Named, on: Grounds) -> Answered:
    """Check that a file of environment variables is in its bucket."""
    bucket, _, key = named.name.rpartition(":::")[2].partition("/")

    def judged() -> Answered:
        try:
            on.ask(on.place, "s3", "HeadObject", Bucket=bucket, Key=key)
        except Declined as declined:
            if declined.code in _GONE:
                return ng("there is no such object")
            raise
        return ok()

    return answered("s3", "HeadObject", judged)


def file_system(named: Named, on: Grounds) -> Answered:
    """Check that a file system exists, and the access point that is asked for."""
    point = text(part(named.around, "authorizationConfig"), "accessPointId")

    def there() -> Answered:
        try:
            on.ask(on.place, "efs", "DescribeFileSystems", FileSystemId=named.name)
        except Declined as declined:
            return _gone(declined, "there is no such file system")
        return ok()

    def entered() -> Answered:
        try:
            answer = on.ask(on.place, "efs", "DescribeAccessPoints", AccessPointId=point)
        except Declined as declined:
            return _gone(declined, f"there is no access point {point}")
        ours = any(text(one, "FileSystemId") == named.name for one in parts(answer, "AccessPoints"))
        return ok() if ours else ng(f"access point {point} is of another file system")

    found = answered("efs", "DescribeFileSystems", there)
    return answered("efs", "DescribeAccessPoints", entered) if point and found == ok() else found


def subnet(named: Named, on: Grounds) -> Answered:
    """Check that a subnet exists, and that all of them are in one network."""

    def judged() -> Answered:
        networks = _networks(on, "DescribeSubnets", "subnet-id", texts(named.around, "subnets"))
        if named.name not in networks:
            return ng(f"there is no such subnet in {on.place.region}")
        return ok() if len(set(networks.values())) == 1 else ng(f"it is in {networks[named.name]}, others are not")

    return answered("ec2", "DescribeSubnets", judged)


def security_group(named: Named, on: Grounds) -> Answered:
    """Check that a security group exists, in the network of the subnets."""

    def judged() -> Answered:
        networks = _networks(on, "DescribeSecurityGroups", "group-id", texts(named.around, "securityGroups"))
        if named.name not in networks:
            return ng(f"there is no such security group in {on.place.region}")
        of_subnets = set(_networks(on, "DescribeSubnets", "subnet-id", texts(named.around, "subnets")).values())
        if of_subnets and networks[named.name] not in of_subnets:
            return ng(f"it is in {networks[named.name]}, and the subnets are in {', '.join(sorted(of_subnets))}")
        return ok()

    return answered("ec2", "DescribeSecurityGroups", judged)


def _networks(on: Grounds, operation: str, filtered: str, names: list[str]) -> dict[str, str]:
    """Give the network of each that exists; asked by filter, so that one that is missing hides no other."""
    if not names:
        return {}
    key, listed = ("SubnetId", "Subnets") if filtered == "subnet-id" else ("GroupId", "SecurityGroups")
    asked = [{"Name": filtered, "Values": sorted(names)}]
    return {
        text(one, key): text(one, "VpcId")
        for one in parts(on.ask(on.place, "ec2", operation, Filters=asked), listed)
    }


def target_group(named: Named, on: Grounds) -> Answered:
    """Check that a target group exists, is of a load balancer, and takes what tasks are: hosts or addresses."""
    wanted = "ip" if text(on.definition, "networkMode") == "awsvpc" else "instance"

    def judged() -> Answered:
        try:
            answer = on.ask(on.place, "elbv2", "DescribeTargetGroups", TargetGroupArns=[named.name])
        except Declined as declined:
            return _gone(declined, "there is no such target group")
        group = next(iter(parts(answer, "TargetGroups")), {})
        kind = text(group, "TargetType")
        if kind != wanted:
            mode = text(on.definition, "networkMode") or "bridge"
            return ng(f"its target type is {kind}; network mode {mode} needs {wanted}")
        return ok() if texts(group, "LoadBalancerArns") else ng("no load balancer sends anything to it")

    return answered("elbv2", "DescribeTargetGroups", judged)


def _gone(declined: Declined, why: str) -> Answered:
    """Take the answer that something is not there for what it is, and pass on every other."""
    if declined.code in _GONE:
        return ng(why)
    raise declined
