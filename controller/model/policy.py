"""The operator's policy: what no spec can go below, whatever a commit says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import reduce

from controller.model.names import EnvName
from controller.model.trust import Verify


class Forbidden(StrEnum):
    """What a spec may say elsewhere, by the word under which a policy forbids it."""

    CREATE = "create"
    DURING_INCIDENT = "duringIncident"
    EXECUTE_COMMAND = "executeCommand"
    FOLLOW_TAG = "followTag"
    HOST_MOUNTS = "hostMounts"
    HOST_NETWORK = "hostNetwork"
    IGNORE = "ignore"
    PRIVILEGED = "privileged"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFloor:
    """A gate, or a guard, that has to be there; `values` are the least that its fields may say, by their names.

    A field that is not among them counts as it does in a spec that does not say it.
    """

    kind: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What no spec of an environment whose name matches `name` can go below; what is absent is free.

    A guard that is only named by its kind has to be heeded, whatever else it says. `registries` and `roles` are
    patterns: of where images come from, and of the roles that tasks have.
    """

    name: str
    account: str = ""
    gates: tuple[GateFloor, ...] = ()
    guards: tuple[str | GateFloor, ...] = ()
    bake: timedelta | None = None
    rollbacks: int | None = None
    verify: Verify = field(default_factory=Verify)
    registries: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    forbid: tuple[Forbidden, ...] = ()

    def is_of(self, env: EnvName) -> bool:
        """Whether it holds for this environment."""
        return fnmatchcase(env, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every floor; all that match an environment hold for it."""

    floors: tuple[Floor, ...] = ()

    def of(self, env: EnvName) -> tuple[Floor, ...]:
        """Give the floors of an environment."""
        return tuple(floor for floor in self.floors if floor.is_of(env))

    def verify_of(self, env: EnvName) -> Verify:
        """Say what has to be signed in an environment: the strictest of what its floors say."""
        return reduce(Verify.stricter, (floor.verify for floor in self.of(env)), Verify())

    def reserved(self, account: str, env: EnvName) -> str:
        """Name a floor that an account is for and that does not hold for this environment; empty if none is."""
        mine = any(floor.account == account for floor in self.of(env))
        return next((floor.name for floor in self.floors if floor.account == account and not mine), "")
