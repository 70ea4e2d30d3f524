"""What a check found: a line of `trueup doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """How a check ended."""

    OK = "OK"
    NG = "NG"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: how it ended, what was found, what to do. `unreachable`: nobody answered, or let us in."""

    check: str
    about: str
    result: Result
    found: str
    todo: str = ""
    unreachable: bool = False


def ok(check: str, about: str, found: str) -> Finding:
    """Say that it is well."""
    return Finding(check=check, about=about, result=Result.OK, found=found)


def ng(check: str, about: str, found: str, todo: str, *, unreachable: bool = False) -> Finding:
    """Say what is not well, and what to do."""
    return Finding(check=check, about=about, result=Result.NG, found=found, todo=todo, unreachable=unreachable)


def skip(check: str, about: str, found: str) -> Finding:
    """Say why it was not checked."""
    return Finding(check=check, about=about, result=Result.SKIP, found=found)
