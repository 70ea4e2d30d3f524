"""Look at services: in tens, at rest with nothing but DescribeServices, and closer only where something moves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeAlias

from controller.errors import TrueupError
from controller.model.names import ClaimKey, TargetName
from controller.model.observation import Absent, Live, Sight, State, Unseen
from controller.model.place import Place
from controller.ports import LookAt
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.aside import reads_scaling, reads_tags
from controller.targets.ecs.client import Access, Clients
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.memory import Seen, asked_of, mark_of
from controller.targets.ecs.native import Native, last, parts, text
from controller.targets.ecs.revisions import freeze
from controller.targets.ecs.rotated import Rotations
from controller.targets.ecs.running import read_running
from controller.targets.ecs.scaling import Scaled, Scaling
from controller.targets.ecs.sight import Job, compose, primary_or_why
from controller.targets.ecs.stopped import started_after
from controller.targets.ecs.tasks import gather
from controller.targets.ecs.telling import Telling, wants_account

_AT_ONCE: Final = 10
_MISSING: Final = "MISSING"
_RESTED: Final = 5
Answers: TypeAlias = Mapping[str, Native | Absent | Unseen]


class Looking:
    """Looks at services and remembers what it saw, so that what did not change costs next to nothing."""

    def __init__(self, clients: Clients, definitions: Definitions, *, by_digest: bool = False) -> None:
        self._by_digest = by_digest
        self._clients = clients
        self._definitions = definitions
        self._telling = Telling(clients.elapsed)
        self._scaling = Scaling(clients.elapsed)
        self._rotations = Rotations(clients)
        self._seen: defaultdict[ClaimKey, Seen] = defaultdict(Seen)

    def look(self, wanted: Sequence[LookAt]) -> Mapping[TargetName, Sight]:
        """Look at all of them; what fails for some is Unseen for these and nothing for the others."""
        clusters: defaultdict[tuple[Access, str], list[LookAt]] = defaultdict(list)
        for one in wanted:
            clusters[self._clients.access(one.place), one.place.cluster].append(one)
        sights: dict[TargetName, Sight] = {}
        for (access, _), ones in clusters.items():
            sights.update(self._look(access, ones))
        there = [(one, live) for one in wanted if isinstance(live := sights.get(one.target), Live)]
        return sights | {one.target: live for one, live in self._rotations.noted(there)}

    def seen(self, place: Place) -> Seen:
        """Give what is remembered of a place."""
        return self._seen[place.claim]

    def describe(self, access: Access, place: Place) -> Native | Absent | Unseen:
        """Read one service now."""
        return describe(access, place, [place.service])[place.service]

    def answered(self, place: Place, access: Access, service: Native) -> Live | None:
        """Remember what an answer to a changing call showed: nothing may be left to be seen of it later.

        Gives what is there by that answer, if it says enough.
        """
        seen, primary = self._seen[place.claim], primary_or_why(service)
        seen.settled, seen.looked = False, self._clients.elapsed()
        seen.arn, seen.current = text(service, "serviceArn"), text(service, "currentServiceDeployment")
        if isinstance(primary, str):
            return None
        one = LookAt(target=TargetName(place.service), place=place)
        job = Job(one=one, service=service, primary=primary, seen=seen, mark=b"")
        with suppress(TrueupError):  # it was taken, whatever else can be read now
            return compose(job, partial(self._definitions.get, access))
        return None

    def _look(self, access: Access, ones: Sequence[LookAt]) -> dict[TargetName, Sight]:
        try:
            access.verify()
        except TrueupError as error:
            return {one.target: Unseen(why=str(error)) for one in ones}
        by_service: defaultdict[str, list[LookAt]] = defaultdict(list)
        for one in ones:
            by_service[one.place.service].append(one)
        services, cluster = list(by_service), ones[0].place.cluster
        counted = {one.place.service for one in ones if reads_scaling(one.owns)}
        scaled = self._scaling.read(access, cluster, counted) if counted else {}
        sights: dict[TargetName, Sight] = {}
        moving: list[Job] = []
        for start in range(0, len(services), _AT_ONCE):
            # An answer holds a hundred events a service: only those of what moves are kept until the end.
            names = services[start : start + _AT_ONCE]
            tagged = any(reads_tags(one.owns) for name in names for one in by_service[name])
            begun = [
                (one, self._begin(one, answer, scaled.get(name, Scaled())))
                for name, answer in describe(access, ones[0].place, names, tagged=tagged).items()
                for one in by_service[name]
            ]
            jobs = [job for _, job in begun if isinstance(job, Job)]
            freeze(access, jobs)
            if self._by_digest and jobs:
                read_running(access, jobs, partial(self._definitions.get, access))
            sights.update((one.target, sight) for one, sight in begun if not isinstance(sight, Job))
            sights.update((job.one.target, self._sight(access, job)) for job in jobs if not job.one.moving)
            moving += [job for job in jobs if job.one.moving]
        self._telling.hear(access, moving)
        return sights | {job.one.target: self._sight(access, job) for job in moving}

    def _begin(self, one: LookAt, answer: Native | Absent | Unseen, scaled: Scaled) -> Sight | Job:
        """Give what there is if nothing changed, else what there is to do."""
        if isinstance(answer, Absent | Unseen):
            return answer
        seen = self._seen[one.place.claim]
        primary = primary_or_why(answer)
        if isinstance(primary, str):
            return Unseen(why=primary)
        seen.looked, seen.arn = self._clients.elapsed(), text(answer, "serviceArn")
        seen.current = text(answer, "currentServiceDeployment")
        job = Job(
            one=one,
            service=answer,
            primary=primary,
            seen=seen,
            mark=mark_of(answer),
            by_digest=self._by_digest,
            scaled=scaled,
        )
        same = seen.settled and seen.mark == job.mark and seen.asked == asked_of(one)
        beside = (seen.live.beside, seen.live.unread) if seen.live else None
        same = same and beside == (scaled.manifest, scaled.why)
        restarted = job.proven and started_after(answer, max(job.proven, seen.started))
        return seen.live if same and seen.live is not None and not restarted else job

    def _sight(self, access: Access, job: Job) -> Sight:
        if job.deaf:
            return Unseen(why=job.deaf)
        try:
            gather(access, job)
            live = compose(job, partial(self._definitions.get, access))
        except TrueupError as error:
            return Unseen(why=str(error))
        except Exception as error:  # noqa: BLE001 - whatever one service looks like, the others are to be seen
            return Unseen(why=f"{type(error).__name__}: {error}")
        return _remember(job, live)


def _remember(job: Job, live: Live) -> Live:
    """Keep what was seen, and give the very same value as long as nothing changed."""
    seen = job.seen
    if seen.live is None or seen.live != live:
        seen.live = live
    seen.mark, seen.asked, seen.settled = job.mark, asked_of(job.one), _is_settled(job, live)
    current = text(job.service, "currentServiceDeployment")
    if current and not job.one.moving and current not in seen.rested:
        seen.rested = (*seen.rested, current)[-_RESTED:]
    return seen.live


def describe(access: Access, place: Place, services: Sequence[str], *, tagged: bool = False) -> Answers:
    """Read at most ten services of one cluster; a name that AWS refuses does not hide the others."""
    more = {"include": ["TAGS"]} if tagged else {}
    try:
        answer = access.read("DescribeServices", cluster=place.cluster, services=list(services), **more)
    except Declined as declined:
        if declined.cause is Cause.CONTENT and len(services) > 1:
            return {name: describe(access, place, [name], tagged=tagged)[name] for name in services}
        if declined.cause is Cause.GONE and len(services) == 1:
            return {services[0]: Absent()}
        why = f"{declined}{_hint(declined, place)}"
        return dict.fromkeys(services, Unseen(why=why))
    except TrueupError as error:
        return dict.fromkeys(services, Unseen(why=str(error)))
    return dict(_sorted(answer, place, services))


def _hint(declined: Declined, place: Place) -> str:
    if declined.cause is not Cause.NO_CLUSTER:
        return ""
    return f" Is {place.cluster!r} the name of a cluster in {place.region} of {place.account}? Nothing is created."


def _sorted(
    answer: Native, place: Place, services: Iterable[str]
) -> Iterable[tuple[str, Native | Absent | Unseen]]:
    found = {text(service, "serviceName"): service for service in parts(answer, "services")}
    failures = {last(text(failure, "arn")): text(failure, "reason") for failure in parts(answer, "failures")}
    for name in services:
        if name in found:
            yield name, _checked(found[name], place)
        elif failures.get(name) == _MISSING:
            yield name, Absent()
        else:
            yield name, Unseen(why=f"AWS does not answer for {name}: {failures.get(name, 'it is not mentioned')}")


def _checked(service: Native, place: Place) -> Native | Absent | Unseen:
    """Take a service that is being deleted for gone, and one of another place for a wrong answer."""
    if text(service, "status") != "ACTIVE":
        return Absent()
    arn = text(service, "serviceArn")
    region, account, resource = (arn.split(":", 5) + [""] * 6)[3:6]
    cluster = resource.split("/")[1:-1]  # short ARNs, of old services, name no cluster
    if (region, account) != (place.region, place.account) or cluster not in ([], [last(place.cluster)]):
        return Unseen(
            why=f"AWS answers with {arn}, which is not in {place.cluster} in {place.region} of {place.account}"
        )
    return service


def _is_settled(job: Job, live: Live) -> bool:
    """Whether nothing can have changed as long as DescribeServices says the same."""
    primary = live.primary
    rests = primary is not None and primary.state is State.SUCCESSFUL and primary.blame is None
    heard = not job.one.moving or job.blind or (job.one.ours is not None and not wants_account(job))
    return rests and heard and job.over and live.running >= live.desired
