"""What an environment should run as its newest specs say it, for commands that need no store."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from controller.app.specs import source
from controller.app.world import clock_of
from controller.errors import PlatformError, SpecError
from controller.model.desired import GONE, Desired, DesiredTarget, Unread
from controller.model.names import EnvName, TargetName

if TYPE_CHECKING:
    from controller.options import Options

_INVALID: Final = "SpecInvalid"


def newest(options: "Options", env: EnvName) -> Desired:
    """Read an environment as its newest specs say it.

    Raises SpecError for what there is not or cannot be compiled, PlatformError if the specs cannot be read.
    """
    specs = source(options, clock_of(options))
    try:
        specs.poll()
        reading = specs.read(env, None)
        known = sorted(specs.environments())
    finally:
        specs.close()
    if not isinstance(reading, Unread):
        return reading
    if reading.reason == GONE and known:
        raise SpecError(f"no environment {env!r}; there are: {', '.join(known)}")
    raise (SpecError if reading.reason == _INVALID else PlatformError)(reading.why)


def wanted(desired: Desired, target: str | None) -> Mapping[TargetName, DesiredTarget]:
    """Give what is wanted of one target, or of all, by name. Raises SpecError if there is no such target."""
    found = {name: want for name, want in sorted(desired.targets.items()) if target in {None, name}}
    if target is not None and not found:
        there = ", ".join(sorted(desired.targets)) or "none"
        raise SpecError(f"no target {target!r} in {desired.env}; there are: {there}")
    return found
