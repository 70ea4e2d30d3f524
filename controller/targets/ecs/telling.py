"""Ask ECS for its own account of its deployments: only where it can say more than the list does."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from controller.errors import TrueupError
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.client import Access
from controller.targets.ecs.native import Native, number, parts, text
from controller.targets.ecs.progress import has_stages
from controller.targets.ecs.sight import Job
from controller.targets.ecs.verdict import Told, tell

_AT_ONCE: Final = 20
_AGAIN: Final = 900.0
_NO_ACCOUNT: Final = frozenset({Cause.NO_API, Cause.DENIED})


class Telling:
    """Reads service deployments, in as few calls as there can be; `elapsed` counts seconds.

    Where the API does not exist, or we may not use it, that is remembered for a quarter of an hour.
    """

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._silent_until: dict[int, float] = {}

    def hear(self, access: Access, asking: Sequence[Job]) -> None:
        """Let ECS tell of the deployments of these jobs, all in one cluster; each says itself what it could not."""
        for job in asking:
            job.blind = self._elapsed() < self._silent_until.get(id(access), float("-inf"))
        wanting = [job for job in asking if not job.blind and wants_account(job)]
        self._describe(access, {arn: job for job in wanting if (arn := _guess(job))})
        lost = [job for job in wanting if not _is_known(job)]
        self._describe(access, {told.arn: job for job in lost for told in self._list(access, job)})
        self._freeze(access, wanting)
        for job in asking:
            job.fresh |= job.seen.found if job.one.ours is None else frozenset()
            job.told = not job.blind and not job.deaf and (job in wanting or job.one.ours is None or _is_known(job))

    def _read(self, access: Access, jobs: Iterable[Job], operation: str, **params: object) -> Native:
        """Make a call for these jobs; if it fails they are deaf, or blind where there is nothing to hear."""
        try:
            return access.read(operation, **params)
        except TrueupError as error:
            silent = isinstance(error, Declined) and error.cause in _NO_ACCOUNT
            if silent:
                self._silent_until[id(access)] = self._elapsed() + _AGAIN
            for job in jobs:
                job.blind, job.deaf = (True, job.deaf) if silent else (job.blind, str(error))
            return {}

    def _list(self, access: Access, job: Job) -> list[Told]:
        """Find what is not known by name: ours after a restart, or what a call made that was never answered."""
        if job.blind or job.deaf:
            return []
        place = job.one.place
        answer = self._read(
            access,
            [job],
            "ListServiceDeployments",
            cluster=place.cluster,
            service=place.service,
            maxResults=_AT_ONCE,
        )
        told = [tell(brief) for brief in parts(answer, "serviceDeployments")]
        if job.one.ours is not None:
            return [one for one in told if one.id == job.one.ours]
        listed = {one.get("id") for one in job.listed}
        newest = sorted(told, key=lambda one: one.born)[-1:]
        found = [one for one in newest if one.id not in listed and one.arn not in job.seen.rested]
        job.seen.found = frozenset(one.id for one in found)
        job.seen.listed_for = job.mark if answer else b""
        return found

    def _describe(self, access: Access, wanted: Mapping[str, Job]) -> None:
        for arns in _chunks(list(wanted)):
            jobs = [wanted[arn] for arn in arns]
            answer = self._read(access, jobs, "DescribeServiceDeployments", serviceDeploymentArns=arns)
            for told in map(tell, parts(answer, "serviceDeployments")):
                if told.arn in wanted:
                    wanted[told.arn].seen.told[told.id] = told
                    wanted[told.arn].fresh.add(told.id)

    @staticmethod
    def _freeze(access: Access, jobs: Iterable[Job]) -> None:
        """Read what a deployment brought that is neither listed nor remembered."""
        wanted = {
            job.seen.told[made].revision: job
            for job in jobs
            for made in job.fresh - {one.get("id") for one in job.listed} - set(job.seen.known)
        }
        for arns in _chunks(list(wanted)):
            with suppress(TrueupError):  # it is known how they went; what they were is then not
                answer = access.read("DescribeServiceRevisions", serviceRevisionArns=arns)
                for one in parts(answer, "serviceRevisions"):
                    arn = text(one, "serviceRevisionArn")
                    if arn in wanted:
                        wanted[arn].revisions[arn] = one


def wants_account(job: Job) -> bool:
    """Whether the list cannot say how it went.

    While PRIMARY is ours, in progress and without failed tasks there is nothing to ask, unless it goes through
    stages and may pause; and what has ended never changes. Without an id of ours the list is asked once for each
    change of the service.
    """
    if job.one.ours is None:
        return job.seen.listed_for != job.mark
    known = job.seen.told.get(job.one.ours)
    if known is not None and known.ended:
        return False
    ours = job.ours
    if ours is None or ours.get("id") != job.primary.get("id"):
        return True
    return has_stages(job.service) or text(ours, "rolloutState") != "IN_PROGRESS" or number(ours, "failedTasks") > 0


def _is_known(job: Job) -> bool:
    """Whether ECS told of ours, now or for good."""
    return job.one.ours is not None and job.account_of(job.one.ours) is not None


def _guess(job: Job) -> str:
    """Give the service deployment that ours most likely is: the one we know, or the service's current one."""
    if job.one.ours is None:
        return ""
    known = job.seen.told.get(job.one.ours)
    return known.arn if known else text(job.service, "currentServiceDeployment")


def _chunks(arns: Sequence[str]) -> Iterable[list[str]]:
    return (list(arns[start : start + _AT_ONCE]) for start in range(0, len(arns), _AT_ONCE))
