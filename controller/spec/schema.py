"""What may be written in a spec: the models, with what each field means. Values are text until a field reads them.

Unknown fields are refused. Fields of the plan that are not built yet are refused by name, in `not_yet`.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from controller.model.desired import Brake, Load
from controller.spec.application import ABOUT_APPLICATION, Built
from controller.spec.forms import ABOUT_FORMS, Forms
from controller.spec.parts import ABOUT_STATE, Paused, State, Strict
from controller.spec.scalars import (
    Account,
    EcsName,
    Name,
    OneOf,
    Owner,
    Region,
    RoleArn,
    Share,
    Whole,
    refuse,
)
from controller.spec.target_schema import LATER, PartialTarget

API_VERSION: Final = "trueup/v1"
ENVIRONMENT: Final = "Environment"
TARGETS: Final = "Targets"


class Aws(Strict):
    """Where an environment lives, and as whom it is reached."""

    account: Account = Field(description="Twelve digits. STS has to say the same before anything is changed.")
    region: Region = Field(description="The region of the clusters.")
    role_arn: RoleArn | None = Field(
        default=None,
        description="The role to assume, of the same account; without it, the process's own credentials.",
    )

    @field_validator("role_arn")
    @classmethod
    def _is_of_the_account(cls, arn: str | None, info: ValidationInfo) -> str | None:
        account = info.data.get("account")
        if arn and account and f"::{account}:" not in arn:
            refuse(f"{arn!r} is a role of another account than {account}")
        return arn


class Metadata(Strict):
    """What an environment is called."""

    name: Name = Field(description="The name of the file or folder.")


class Spec(Strict):
    """What an environment is."""

    not_yet: ClassVar[frozenset[str]] = LATER

    aws: Aws = Field(description="Account, region and role.")
    cluster: EcsName = Field(default="", description="The cluster of every target that names no other.")
    owner: Owner = Field(default="", description="The owner of every target that names no other.")
    versions: Forms = Field(
        default_factory=list, description=f"For every target that says nothing else. {ABOUT_FORMS}"
    )
    application: Built | None = Field(
        default=None, description=f"For every target that names no other. {ABOUT_APPLICATION}"
    )
    terraform_state: State = Field(default="", description=f"For every target that names no other. {ABOUT_STATE}")
    paused: Paused = Field(default=None, description="true, or {reason, until}: nothing here is changed meanwhile.")
    max_automatic_rollbacks: Annotated[int, Whole(0, 100)] = Field(
        default=Brake().limit,
        description="How many automatic rollbacks may start here in 10 minutes before a person is asked.",
    )
    concurrent_rollouts: Annotated[int, Whole(1, 1000)] | None = Field(
        default=None, description="How many rollouts may roll at once; a bake does not count. Any number if absent."
    )
    max_changes: Annotated[Load, Share(10000)] | None = Field(
        default=None,
        description="How many targets may change at once, a number or a share such as 30%, before a person has to "
        "confirm it. Any number if absent.",
    )
    defaults: PartialTarget = Field(
        default_factory=PartialTarget, description="Laid under every target: maps merge, everything else replaces."
    )
    targets: dict[Name, PartialTarget] = Field(default_factory=dict, description="What runs here, by name.")


class Environment(Strict):
    """An environment: specs/<name>.yaml, or specs/<name>/environment.yaml beside files of targets."""

    api_version: Annotated[str, OneOf((API_VERSION,))] = Field(description="The version of this format.")
    kind: Annotated[str, OneOf((ENVIRONMENT,))] = Field(description="What this file describes.")
    metadata: Metadata = Field(description="What the environment is called.")
    spec: Spec = Field(description="What the environment is.")


class Targets(Strict):
    """Some targets of an environment that is a folder: specs/<environment>/<anything>.yaml."""

    api_version: Annotated[str, OneOf((API_VERSION,))] = Field(description="The version of this format.")
    kind: Annotated[str, OneOf((TARGETS,))] = Field(description="What this file describes.")
    targets: dict[Name, PartialTarget] = Field(description="What runs there, by name.")


def fields_of(model: type[BaseModel]) -> Mapping[str, object]:
    """Give the type of each field of a model, by its name in YAML."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}
