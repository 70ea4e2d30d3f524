"""What may be written of one target, with what each field means. Values are text until a field reads them."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final, TypeAlias

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from controller.model.desired import OnDrift, Supersede
from controller.model.rollout import Terms
from controller.spec.application import ABOUT_APPLICATION, Built
from controller.spec.forms import ABOUT_BREAKING, ABOUT_FORMS, ACKNOWLEDGED, Forms
from controller.spec.hooks import Hooks
from controller.spec.image import explain_image
from controller.spec.parts import ABOUT_STATE, Paused, State, Strict
from controller.spec.scalars import (
    EcsName,
    Image,
    Like,
    Moment,
    Name,
    OneOf,
    Owner,
    Sentence,
    Span,
    TrueOrFalse,
    Version,
    refuse,
    show,
)

LATER: Final = frozenset({"groups", "track", "verify"})
"""What the plan promises, wherever it would stand: one that is accepted in silence is believed to be there."""

_CREATE: Final = "true: a service that was never seen is created, if enough is said of it; one that is gone is not."


class Follow(StrEnum):
    """What is kept of an image's tag."""

    DIGEST = "digest"
    TAG = "tag"


class Mode(StrEnum):
    """Whether a target is acted on."""

    RELEASE = "release"
    OBSERVE = "observe"


class Rollout(Strict):
    """How a rollout is judged. Durations are a whole number and a unit: 90s, 10m, 1h, 7d."""

    deadline: Annotated[timedelta, Span("1m", "24h")] = Field(
        default_factory=lambda: Terms().deadline,
        description="How long ECS may take, from the last call sent. 30m if absent.",
    )
    progress_deadline: Annotated[timedelta, Span("30s", "24h")] = Field(
        default_factory=lambda: Terms().progress,
        description="How long fewer tasks than desired may run during the bake, 5m if absent; and how long a "
        "rollout may get no further, 10m if absent.",
    )
    bake: Annotated[timedelta, Span("0s", "7d")] = Field(
        default_factory=lambda: Terms().bake,
        description="How long a release has to stay well after ECS is done. 10m if absent.",
    )
    supersede: Annotated[Supersede, OneOf(tuple(Supersede), Supersede)] = Field(
        default=Supersede.ALWAYS, description="When a newer wish may replace a healthy rollout."
    )
    rollback_safe: Annotated[bool, TrueOrFalse()] = Field(
        default=True, description="false: a release that fails is not taken back by itself; its owner is asked."
    )
    during_incident: Annotated[str, Like(r"[A-Za-z0-9][A-Za-z0-9 ._/#:-]{0,63}", "the name of an incident")] = (
        Field(
            default="",
            description="The incident that this ends: alarms that ring already do not count, new ones do.",
        )
    )


class ImageUse(Strict):
    """An image, and whether it is run by digest."""

    image: Image = Field(description="The image, with a tag or a digest.")
    follow: Annotated[Follow, OneOf(tuple(Follow), Follow)] = Field(
        default=Follow.DIGEST,
        description="`tag` runs it by its tag, whatever that is then; by default a tag is made a digest once.",
    )


def _read_image(value: object) -> object:
    if isinstance(value, str) and (wrong := explain_image(value)):
        refuse(f"{show(value)} {wrong}")
    return {"image": value} if isinstance(value, str) else value


class _TextOrUse:
    """Tells editors that an image may also be written alone."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, walk: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, walk(schema)]}


UsedImage: TypeAlias = Annotated[ImageUse, BeforeValidator(_read_image), _TextOrUse()]


class Passing(Strict):
    """Differences that are passed over."""

    path: Annotated[str, Like(r"[\x21-\x7e](?:[\x20-\x7e]{0,398}[\x21-\x7e])?", "a path such as plan prints")] = (
        Field(
            description="Where: a path as `trueup plan` prints it, or a JSON path into the native form (RFC 9535)."
        )
    )
    reason: Sentence = Field(description="Why; shown by `plan --show-ignored`.")
    until: Annotated[datetime, Moment()] | None = Field(
        default=None, description="When it ends by itself, with its zone; without it, a commit ends it."
    )


class PartialTarget(Strict):
    """A target as it is written: what it leaves out may stand in `defaults`."""

    not_yet: ClassVar[frozenset[str]] = LATER

    kind: str = Field(default="", description="What sort of thing it is. Required.")
    service: EcsName = Field(default="", description="The name of the ECS service. Required.")
    version: Version = Field(default="", description="The version to run: the line that a team changes. Required.")
    breaking: Annotated[str, OneOf((ACKNOWLEDGED,))] = Field(default="", description=ABOUT_BREAKING)
    versions: Forms = Field(default_factory=list, description=ABOUT_FORMS)
    cluster: EcsName = Field(default="", description="Another cluster than the environment's.")
    owner: Owner = Field(default="", description="Who is asked about it.")
    application: Built | None = Field(default=None, description=ABOUT_APPLICATION)
    images: dict[EcsName, UsedImage] = Field(
        default_factory=dict,
        description="The image of each container, by the container's name; run by the digest that its tag has when "
        "the release is decided, or with {image: …, follow: tag} by the tag.",
    )
    task_definition: object = Field(
        default=None,
        description="The input of RegisterTaskDefinition in ECS's own shape: inline, or "
        "{file: taskdefs/api.yaml, values: {cpu: '512'}} with values for its ${names}, or images and environment "
        "laid over {base: {family: …, follow: newest-foreign|running}}. Required.",
        json_schema_extra={"type": "object"},
    )
    service_definition: object = Field(
        default=None,
        description="Fields of CreateService and UpdateService in ECS's own shape; what is absent is not ours.",
        json_schema_extra={"type": "object"},
    )
    terraform_state: State = Field(default="", description=ABOUT_STATE)
    create: Annotated[bool, TrueOrFalse()] = Field(default=False, description=_CREATE)
    rollout: Rollout = Field(default_factory=Rollout, description="How a rollout is judged.")
    guards: list[object] = Field(
        default_factory=list, description="What must hold while a release rolls and bakes; else it is taken back."
    )
    gates: list[object] = Field(default_factory=list, description="What must be so before a release starts.")
    not_before: Annotated[datetime, Moment()] | None = Field(
        default=None, description="A moment, with its zone, before which this release does not start."
    )
    hooks: Hooks = Field(default_factory=Hooks, description="One-off tasks around a rollout.")
    on_drift: Annotated[OnDrift, OneOf(tuple(OnDrift), OnDrift)] = Field(
        default=OnDrift.HEAL, description="Whether drift is put back after healAfter, or only said."
    )
    heal_after: Annotated[timedelta, Span("1m", "7d")] = Field(
        default_factory=lambda: timedelta(minutes=5),
        description="How long drift has to last before it is healed. 5m if absent.",
    )
    paused: Paused = Field(default=None, description="true, or {reason, until}: nothing is changed meanwhile.")
    ignore: list[Passing] = Field(
        default_factory=list, description="Differences that are passed over, each with a reason and perhaps an end."
    )
    needs: list[Name] = Field(
        default_factory=list, description="Targets of this environment that have to run what they should first."
    )
    mode: Annotated[Mode, OneOf(tuple(Mode), Mode)] = Field(
        default=Mode.RELEASE, description="`observe` says what would be done, and does none of it."
    )


class Target(PartialTarget):
    """A target with its defaults laid under: whole."""

    kind: str
    service: EcsName
    version: Version
    task_definition: object
