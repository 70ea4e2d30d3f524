"""Can the controller do its work in AWS: assume its roles, and see clusters, services and task definitions?"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from controller.app.finding import Finding, ng, ok, skip
from controller.app.reach import who_we_are
from controller.errors import AccessError, PlatformError, SpecError, TrueupError
from controller.model.desired import Desired
from controller.model.observation import Absent, Unseen
from controller.model.place import Place

if TYPE_CHECKING:
    from controller.clock import Clock
    from controller.targets.ecs.client import Clients
    from controller.targets.ecs.native import Native

_SKEW: Final = 30.0  # seconds: a lease, and a tenth of what AWS's signatures forgive
_AT_ONCE: Final = 10  # DescribeServices takes ten names
_NAMED: Final = 3


def environment(desired: Desired, clients: "Clients", clock: "Clock") -> Iterator[Finding]:
    """Check each account, region and role of an environment, and the services in each of its clusters."""
    places: defaultdict[tuple[str, str, str | None], list[Place]] = defaultdict(list)
    for target in desired.targets.values():
        place = target.place
        places[place.account, place.region, place.role].append(place)
    for (account, region, role), ones in places.items():
        good = True
        for finding in _role(desired.env, account, region, role, clients, clock):
            good = good and not finding.todo
            yield finding
        if good:
            yield from _clusters(desired.env, ones, clients)


def _role(
    env: str, account: str, region: str, role: str | None, clients: "Clients", clock: "Clock"
) -> Iterator[Finding]:
    """Check that the role can be assumed and is of the account, and that both have the same time."""
    try:
        identity = who_we_are(clients, role, region)
    except (AccessError, PlatformError, SpecError) as problem:
        do = f"let {role or 'the credentials'} be assumed from here, as SECURITY.md says"
        yield ng("role", env, str(problem), do, unreachable=True)
        return
    if account and identity.account != account:
        what = f"the credentials belong to account {identity.account}, not to {account}"
        yield ng("role", env, what, "correct aws.account, or say aws.roleArn", unreachable=True)
        return
    yield ok("role", env, f"we are {identity.arn or identity.account}")
    yield skew(env, identity.at, clock)


def skew(env: str, at: datetime | None, clock: "Clock") -> Finding:
    """Hold our clock against the time that AWS said it was."""
    if clock.speed != 1:
        return skip("clock", env, "time is scaled, for a rehearsal")
    if at is None:
        return skip("clock", env, "AWS did not say what time it is")
    seconds = abs((clock.now() - at).total_seconds())
    if seconds > _SKEW:
        what = f"our clock and AWS's are {seconds:.0f} s apart"
        return ng("clock", env, what, "set the clock by NTP: leases and signatures stand on it")
    return ok("clock", env, f"within {max(1, round(seconds))} s of AWS's")


def _clusters(env: str, places: Sequence[Place], clients: "Clients") -> Iterator[Finding]:
    by_cluster: defaultdict[str, list[Place]] = defaultdict(list)
    for place in places:
        by_cluster[place.cluster].append(place)
    for cluster, ones in sorted(by_cluster.items()):
        yield from _services(f"{env}: {cluster}", ones, clients)


def _services(about: str, places: Sequence[Place], clients: "Clients") -> Iterator[Finding]:
    """Check that every service is seen, in tens, and that a task definition can be read."""
    from controller.targets.ecs.inventory import definition_of
    from controller.targets.ecs.look import describe
    from controller.targets.ecs.native import text

    access, names = clients.access(places[0]), sorted({place.service for place in places})
    answers: dict[str, Native | Absent | Unseen] = {}
    for start in range(0, len(names), _AT_ONCE):
        answers.update(describe(access, places[0], names[start : start + _AT_ONCE]))
    unseen = {one.why for one in answers.values() if isinstance(one, Unseen)}
    gone = [name for name, one in answers.items() if isinstance(one, Absent)]
    seen = [one for one in answers.values() if not isinstance(one, Absent | Unseen)]
    for why in sorted(unseen):
        yield ng("cluster", about, why, "correct `cluster`, or allow ecs:DescribeServices", unreachable=True)
    if gone:
        more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
        what = f"there is no service {', '.join(gone[:_NAMED])}{more}"
        yield ng("cluster", about, what, "correct `service`, or create it")
    if not seen:
        return
    yield ok("cluster", about, f"{len(seen)} of {len(names)} services are seen")
    try:
        definition_of(access, text(seen[0], "taskDefinition"))
    except TrueupError as problem:
        yield ng("definitions", about, str(problem), "allow ecs:DescribeTaskDefinition", unreachable=True)
    else:
        yield ok("definitions", about, "a task definition can be read")


def place(region: str, role: str | None, cluster: str, clients: "Clients", clock: "Clock") -> Iterator[Finding]:
    """Check one place that no spec names yet: the role, and whether the cluster's services can be listed."""
    from controller.targets.ecs.answers import Declined
    from controller.targets.ecs.inventory import service_names

    account = (role or "").partition("::")[2].partition(":")[0]
    findings = list(_role("", account, region, role, clients, clock))
    yield from findings
    if any(finding.todo for finding in findings) or not cluster:
        return
    where = Place(
        kind="ecs",
        account=account or who_we_are(clients, role, region).account,
        region=region,
        cluster=cluster,
        service="",
        role=role,
    )
    try:
        names = service_names(clients.access(where), cluster)
        yield ok("cluster", cluster, f"{len(names)} services are listed")
    except Declined as problem:
        yield ng("cluster", cluster, str(problem), "correct --cluster, or allow ecs:ListServices", unreachable=True)
