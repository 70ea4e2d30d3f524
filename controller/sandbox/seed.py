"""Seeds: services that the sandbox has from the start, long steady, with a successful deployment behind them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from controller.sandbox import defaults, deployments, ops_clusters, ops_definitions, ops_release, tasks, validate
from controller.sandbox.accept import accepted
from controller.sandbox.call import Call
from controller.sandbox.native import Native
from controller.sandbox.world import Service, World, alarm_names

_AGE = 3600.0  # seconds since the seeded deployment began
_TOOK = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One service to begin with; images are written with their versions, definitions are native structures."""

    account: str
    region: str
    cluster: str
    service: str
    family: str
    task_definition: Mapping[str, object]
    service_definition: Mapping[str, object] = field(default_factory=dict)
    desired_count: int = 2
    alarm_names: tuple[str, ...] = ()
    role: str = ""


def to_json(seed: Seed) -> dict[str, object]:
    """Give a seed as POST /sandbox/seed takes it: its field names as they are."""
    return asdict(seed)


def from_json(document: object) -> Seed:
    """Give a seed from JSON; ValueError says what is wrong with it."""
    if not isinstance(document, Mapping):
        raise ValueError("a seed is an object")  # noqa: TRY004 - one error for a document that is wrong
    unknown = set(document) - set(Seed.__dataclass_fields__)
    lacking = {"account", "region", "cluster", "service", "family", "task_definition"} - set(document)
    if unknown or lacking:
        raise ValueError(
            f"a seed has {', '.join(Seed.__dataclass_fields__)}; wrong here: {sorted(unknown | lacking)}"
        )
    return Seed(
        account=str(document["account"]),
        region=str(document["region"]),
        cluster=str(document["cluster"]),
        service=str(document["service"]),
        family=str(document["family"]),
        task_definition=_native(document["task_definition"]),
        service_definition=_native(document.get("service_definition", {})),
        desired_count=_count(document.get("desired_count", 2)),
        alarm_names=tuple(_names(document.get("alarm_names", []))),
        role=str(document.get("role", "")),
    )


def check(seed: Seed) -> None:
    """Raise Refused if AWS would not take what the seed describes."""
    for name, what in ((seed.cluster, "Cluster"), (seed.service, "Service")):
        validate.check_name(name, what)
    request = _request(seed)
    validate.check_definition(request)
    ops_release.check_settings(_settings(seed), defaults.complete(request, seed.account))


def plant(world: World, seed: Seed) -> Service:
    """Make a checked seed's cluster, task definition and service, steady; a service of that name is replaced."""
    region = world.region(seed.account, seed.region)
    began = world.now() - _AGE
    definition = ops_definitions.register(region, _request(seed), round(began - 60, 3))
    cluster = ops_clusters.make(region, seed.cluster)
    tags = accepted("CreateService", {"tags": seed.service_definition.get("tags")})
    call = Call(world=world, region=region, params={**tags, "desiredCount": seed.desired_count})
    service = ops_release.make(call, cluster, seed.service, _settings(seed))
    service.created = round(began - 30, 3)
    deployments.begin(world, region, service, definition)
    _settle(world, service, began)
    return service


def _request(seed: Seed) -> Native:
    kept = {key: value for key, value in seed.task_definition.items() if key != "tags"}
    return accepted("RegisterTaskDefinition", {**kept, "family": seed.family})


def alarms_of(seed: Seed) -> tuple[str, ...]:
    """Every alarm that a seed names: for guards, and for ECS's own watching."""
    return tuple(dict.fromkeys((*seed.alarm_names, *alarm_names(_settings(seed)))))


def _settings(seed: Seed) -> dict[str, object]:
    skipped = {
        "serviceName",
        "cluster",
        "taskDefinition",
        "desiredCount",
        "tags",
        "forceNewDeployment",
        "clientToken",
    }
    given = {key: value for key, value in seed.service_definition.items() if key not in skipped}
    settings = dict(accepted("CreateService", given))
    fargate = "FARGATE" in str(seed.task_definition.get("requiresCompatibilities"))
    if fargate and "launchType" not in settings and not settings.get("capacityProviderStrategy"):
        settings["launchType"] = "FARGATE"
    if "networkConfiguration" not in settings and seed.task_definition.get("networkMode") == "awsvpc":
        # A spec owns only what it names; the service that it speaks of has a network all the same.
        settings["networkConfiguration"] = {
            "awsvpcConfiguration": {"subnets": ["subnet-sandbox"], "securityGroups": ["sg-sandbox"],
                                    "assignPublicIp": "DISABLED"}
        }  # fmt: skip
    return settings


def _settle(world: World, service: Service, began: float) -> None:
    primary, story = service.primary, service.current
    ended = round(began + _TOOK, 3)
    for _ in range(service.desired):
        origin = (service.cluster.name, f"service:{service.name}", primary.id)
        region = world.region(*_place(service))
        task = tasks.launch(world, region, primary.revision, origin, service.settings, late=0)
        tasks.settled(task, began + 15)
        primary.tasks.append(task)
    now = world.now()
    deployments.complete(world, service, now)
    primary.created, primary.updated = round(began, 3), ended
    if story is not None:
        story.created, story.started, story.updated, story.finished = (
            round(began, 3),
            round(began + 1, 3),
            ended,
            ended,
        )
    service.events = [{**event, "createdAt": round(ended - place, 3)} for place, event in enumerate(service.events)]
    service.last_said = {"steady": ended}
    service.moving = False


def _place(service: Service) -> tuple[str, str]:
    _, _, _, region, account, _ = service.arn.split(":", 5)
    return account, region


def _native(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError("task_definition and service_definition are objects")  # noqa: TRY004
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("desired_count is a whole number, zero or more")
    return value


def _names(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError("alarm_names is a list of names")
    return list(value)
