"""A version: which form it has, and which of two is the higher one (semver.org 2.0.0, §2, §9, §10, §11)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import total_ordering
from types import MappingProxyType
from typing import Final, TypeAlias

LATEST: Final = "latest"
_NUMBER: Final = r"(?:0|[1-9][0-9]{0,8})"
_BASE: Final = rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
PATTERN: Final = rf"{_BASE}(?:-stage|-rc\.{_NUMBER})?|{LATEST}"
"""What a version looks like, as a regular expression without a group that is counted."""

_PATTERN: Final = re.compile(PATTERN)
_WHOLE: Final = r"(0|[1-9][0-9]*)"
_PART: Final = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMANTIC: Final = re.compile(
    rf"{_WHOLE}\.{_WHOLE}\.{_WHOLE}(?:-({_PART}(?:\.{_PART})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)

Precedence: TypeAlias = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]
"""Where a semantic version stands among others: compares as semver.org §11 says."""


class Form(StrEnum):
    """What a version is for, by how it is written."""

    LATEST = "latest"
    RC = "rc"
    STAGE = "stage"
    BARE = "bare"


WRITTEN: Final[Mapping[Form, str]] = MappingProxyType(
    {
        Form.LATEST: LATEST,
        Form.RC: "vX.Y.Z-rc.N",
        Form.STAGE: "vX.Y.Z-stage",
        Form.BARE: "vX.Y.Z",
    }
)
"""How the versions of each form are written."""


def precedence(text: str) -> Precedence:
    """Give what to sort semantic versions by, written without a `v`; what comes after `+` does not count.

    Raises ValueError for anything that is not one.
    """
    hit = _SEMANTIC.fullmatch(text)
    if hit is None:
        raise ValueError(f"{text[:80]!r} is not a semantic version")
    parts = tuple(map(_rank, hit[4].split("."))) if hit[4] else ()
    # A release is higher than everything that leads to it; numbers are lower than words; fewer parts than more.
    return int(hit[1]), int(hit[2]), int(hit[3]), not parts, parts


def _rank(part: str) -> tuple[bool, int, str]:
    return (False, int(part), "") if part.isdigit() else (True, 0, part)


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """One of `latest`, vX.Y.Z, vX.Y.Z-stage and vX.Y.Z-rc.N; of two the higher one is greater, `latest` than all.

    Raises ValueError for any other text.
    """

    text: str

    def __post_init__(self) -> None:
        """Refuse what is none."""
        if not _PATTERN.fullmatch(self.text):
            raise ValueError(f"{self.text[:80]!r} is not {', '.join(WRITTEN.values())}")

    def __str__(self) -> str:
        return self.text

    def __lt__(self, other: "Version") -> bool:
        return self.rank < other.rank

    @property
    def form(self) -> Form:
        """What it is for."""
        if self.text == LATEST:
            return Form.LATEST
        _, _, suffix = self.text.partition("-")
        return Form(suffix.partition(".")[0]) if suffix else Form.BARE

    @property
    def is_numbered(self) -> bool:
        """Whether it says which one it is; `latest` is whatever was built last."""
        return self.text != LATEST

    @property
    def semver(self) -> str:
        """The semantic version that it is: X.Y.Z-rc.N of vX.Y.Z-rc.N. Of `latest` there is none."""
        return self._numbered().removeprefix("v")

    @property
    def base(self) -> str:
        """The version that it leads to: vX.Y.Z of vX.Y.Z-rc.N. Of `latest` there is none."""
        return self._numbered().partition("-")[0]

    def is_major_step_from(self, other: "Version") -> bool:
        """Whether the first number grows, so that what relies on it may break (semver.org §8)."""
        if not (self.is_numbered and other.is_numbered):
            return False
        return precedence(self.semver)[0] > precedence(other.semver)[0]

    def is_lower_than(self, other: "Version") -> bool:
        """Whether both say which one they are, and this is the lower one."""
        return self.is_numbered and other.is_numbered and self < other

    @property
    def rank(self) -> tuple[bool, Precedence | None]:
        """What it is sorted by."""
        return (False, precedence(self.semver)) if self.is_numbered else (True, None)

    def _numbered(self) -> str:
        if not self.is_numbered:
            raise ValueError(f"{LATEST} stands for no number")
        return self.text


def read_version(text: str) -> Version | None:
    """Read a version; None if it is none, such as the name of a revision that stands in for one."""
    return Version(text) if _PATTERN.fullmatch(text) else None
