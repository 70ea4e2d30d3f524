"""Hooks from YAML: one-off tasks before and after a rollout and on the way back, and verdicts from outside."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Final, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from controller.model.hooks import Hook, Image, When
from controller.model.packed import NOTHING, Packed
from controller.spec.parts import Strict
from controller.spec.scalars import EcsName, Like, Name, OneOf, Span, Whole, refuse, show

Where: TypeAlias = tuple[str, int]
"""Where a hook stands in a target: in which list, and at what place in it."""

_MOST: Final = 10
_ARGUMENTS: Final = 100
_OWN: Final = ("name", "container", "command", "environment", "cpu", "memory")

_Argument: TypeAlias = Annotated[str, Like(r"[^\x00]{0,4096}", "text of at most 4096 characters")]
_Variable: TypeAlias = Annotated[
    str,
    Like(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}", "the name of a variable: no digit, then letters, digits and _ . -"),
]


class TaskHook(Strict):
    """A one-off task with the images of the release: it has to end with code 0 in time."""

    name: Name = Field(description="What it is called; no two of one list are called the same.")
    container: EcsName = Field(description="The container of the task definition whose exit code counts.")
    command: list[_Argument] = Field(
        default_factory=list, description="What the container runs instead of its own command; no shell reads it."
    )
    environment: dict[_Variable, _Argument] = Field(
        default_factory=dict, description="Variables of the container, beside or instead of its own."
    )
    cpu: Annotated[int, Whole(0, 196_608)] | None = Field(
        default=None, description="CPU units of the container instead of its own."
    )
    memory: Annotated[int, Whole(6, 3_145_728)] | None = Field(
        default=None, description="MiB of memory of the container instead of its own."
    )
    timeout: Annotated[timedelta, Span("10s", "12h")] = Field(
        default_factory=lambda: Hook(name="", when=When.BEFORE).timeout,
        description="How long it may take before it is stopped and has failed. 10m if absent.",
    )

    @field_validator("command")
    @classmethod
    def _is_not_endless(cls, command: list[str]) -> list[str]:
        if len(command) > _ARGUMENTS:
            refuse(f"has {len(command)} words, and may have {_ARGUMENTS}")
        return command


class AfterHook(TaskHook):
    """A one-off task, or with `check` a verdict from outside that is waited for."""

    name: Name = Field(default="", description="What it is called, if it is a task.")
    container: EcsName = Field(default="", description="The container that it is about, if it is a task.")
    check: Name = Field(
        default="", description="Waits for `trueup attest … --check NAME=pass` instead of running anything."
    )

    @model_validator(mode="after")
    def _is_one_of_the_two(self) -> Self:
        written = [name for name in _OWN if name in self.model_fields_set]
        if self.check and written:
            refuse(f"is a check, which runs nothing: leave out {', '.join(written)}")
        if not self.check and not (self.name and self.container):
            refuse("needs a name and a container, or a check")
        return self


class BackHook(TaskHook):
    """A one-off task that has to pass before the service goes back."""

    image: Annotated[Image, OneOf(tuple(Image), Image)] = Field(
        default=Image.NEW,
        description="Whether it runs the images of the release that failed (new) or those gone back to (old).",
    )


class Hooks(Strict):
    """What is run around a rollout, one after the other."""

    before: list[TaskHook] = Field(
        default_factory=list, description="Before the service is touched, such as migrations of a database."
    )
    after: list[AfterHook] = Field(
        default_factory=list, description="When ECS is done, such as smoke tests: else the release is taken back."
    )
    on_rollback: list[BackHook] = Field(
        default_factory=list, description="Before the service goes back, such as migrations the other way."
    )

    @field_validator("before", "after", "on_rollback")
    @classmethod
    def _are_told_apart(cls, hooks: Sequence[TaskHook]) -> Sequence[TaskHook]:
        if len(hooks) > _MOST:
            refuse(f"has {len(hooks)} hooks, and may have {_MOST}")
        names = [_name(hook) for hook in hooks]
        twice = next((name for name in names if names.count(name) > 1), "")
        if twice:
            refuse(f"names {show(twice)} twice")
        return hooks


def _name(hook: TaskHook) -> str:
    return hook.check if isinstance(hook, AfterHook) and hook.check else hook.name


def _listed(hooks: Hooks) -> Sequence[tuple[When, Sequence[TaskHook]]]:
    return ((When.BEFORE, hooks.before), (When.AFTER, hooks.after), (When.ON_ROLLBACK, hooks.on_rollback))


def declared(hooks: Hooks) -> Mapping[Where, Mapping[str, object]]:
    """Give what a kind of target has to read of each hook that runs something, by where it stands."""
    return {
        (when.value, place): {
            "container": hook.container,
            "command": hook.command,
            "environment": hook.environment,
            "cpu": hook.cpu,
            "memory": hook.memory,
        }
        for when, listed in _listed(hooks)
        for place, hook in enumerate(listed)
        if hook.container
    }


def hooks_of(hooks: Hooks, shapes: Mapping[Where, str]) -> tuple[Hook, ...]:
    """Give the hooks in order, with the shapes that their kind brought them to."""
    return tuple(
        Hook(
            name=_name(hook),
            when=when,
            timeout=hook.timeout,
            image=hook.image if isinstance(hook, BackHook) else Image.NEW,
            shape=Packed.of(shapes[when.value, place]) if (when.value, place) in shapes else NOTHING,
            check=hook.check if isinstance(hook, AfterHook) else "",
        )
        for when, listed in _listed(hooks)
        for place, hook in enumerate(listed)
    )
