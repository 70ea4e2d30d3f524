"""What the sandbox does wrong on request, as a strict JSON document: read, checked, then put to work."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from controller.sandbox.native import Refused
from controller.sandbox.past import Lag
from controller.sandbox.world import Trouble

STORY_OPERATIONS = (
    "ListServiceDeployments", "DescribeServiceDeployments", "StopServiceDeployment", "ContinueServiceDeployment",
    "DescribeServiceRevisions",
)  # fmt: skip
ANY = "*"


@dataclass(slots=True, kw_only=True)
class Failing:
    """The next `times` calls of an operation are refused, before any effect."""

    operation: str
    code: str
    message: str
    status: int
    times: int


@dataclass(slots=True, kw_only=True)
class Faults:
    """The switches. Operations are named as AWS names them; `cloudwatch:DescribeAlarms` for other services."""

    lag: Lag | None = None
    trail_lag: float = 0.0
    throttle: bool = False
    errors: list[Failing] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)
    latency: dict[str, float] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    trouble: Trouble = field(default_factory=Trouble)

    def refusal(self, operation: str) -> Refused | None:
        """Take the error for this call, if one is due; it is used up."""
        for failing in self.errors:
            if failing.operation in {operation, ANY} and failing.times > 0:
                failing.times -= 1
                return Refused(failing.code, failing.message, failing.status)
        return None

    def loses(self, operation: str) -> bool:
        """Whether the answer to this call is cut off; used up."""
        for name in (operation, ANY):
            if self.lost.get(name, 0) > 0:
                self.lost[name] -= 1
                return True
        return False

    def delay(self, operation: str) -> float:
        """Real seconds that this call is held up."""
        return self.latency.get(operation, self.latency.get(ANY, 0.0))

    def document(self) -> dict[str, object]:
        """Give the switches as JSON, as they are now."""
        trouble = self.trouble
        return {
            "stale": {"seconds": self.lag.seconds, "changes": self.lag.changes} if self.lag else None,
            "trailLag": self.trail_lag,
            "throttle": self.throttle,
            "errors": [
                {"operation": one.operation, "code": one.code, "message": one.message, "status": one.status,
                 "times": one.times} for one in self.errors if one.times > 0
            ],
            "lost": {name: times for name, times in self.lost.items() if times > 0},
            "latency": dict(self.latency),
            "missing": sorted(self.missing),
            "noCapacity": trouble.no_capacity or sorted(trouble.no_capacity_for),
            "unpullable": sorted(trouble.unpullable),
            "crashing": sorted(trouble.crashing),
            "failingHooks": sorted(trouble.failing_hooks),
            "rollbackMakesNewDeployment": trouble.rollback_makes_new_deployment,
            "fillsIn": dict(trouble.fills_in),
            "addsSecurityGroups": list(trouble.adds_groups),
        }  # fmt: skip


def changed(faults: Faults, document: Mapping[str, object]) -> Faults:
    """Give the switches with those that the document names set anew; ValueError says what is wrong with it."""
    result = replace(faults)
    for key, value in document.items():
        setter = _SETTERS.get(key)
        if setter is None:
            raise ValueError(f"{key} is no fault; there are {', '.join(sorted(_SETTERS))}")
        result = setter(result, value)
    return result


def _stale(faults: Faults, value: object) -> Faults:
    if value is None:
        return replace(faults, lag=None)
    given = _mapping("stale", value)
    if not given or not set(given) <= {"seconds", "changes"}:
        raise ValueError("stale is null, or has seconds or changes")
    lag = Lag(
        seconds=_number("stale.seconds", given.get("seconds", 0)),
        changes=_count("stale.changes", given.get("changes", 0)),
    )
    return replace(faults, lag=lag if lag != Lag() else None)


def _trail_lag(faults: Faults, value: object) -> Faults:
    return replace(faults, trail_lag=_number("trailLag", value))


def _throttle(faults: Faults, value: object) -> Faults:
    return replace(faults, throttle=_switch("throttle", value))


def _errors(faults: Faults, value: object) -> Faults:
    if not isinstance(value, list):
        raise ValueError("errors is a list of {operation, code, message, status, times}")  # noqa: TRY004
    return replace(faults, errors=[_failing(_mapping("errors", one)) for one in value])


def _failing(given: Mapping[str, object]) -> Failing:
    unknown = set(given) - {"operation", "code", "message", "status", "times"}
    if unknown or "operation" not in given:
        raise ValueError("an error has operation, and perhaps code, message, status, times")
    status = _count("errors.status", given.get("status", 400))
    if status < HTTPStatus.BAD_REQUEST or status not in set(HTTPStatus):
        raise ValueError("errors.status is an HTTP status of an error, such as 400 or 503")
    return Failing(
        operation=str(given["operation"]),
        code=str(given.get("code", "ServerException")),
        message=str(given.get("message", "made to fail by the sandbox")),
        status=status,
        times=_count("errors.times", given.get("times", 1)),
    )


def _lost(faults: Faults, value: object) -> Faults:
    given = _mapping("lost", value)
    return replace(faults, lost={name: _count(f"lost.{name}", times) for name, times in given.items()})


def _latency(faults: Faults, value: object) -> Faults:
    given = _mapping("latency", value)
    return replace(faults, latency={name: _number(f"latency.{name}", seconds) for name, seconds in given.items()})


def _missing(faults: Faults, value: object) -> Faults:
    return replace(faults, missing=_names("missing", value))


def _stories(faults: Faults, value: object) -> Faults:
    stories = frozenset(STORY_OPERATIONS)
    return replace(
        faults,
        missing=faults.missing - stories if _switch("serviceDeployments", value) else faults.missing | stories,
    )


def _no_capacity(faults: Faults, value: object) -> Faults:
    everywhere, names = (
        (value, frozenset[str]()) if isinstance(value, bool) else (False, _names("noCapacity", value))
    )
    return replace(faults, trouble=replace(faults.trouble, no_capacity=everywhere, no_capacity_for=names))


def _unpullable(faults: Faults, value: object) -> Faults:
    return replace(faults, trouble=replace(faults.trouble, unpullable=_names("unpullable", value)))


def _crashing(faults: Faults, value: object) -> Faults:
    return replace(faults, trouble=replace(faults.trouble, crashing=_names("crashing", value)))


def _failing_hooks(faults: Faults, value: object) -> Faults:
    return replace(faults, trouble=replace(faults.trouble, failing_hooks=_names("failingHooks", value)))


def _new_deployment(faults: Faults, value: object) -> Faults:
    given = _switch("rollbackMakesNewDeployment", value)
    return replace(faults, trouble=replace(faults.trouble, rollback_makes_new_deployment=given))


def _fills_in(faults: Faults, value: object) -> Faults:
    return replace(faults, trouble=replace(faults.trouble, fills_in=dict(_mapping("fillsIn", value))))


def _adds_groups(faults: Faults, value: object) -> Faults:
    groups = tuple(sorted(_names("addsSecurityGroups", value)))
    return replace(faults, trouble=replace(faults.trouble, adds_groups=groups))


_SETTERS = {
    "stale": _stale,
    "trailLag": _trail_lag,
    "throttle": _throttle,
    "errors": _errors,
    "lost": _lost,
    "latency": _latency,
    "missing": _missing,
    "serviceDeployments": _stories,
    "noCapacity": _no_capacity,
    "unpullable": _unpullable,
    "crashing": _crashing,
    "failingHooks": _failing_hooks,
    "rollbackMakesNewDeployment": _new_deployment,
    "fillsIn": _fills_in,
    "addsSecurityGroups": _adds_groups,
}


def _mapping(name: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is an object")  # noqa: TRY004 - one error for a document that is wrong
    return value


def _switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} is true or false")  # noqa: TRY004
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} is a number, zero or more")
    return float(value)


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} is a whole number, zero or more")
    return value


def _names(name: str, value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} is a list of names")
    return frozenset(value)
