"""Values that other systems keep, by name: what a spec may refer to without writing it down."""

from dataclasses import dataclass
from typing import TypeAlias

from controller.model.images import Missing, Unreachable
from controller.model.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A value that another system keeps: `ssm` and a parameter, `cfn` and an export, `tfstate` and an output."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"${{{self.kind}:{self.name}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupAt:
    """A value to look up with the rights of a place; `state` is where Terraform keeps its own, for `tfstate`."""

    lookup: Lookup
    place: Place
    state: str = ""


LookupAnswer: TypeAlias = str | Missing | Unreachable
