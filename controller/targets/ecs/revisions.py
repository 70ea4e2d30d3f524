"""Read the fields of deployments that only their service revisions show: once a deployment, and only if compared.

A service revision is frozen, and its number is that of the deployment: `ecs-svc/N` is `service-revision/C/S/N`.
There are revisions of deployments since 2024-10-25 only ("Amazon ECS service revisions", Developer Guide).
"""

from collections.abc import Iterable
from typing import Final

from controller.errors import TrueupError
from controller.model.names import DeploymentId
from controller.targets.ecs.aside import reads_revisions
from controller.targets.ecs.client import Access
from controller.targets.ecs.fields import ONLY_ON_REVISIONS
from controller.targets.ecs.native import micros, parts, text
from controller.targets.ecs.running import revision_arn
from controller.targets.ecs.sight import Job

_AT_ONCE: Final = 20
_FIRST: Final = 1_729_814_400_000_000  # microseconds since the epoch: 2024-10-25
_FIELDS: Final = " and ".join(sorted(ONLY_ON_REVISIONS))


def freeze(access: Access, jobs: Iterable[Job]) -> None:
    """Add to the deployments of these jobs what only their revisions have; who could not be told is deaf."""
    chosen = [job for job in jobs if reads_revisions(job.one.owns)]
    wanted = {
        revision_arn(job, DeploymentId(text(one, "id"))): (job, text(one, "id"))
        for job in chosen
        for one in job.listed
        if text(one, "id") not in job.seen.frozen
    }
    arns = list(wanted)
    for start in range(0, len(arns), _AT_ONCE):
        page = arns[start : start + _AT_ONCE]
        try:
            answer = access.read("DescribeServiceRevisions", serviceRevisionArns=page)
        except TrueupError as error:
            for arn in page:
                wanted[arn][0].deaf = f"{_FIELDS} can only be read from service revisions: {error}"
            continue
        for one in parts(answer, "serviceRevisions"):
            job, made = wanted.get(text(one, "serviceRevisionArn"), (None, ""))
            if job is not None:
                job.seen.frozen[made] = {name: one[name] for name in ONLY_ON_REVISIONS if name in one}
    for job in chosen:
        _add(job)


def _add(job: Job) -> None:
    frozen, made = job.seen.frozen, text(job.primary, "id")
    if made not in frozen and micros(job.primary, "createdAt") >= _FIRST:
        job.deaf = job.deaf or f"AWS does not show the service revision of {made} yet"
    listed = [{**one, **frozen.get(text(one, "id"), {})} for one in job.listed]
    job.service = {**job.service, "deployments": listed}
    job.primary = next((one for one in listed if one.get("id") == made), job.primary)
    here = {text(one, "id") for one in listed}
    job.seen.frozen = {known: fields for known, fields in frozen.items() if known in here}
