"""What a release names, and whether it is there."""

from dataclasses import dataclass
from enum import StrEnum

from controller.model.names import TargetName


class Result(StrEnum):
    """What came of one check: it is there, it is not as it has to be, or that could not be found out."""

    OK = "OK"
    NG = "NG"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to one check; `why` is a reason, or a permission that is missing. `asked`: somebody answered."""

    result: Result
    why: str = ""
    asked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One thing that a target's release names: `what` it is, its `name`, and `where` the release says so."""

    target: TargetName
    what: str
    name: str
    where: str
    answer: Answered


def ok(why: str = "") -> Answered:
    """Say that it is there."""
    return Answered(result=Result.OK, why=why)


def ng(why: str) -> Answered:
    """Say what is wrong with it."""
    return Answered(result=Result.NG, why=why)


def skip(why: str, *, asked: bool = True) -> Answered:
    """Say why it could not be found out."""
    return Answered(result=Result.SKIP, why=why, asked=asked)
