"""What is read by a call of its own, or only if it is asked for: whether somebody compares it."""

from functools import lru_cache
from typing import Final

from controller.model.paths import Paths
from controller.targets.ecs.fields import ONLY_ON_REVISIONS, TAGS
from controller.targets.ecs.rules import SERVICE
from controller.targets.ecs.scaling import SCALING

_REVISIONS: Final = tuple(f"{SERVICE}.{name}" for name in sorted(ONLY_ON_REVISIONS))


@lru_cache(maxsize=1024)
def reads_revisions(owns: Paths) -> bool:
    """Whether what only service revisions have is compared."""
    return any(own.startswith(_REVISIONS) for own in owns)


@lru_cache(maxsize=1024)
def reads_tags(owns: Paths) -> bool:
    """Whether tags of a service are compared."""
    return any(own.startswith(f"{SERVICE}.{TAGS}[") for own in owns)


@lru_cache(maxsize=1024)
def reads_scaling(owns: Paths) -> bool:
    """Whether the limits of Application Auto Scaling are compared."""
    return any(own.startswith(f"{SCALING}.") for own in owns)
