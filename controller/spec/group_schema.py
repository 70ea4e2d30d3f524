"""What may be written of a group, with what each field means."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from controller.spec.forms import ABOUT_BREAKING, ACKNOWLEDGED
from controller.spec.hooks import BackHook, TaskHook
from controller.spec.parts import Strict
from controller.spec.scalars import Moment, Name, OneOf, Version, refuse, show
from controller.spec.track import Tracked


class GroupHooks(Strict):
    """One-off tasks that are run once for a whole group."""

    target: Name = Field(
        default="",
        description="The member with whose containers and images they run: one that needs no other member. "
        "The first that `targets` names if absent.",
    )
    before: list[TaskHook] = Field(
        default_factory=list, description="Before any member is touched, such as migrations of a database."
    )
    on_rollback: list[BackHook] = Field(
        default_factory=list, description="Before any member goes back, such as migrations the other way."
    )


class GroupLines(Strict):
    """Several targets that go to one version together, and come back from it together."""

    version: Version = Field(
        default="", description="The version of every member: the line that a team changes. Required, or `track`."
    )
    track: Tracked | None = Field(
        default=None,
        description="What all members follow instead of a version: {tags: 'v*-stage'} or {semver: '>=1.2 <2'}.",
    )
    targets: list[Name] = Field(description="Its members: targets of this environment, each in one group at most.")
    breaking: Annotated[str, OneOf((ACKNOWLEDGED,))] = Field(default="", description=ABOUT_BREAKING)
    gates: list[object] = Field(
        default_factory=list, description="What must be so before any member starts, beside their own gates."
    )
    not_before: Annotated[datetime, Moment()] | None = Field(
        default=None, description="A moment, with its zone, before which this release does not start."
    )
    hooks: GroupHooks = Field(
        default_factory=GroupHooks, description="One-off tasks that run once for all members."
    )

    @field_validator("targets")
    @classmethod
    def _are_told_apart(cls, names: list[str]) -> list[str]:
        if not names:
            refuse("names no target; a group has members")
        twice = next((name for name in names if names.count(name) > 1), "")
        if twice:
            refuse(f"names {show(twice)} twice")
        return names

    @field_validator("track")
    @classmethod
    def _is_one_version(cls, track: Tracked | None) -> Tracked | None:
        if track is not None and track.image:
            refuse(
                "names `image`: its members' images are built one by one, and are of one version only by a number"
            )
        return track

    @model_validator(mode="after")
    def _has_one_version(self) -> "GroupLines":
        if self.track is None and not self.version:
            refuse("names neither `version` nor what is followed instead, `track`")
        if self.track is not None and self.version:
            refuse("names `version` and `track`: keep one of the two")
        return self


class Groups(Strict):
    """The groups of an environment, by name."""

    groups: dict[Name, GroupLines] = Field(
        default_factory=dict,
        description="Targets that go to one version together and come back together, by the name of their group.",
    )
