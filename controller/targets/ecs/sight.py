"""Put together what is there from what was read: the only place that makes a Live."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from controller.model.manifest import Manifest
from controller.model.names import DeploymentId, Revision
from controller.model.observation import Blame, Deployment, Live, State
from controller.model.packed import Packed
from controller.ports import LookAt
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.definitions import Definition
from controller.targets.ecs.fields import NOT_DRIVEN
from controller.targets.ecs.manifest import canonical_json, deploying, live_manifest, live_settings, write_shape
from controller.targets.ecs.memory import Seen
from controller.targets.ecs.native import Native, micros, number, part, parts, text
from controller.targets.ecs.pinned import digests, images_of, names_under, pinned, pinned_fields, with_images
from controller.targets.ecs.placing import Describe, unplaced
from controller.targets.ecs.progress import UNTOLD, reached
from controller.targets.ecs.scaling import Scaled
from controller.targets.ecs.stopped import blame_of, evidence_of, exits_of
from controller.targets.ecs.verdict import (
    Told,
    asof,
    is_going_back,
    listed_state,
    primary_of,
    vanished_state,
)

_MICROS: Final = 1_000_000
_ECS: Final = "ecs"
_SOMEBODY: Final = "somebody"


@dataclass(slots=True, kw_only=True)
class Job:
    """One target on its way to a sight.

    `fresh` are the deployments of which ECS told in this look, `told` says that it told of all that was asked,
    `blind` that it has no account of its deployments here, `deaf` why it could not be heard though it has one.
    `revisions` are service revisions that were read, `unread` is why stopped tasks could not be, and `over` says
    that there is nothing more to read of them. `by_digest` asks which digests run under tags. `scaled` is what
    stands beside the service, if it was asked for.
    """

    one: LookAt
    service: Native
    primary: Native
    seen: Seen
    mark: bytes
    fresh: set[DeploymentId] = field(default_factory=set)
    told: bool = False
    blind: bool = False
    deaf: str = ""
    unread: str = ""
    over: bool = True
    by_digest: bool = False
    revisions: dict[str, Native] = field(default_factory=dict)
    scaled: Scaled = field(default_factory=Scaled)

    @property
    def ours(self) -> Native | None:
        """The deployment that an open rollout made or took, if it is listed."""
        return next((one for one in self.listed if one.get("id") == self.one.ours), None)

    @property
    def listed(self) -> list[Native]:
        """What DescribeServices lists."""
        return parts(self.service, "deployments")

    @property
    def proven(self) -> int:
        """When ours was first seen done, in microseconds; 0 if it was not."""
        return round(self.one.proven.timestamp() * _MICROS) if self.one.proven else 0

    def account_of(self, wanted: DeploymentId) -> Told | None:
        """Give what ECS told of a deployment, if that still holds."""
        told = self.seen.told.get(wanted)
        return told if told is not None and (told.ended or wanted in self.fresh) else None


def compose(job: Job, describe: Describe) -> Live:
    """Give what is there; raises what `describe` raises if PRIMARY's task definition cannot be read."""
    service, primary, seen = job.service, job.primary, job.seen
    definition = describe(text(primary, "taskDefinition"))
    made = [*(_listed(job, one, describe) for one in job.listed), *_unlisted(job, describe)]
    fields, images = deploying(service, primary), _images(job, DeploymentId(text(primary, "id")))
    live = Live(
        manifest=_manifest(seen, definition, fields, images),
        settings=live_settings(service).kept(),
        shape=_shape(definition, fields, images),
        revision=Revision(text(primary, "taskDefinition")),
        deployment=DeploymentId(text(primary, "id")),
        desired=number(service, "desiredCount"),
        running=number(primary, "runningCount"),
        asof=asof(service),
        identity=f"{text(service, 'serviceArn')}@{micros(service, 'createdAt')}",
        exits=exits_of(seen.tasks.values(), job.one.ours, job.proven) if job.one.ours and job.proven else 0,
        told=job.told,
        deployments=tuple(made),
        tags=definition.tags,
        beside=job.scaled.manifest,
        unread=job.scaled.why,
    )
    seen.remember(made, (text(one, "id") for one in job.listed), live.asof)
    return live


def _shape(definition: Definition, fields: Native, images: Mapping[str, str]) -> Packed:
    """Write what runs, its tags as the digests that they stand for."""
    if not images:
        return Packed.of(f'{{"service":{canonical_json(fields)},"taskDefinition":{definition.native}}}')
    native: Native = json.loads(str(definition.native))
    tags = {name: image for name, image in images_of(native).items() if name in images}
    return Packed.of(write_shape(with_images(native, pinned(tags, images)), fields, tags))


def _images(job: Job, made: DeploymentId) -> Mapping[str, str]:
    """Give the digests that a deployment's tags stand for."""
    return job.seen.images.get(made, {})


def _manifest(seen: Seen, definition: Definition, fields: Native, images: Mapping[str, str]) -> Manifest:
    key = (definition.revision, canonical_json(fields), canonical_json(images))
    known = seen.manifests.get(key)
    if known is not None:
        return known
    found = live_manifest(pinned_fields(definition.fields, images), fields)
    return seen.keep_manifest(key, found.echoed(names_under(definition.fields, images)))


def _manifest_of(job: Job, one: Native, describe: Describe, images: Mapping[str, str]) -> Manifest:
    """Give the content of a deployment, or of a service revision: they name their fields alike.

    That the task definition of one that is on its way out is not there any more hides nothing that matters.
    """
    arn = text(one, "taskDefinition")
    try:
        definition = describe(arn)
    except Declined as declined:
        if declined.cause is not Cause.CONTENT or arn == job.primary.get("taskDefinition"):
            raise
        return Manifest.of({"taskDefinition": arn})
    return _manifest(job.seen, definition, deploying(job.service, one), images)


def _listed(job: Job, one: Native, describe: Describe) -> Deployment:
    made, primary = DeploymentId(text(one, "id")), job.primary
    told = job.account_of(made)
    state = told.state if told else listed_state(one, primary, alone=len(job.listed) == 1)
    backs = {other.back_to for other in job.seen.told.values()}
    by_ecs = made in backs or (made == primary.get("id") and is_going_back(primary))
    deployment = Deployment(
        id=made,
        born=micros(one, "createdAt"),
        manifest=_manifest_of(job, one, describe, _images(job, made)),
        state=state,
        revision=Revision(text(one, "taskDefinition")),
        why=told.why if told else "",
        by=_ECS if by_ecs else _SOMEBODY,
        automatic=by_ecs,
        evidence=_evidence(job, made),
        stage=told.stage if told else "",
        reached=_reached(job, one, told) if state is State.MOVING else 0,
        source=told.source if told else None,
        awaits=told.awaits if told else None,
    )
    if deployment.broke:
        why = deployment.why or text(one, "rolloutStateReason")
        return replace(deployment, why=why, blame=_blame(job, deployment, why, describe))
    return _in_trouble(job, one, deployment, describe)


def _reached(job: Job, one: Native, told: Told | None) -> int:
    """Say how far PRIMARY has come; nothing else gets on."""
    if one.get("id") != job.primary.get("id"):
        return 0
    old = sum(number(other, "runningCount") for other in job.listed if other is not one)
    return reached(told.place if told else UNTOLD, number(one, "runningCount"), old)


def _evidence(job: Job, made: DeploymentId) -> tuple[str, ...]:
    said = evidence_of(job.seen.tasks.values(), made)
    return (*said, job.unread) if job.unread and made == job.one.ours else said


def _in_trouble(job: Job, one: Native, deployment: Deployment, describe: Describe) -> Deployment:
    """Say what PRIMARY lacks to come to its desired count: of the platform, or of what it asks for itself."""
    whole = number(one, "runningCount") >= number(one, "desiredCount")
    if one.get("id") != job.primary.get("id") or (deployment.state is State.SUCCESSFUL and whole):
        return deployment
    found = unplaced(job.service, text(one, "taskDefinition"), deployment.born, describe)
    if found is not None and found.own:
        return replace(deployment, evidence=(found.message, *deployment.evidence))
    ground = number(one, "failedTasks") and blame_of(job.seen.tasks.values(), deployment.id) is Blame.PLATFORM
    failed = deployment.evidence[0] if ground and deployment.evidence else ""
    trouble = found.message if found else failed
    return replace(deployment, why=trouble, blame=Blame.PLATFORM) if trouble else deployment


def _blame(job: Job, deployment: Deployment, why: str, describe: Describe) -> Blame:
    """Say whose fault it is that a deployment broke; an alarm that rang is about the content."""
    if "alarm" in why.lower():
        return Blame.CONTENT
    of_tasks = blame_of(job.seen.tasks.values(), deployment.id)
    if of_tasks is not None:
        return of_tasks
    found = unplaced(job.service, str(deployment.revision or ""), deployment.born, describe)
    return Blame.PLATFORM if found is not None and not found.own else Blame.CONTENT


def _unlisted(job: Job, describe: Describe) -> list[Deployment]:
    """Give the deployments that DescribeServices no longer lists, as ECS told of them or as we remember them."""
    listed = {one.get("id") for one in job.listed}
    ours = job.one.ours
    wanted = sorted({*job.fresh, *((ours,) if ours else ())} - listed, key=str)
    found = (
        _told_of(job, made, describe) or _remembered(job, made, describe)
        for made in wanted
        if isinstance(made, str)
    )
    return [one for one in found if one is not None]


def _told_of(job: Job, made: str, describe: Describe) -> Deployment | None:
    told = job.account_of(DeploymentId(made))
    if told is None:
        return None
    known, frozen = job.seen.known.get(told.id), job.revisions.get(told.revision)
    manifest, revision = Manifest.of({"serviceRevision": told.revision}), None
    if known is not None:
        manifest, revision = known.manifest, known.revision
    elif frozen is not None:
        images = digests(parts(frozen, "containerImages"), "containerName") if job.by_digest else {}
        manifest = _manifest_of(job, frozen, describe, images)
        revision = Revision(text(frozen, "taskDefinition"))
    deployment = Deployment(
        id=told.id,
        born=told.born,
        manifest=manifest,
        state=told.state,
        revision=revision,
        why=told.why,
        evidence=_evidence(job, told.id),
    )
    return (
        replace(deployment, blame=_blame(job, deployment, told.why, describe)) if deployment.broke else deployment
    )


def _remembered(job: Job, made: str, describe: Describe) -> Deployment | None:
    """Give one that is gone from the list, where ECS has no account to ask; an older read proves nothing."""
    known = job.seen.known.get(DeploymentId(made))
    if known is None or not job.blind or asof(job.service) < job.seen.listed_at.get(known.id, 0):
        return None
    if known.state in {State.SUCCESSFUL, State.STOPPED} or known.state is State.RETURNED:
        return known
    before = job.seen.before.get(known.id, frozenset())
    state = vanished_state(known.born, job.primary, before)
    gone = replace(known, state=state, evidence=_evidence(job, known.id) or known.evidence)
    why = known.why or "it is no longer listed, and an older deployment runs"
    return replace(gone, why=why, blame=known.blame or _blame(job, gone, why, describe)) if gone.broke else gone


def primary_or_why(service: Native) -> Mapping[str, object] | str:
    """Give the PRIMARY deployment, or say why there is none that we may speak of."""
    kind = text(part(service, "deploymentController"), "type") or _ECS.upper()
    if kind != _ECS.upper():
        why = f"its deployment controller is {kind}, and only ECS is driven by trueup{NOT_DRIVEN.get(kind, '')}"
        return f"{why}; nothing is done"
    return primary_of(service) or "it has no PRIMARY deployment"
