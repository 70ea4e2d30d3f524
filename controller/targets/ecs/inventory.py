"""Read what a cluster holds, for adoption: with calls that change nothing, in as few of them as AWS allows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from controller.targets.ecs.client import Access
from controller.targets.ecs.native import Native, last, part, parts, text, texts

_AT_ONCE: Final = 10  # DescribeServices takes ten names
_A_PAGE: Final = 100  # ListServices gives at most a hundred


def service_names(access: Access, cluster: str) -> tuple[str, ...]:
    """Name every service of a cluster, in order; raises Declined."""
    names: set[str] = set()
    more: dict[str, str] = {}
    while True:
        answer = access.read("ListServices", cluster=cluster, maxResults=_A_PAGE, **more)
        names.update(last(arn) for arn in texts(answer, "serviceArns"))
        token = text(answer, "nextToken")
        if not token:
            return tuple(sorted(names))
        more = {"nextToken": token}


def services_of(access: Access, cluster: str, names: Sequence[str]) -> Mapping[str, Native | str]:
    """Read services with their tags, ten a call: each as AWS answers it, or why it does not. Raises Declined."""
    return dict(
        found
        for start in range(0, len(names), _AT_ONCE)
        for found in _ten(access, cluster, names[start : start + _AT_ONCE])
    )


def definition_of(access: Access, arn: str) -> Native:
    """Read a task definition; raises Declined."""
    return part(access.read("DescribeTaskDefinition", taskDefinition=arn), "taskDefinition")


def _ten(access: Access, cluster: str, names: Sequence[str]) -> Iterator[tuple[str, Native | str]]:
    answer = access.read("DescribeServices", cluster=cluster, services=list(names), include=["TAGS"])
    found = {text(service, "serviceName"): service for service in parts(answer, "services")}
    reasons = {last(text(failure, "arn")): text(failure, "reason") for failure in parts(answer, "failures")}
    for name in names:
        if name in found:
            yield name, found[name]
        elif reasons.get(name) == "MISSING":
            yield name, f"there is no service {name} in {cluster}"
        else:
            yield name, f"AWS does not answer for it: {reasons.get(name, 'it is not mentioned')}"
