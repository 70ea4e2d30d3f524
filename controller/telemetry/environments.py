"""What is known of each environment, written as gauges when somebody asks; nothing is set or cleared by hand."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Final

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from controller.model.cycle import Cycle
from controller.model.desired import Desired, Reading
from controller.model.names import EnvName
from controller.model.orders import Pause
from controller.telemetry.visible import LABEL, visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One environment; `commit` and `turned` are empty until it was read and had its first turn."""

    commit: str = ""
    problems: int = 0
    valid: bool = True
    turned: datetime | None = None
    held: bool = False
    paused: bool = False
    crashes: int = 0


_GAUGES: Final[Mapping[str, tuple[str, str]]] = {
    "valid": ("trueup_spec_valid", "Whether the newest spec was taken; 0: the last good one stands."),
    "problems": ("trueup_spec_problems", "How many problems the newest spec has."),
    "turned": ("trueup_turn_timestamp_seconds", "When the last turn that went to its end was decided; 0: never."),
    "held": ("trueup_lease_held", "Whether this process holds the lease of an environment."),
    "paused": ("trueup_environment_paused", "Whether a person paused a whole environment."),
    "crashes": (
        "trueup_environment_crashes",
        "How many processes in a row died in a turn of it; 0: the last one ended.",
    ),
}


# An environment whose file was never good, or may not be read; all else that is unread says nothing of the spec.
_INVALID: Final = frozenset({"SpecInvalid", "FileRejected"})


class Environments(Collector):
    """The newest facts of every environment. Any thread may call any method."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock: Final = Lock()
        self._facts: dict[EnvName, Facts] = {}

    def __contains__(self, env: object) -> bool:
        return env in self._facts

    def seen(self, env: EnvName) -> bool:
        """Begin to tell of an environment; whether it was not told of before."""
        with self._lock:
            new = env not in self._facts
            self._facts.setdefault(env, Facts())
        return new

    def left(self, env: EnvName) -> None:
        """Tell no more of it."""
        with self._lock:
            self._facts.pop(env, None)

    def hold(self, env: EnvName, *, held: bool) -> None:
        """Say whether its lease is held here."""
        with self._lock:
            self._facts[env] = replace(self._facts.get(env, Facts()), held=held)

    def crash(self, env: EnvName, crashes: int) -> None:
        """Say how many processes in a row died in a turn of it."""
        with self._lock:
            self._facts[env] = replace(self._facts.get(env, Facts()), crashes=crashes)

    def turn(self, cycle: Cycle) -> None:
        """Take over what a turn read."""
        env = cycle.plan.env
        paused = _is_paused(cycle)
        with self._lock:
            known = _read(self._facts.get(env, Facts()), cycle.desired)
            self._facts[env] = replace(known, turned=cycle.now, paused=paused)

    def collect(self) -> Iterator[Metric]:
        """Write a gauge for each fact."""
        with self._lock:
            facts = dict(self._facts)
        info = InfoMetricFamily(
            "trueup_environment", "The commit that an environment was last read from.", labels=["environment"]
        )
        for env, known in facts.items():
            info.add_metric([_label(env)], {"commit": visible(known.commit, LABEL)})
        yield info
        for field, (name, about) in _GAUGES.items():
            gauge = GaugeMetricFamily(name, about, labels=["environment"])
            for env, known in facts.items():
                gauge.add_metric([_label(env)], _number(getattr(known, field)))
            yield gauge


def _label(env: EnvName) -> str:
    return visible(env, LABEL)


def _number(value: bool | int | datetime | None) -> float:  # noqa: FBT001 - one of four kinds of fact
    return value.timestamp() if isinstance(value, datetime) else float(value or 0)


def _read(known: Facts, desired: Reading) -> Facts:
    """With git away nothing is known of the newest spec; a spec that was never good is known to be bad."""
    if isinstance(desired, Desired):
        problems = max(len(desired.complaints), len(desired.broken))
        return replace(known, commit=desired.commit, problems=problems, valid=not problems)
    if desired.reason in _INVALID:
        return replace(known, problems=max(1, known.problems), valid=False)
    return known


def _is_paused(cycle: Cycle) -> bool:
    spec = cycle.desired.pause if isinstance(cycle.desired, Desired) else None
    pauses: Iterable[Pause | None] = (spec, cycle.after.orders.pause)
    return any(pause is not None and pause.holds(cycle.now) for pause in pauses)
