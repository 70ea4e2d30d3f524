"""Which digests the tasks of a deployment run: ECS resolves a tag once, and its service revision says to what.

Sources: "Service revisions" and "Container image resolution" (Amazon ECS Developer Guide). Service revisions exist
since October 2024; for older deployments, and where they may not be read, the running tasks say it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from controller.errors import TrueupError
from controller.model.names import DeploymentId
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.client import Access
from controller.targets.ecs.definitions import Definition
from controller.targets.ecs.draft import tagged
from controller.targets.ecs.native import last, parts, text, texts
from controller.targets.ecs.pinned import digests
from controller.targets.ecs.sight import Job

Describe: TypeAlias = Callable[[str], Definition]
Digests: TypeAlias = dict[str, str]
_AT_ONCE: Final = 20
_TASKS: Final = 100
_ELSEWHERE: Final = frozenset({Cause.NO_API, Cause.DENIED, Cause.CONTENT, Cause.GONE})
_NEEDS: Final = "needs ecs:DescribeServiceRevisions, or ecs:ListTasks and ecs:DescribeTasks"


def read_running(access: Access, jobs: Sequence[Job], describe: Describe) -> None:
    """Read the digests of every deployment of these jobs that runs tags, once a deployment.

    What cannot be read of PRIMARY leaves its job deaf: a tag is not to be taken for another image.
    """
    wanted = {arn: (job, made) for job in jobs for made, arn in _wanting(job, describe)}
    for job, made, found in _told(access, wanted):
        job.seen.images[made] = found
    for job in jobs:
        primary = DeploymentId(text(job.primary, "id"))
        if any(one is job and made == primary for one, made in wanted.values()):
            _ask_tasks(access, job, primary)


def _wanting(job: Job, describe: Describe) -> Iterable[tuple[DeploymentId, str]]:
    """Give the deployments whose tags are not known yet, each with the name of its service revision."""
    for one in job.listed:
        made = DeploymentId(text(one, "id"))
        if made in job.seen.images or job.seen.unpinned.get(made) == job.mark:
            continue
        try:
            definition = json.loads(str(describe(text(one, "taskDefinition")).native))
        except TrueupError:
            continue  # told where the deployment itself is put together
        if any(True for _ in tagged(definition, frozenset())):
            yield made, revision_arn(job, made)
        else:
            job.seen.images[made] = {}


def revision_arn(job: Job, made: DeploymentId) -> str:
    """Name the service revision of a deployment: they share their number (ecs-svc/NUMBER)."""
    begin = text(job.service, "serviceArn").split(":service/", 1)[0]
    place = job.one.place
    return f"{begin}:service-revision/{last(place.cluster)}/{place.service}/{last(made)}"


def _told(
    access: Access, wanted: Mapping[str, tuple[Job, DeploymentId]]
) -> Iterable[tuple[Job, DeploymentId, Digests]]:
    arns = list(wanted)
    for start in range(0, len(arns), _AT_ONCE):
        some = arns[start : start + _AT_ONCE]
        try:
            answer = access.read("DescribeServiceRevisions", serviceRevisionArns=some)
        except Declined as declined:
            if declined.cause not in _ELSEWHERE:
                _deafen([wanted[arn][0] for arn in some], str(declined))
            continue
        except TrueupError as error:
            _deafen([wanted[arn][0] for arn in some], str(error))
            continue
        for one in parts(answer, "serviceRevisions"):
            found = digests(parts(one, "containerImages"), "containerName")
            arn = text(one, "serviceRevisionArn")
            if arn in wanted and found:
                yield (*wanted[arn], found)


def _deafen(jobs: Iterable[Job], why: str) -> None:
    for job in jobs:
        job.deaf = job.deaf or f"the digests that its tasks run cannot be read: {why}"


def _ask_tasks(access: Access, job: Job, primary: DeploymentId) -> None:
    """Let the running tasks of PRIMARY say it; without any, it is asked again when the service has changed."""
    if primary in job.seen.images or job.deaf:
        return
    place = job.one.place
    try:
        listed = access.read("ListTasks", cluster=place.cluster, serviceName=place.service, desiredStatus="RUNNING")
        arns = texts(listed, "taskArns")[:_TASKS]
        described = access.read("DescribeTasks", cluster=place.cluster, tasks=arns) if arns else {}
    except TrueupError as error:
        denied = isinstance(error, Declined) and error.cause is Cause.DENIED
        _deafen([job], f"{error} ({_NEEDS})" if denied else str(error))
        return
    own = [task for task in parts(described, "tasks") if text(task, "startedBy") == primary]
    found = [digests(parts(task, "containers"), "name") for task in own]
    agreed = {name: digest for one in found for name, digest in one.items() if _all_agree(found, name, digest)}
    if agreed:
        job.seen.images[primary] = agreed
    else:
        job.seen.unpinned[primary] = job.mark


def _all_agree(found: Iterable[Digests], name: str, digest: str) -> bool:
    return all(one.get(name, digest) == digest for one in found)
