"""How many tasks a service may have when Application Auto Scaling counts them: compared, and never changed.

Source: "DescribeScalableTargets" (Application Auto Scaling API Reference).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from controller.errors import TrueupError
from controller.model.manifest import Manifest
from controller.shaping import Fault
from controller.targets.ecs.answers import declined
from controller.targets.ecs.client import Access
from controller.targets.ecs.native import Native, last, number, parts, text
from controller.targets.ecs.shapes import did_you_mean
from controller.targets.ecs.values import whole

COUNT: Final = "desiredCount"
SCALING: Final = "scaling"
BY: Final = "autoscaling"
_KEYS: Final = ("managedBy", "minimum", "maximum")
_LIMITS: Final = ("minimum", "maximum")
_MOST_TASKS: Final = 5_000  # the quota "Tasks per service"
_FRESH: Final = 300.0  # seconds
_AT_ONCE: Final = 50
_SERVICES: Final = "application-autoscaling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """The limits that Application Auto Scaling has for a service, or why they could not be read."""

    manifest: Manifest | None = None
    why: str = ""


def scaling_faults(count: Native, where: str) -> Iterator[Fault]:
    """Say what is wrong in a desiredCount that is somebody else's."""
    for key in count.keys() - set(_KEYS):
        what = f"is not one of {', '.join(_KEYS)}{did_you_mean(key, _KEYS)}"
        yield Fault(path=(where, COUNT, key), what=what)
    if count.get("managedBy") != BY:
        yield Fault(path=(where, COUNT, "managedBy"), what=f"has to be {BY}: or write a number, or nothing at all")
    limits = limits_of(count)
    for key in _LIMITS:
        if count.get(key) is not None and not 0 <= limits.get(key, -1) <= _MOST_TASKS:
            yield Fault(path=(where, COUNT, key), what=f"is not a whole number between 0 and {_MOST_TASKS}")
    if limits.get("minimum", 0) > limits.get("maximum", _MOST_TASKS):
        yield Fault(path=(where, COUNT, "minimum"), what="is more than maximum")


def limits_of(count: Native) -> dict[str, int]:
    """Read the declared limits; what is no whole number is left out."""
    return {key: value for key in _LIMITS if (value := whole(count.get(key))) is not None}


def scaling_manifest(limits: Mapping[str, int]) -> Manifest | None:
    """Give declared limits as what is compared; None if there are none."""
    if not limits:
        return None
    fields = {f"{SCALING}.{key}": value for key, value in limits.items()}
    return Manifest.of(fields, tuple(sorted(fields)))


class Scaling:
    """Reads scalable targets, many in one call, and remembers them for some minutes; `elapsed` counts seconds."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._known: dict[tuple[int, str], tuple[float, Scaled]] = {}

    def read(self, access: Access, cluster: str, services: Iterable[str]) -> dict[str, Scaled]:
        """Give the limits of these services of one cluster."""
        wanted = {f"service/{last(cluster)}/{service}": service for service in services}
        now = self._elapsed()
        with self._lock:
            old = [one for one in wanted if now - self._known.get((id(access), one), (float("-inf"),))[0] > _FRESH]
        for start in range(0, len(old), _AT_ONCE):
            page = old[start : start + _AT_ONCE]
            found = _ask(access, page)
            with self._lock:
                self._known |= {(id(access), one): (now, found[one]) for one in page}
        with self._lock:
            return {service: self._known[id(access), one][1] for one, service in wanted.items()}


def _ask(access: Access, names: list[str]) -> dict[str, Scaled]:
    try:
        answer: Native = access.client(_SERVICES).describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=names, ScalableDimension="ecs:service:DesiredCount"
        )
    except TrueupError as error:
        return dict.fromkeys(names, Scaled(why=str(error)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the service itself is to be seen
        return dict.fromkeys(names, Scaled(why=str(declined(error, "DescribeScalableTargets"))))
    targets = {text(one, "ResourceId"): one for one in parts(answer, "ScalableTargets")}
    return {name: Scaled(manifest=_limits(targets.get(name))) for name in names}


def _limits(target: Native | None) -> Manifest:
    if target is None:
        return Manifest.of({})
    return Manifest.of(
        {f"{SCALING}.minimum": number(target, "MinCapacity"), f"{SCALING}.maximum": number(target, "MaxCapacity")}
    )
