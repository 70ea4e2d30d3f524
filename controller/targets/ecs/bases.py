"""Task definitions that others register, such as Terraform: the newest of a family that is not ours.

Bases only move forward: to change a task definition Terraform deregisters the old revision before it registers the
new one, so an older one that is still active is not what anybody wants now. One that was deregistered can still be
described (DescribeTaskDefinition, Amazon ECS API Reference), and tasks that run keep it.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from controller.targets.ecs.client import Access
from controller.targets.ecs.definitions import Definition, Definitions, number_of
from controller.targets.ecs.native import text, texts

_FRESH: Final = 300.0  # seconds: a list for each family at every look would be more than AWS allows
_AGAIN: Final = 30.0  # seconds, while not all were examined
_PAGE: Final = 100
_AT_ONCE: Final = 20
"""Revisions described in one go: what AWS allows is shared with everything else that looks (ECS API throttling)."""
Key: TypeAlias = tuple[int, str]


class Unexamined(Exception):
    """No base is known yet, and there are more revisions of ours than are read in one go."""


@dataclass(slots=True, kw_only=True)
class _Family:
    """What is known of a family: `base` is the ARN of the newest foreign revision.

    Nothing foreign is newer than `base` up to the number `floor`; `ours` are newer numbers that were examined and
    are ours, while some between them and the floor were not. `due` is when it is to be listed again.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    base: str = ""
    floor: int = 0
    ours: set[int] = field(default_factory=set)
    complete: bool = False
    due: float = float("-inf")


class Bases:
    """Finds the newest foreign revision of a family: listed once in five minutes, each described once."""

    def __init__(self, definitions: Definitions, elapsed: Callable[[], float]) -> None:
        self._definitions = definitions
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._families: dict[Key, _Family] = {}

    def newest_foreign(self, access: Access, family: str, recorded: str = "") -> Definition | None:
        """Give the newest revision without our tags that was ever active, None if there is none.

        `recorded` is the ARN of the base of a release that is remembered: nothing older is looked at. Raises
        Unexamined if no base is known yet and there is more to read; Declined, OutOfQuota.
        """
        with self._lock:
            known = self._families.setdefault((id(access), family), _Family())
        with known.lock:
            if number_of(recorded) > number_of(known.base):
                known.base = recorded
                known.floor = max(known.floor, number_of(recorded))
            if self._elapsed() >= known.due:
                known.complete = self._examine(access, family, known)
                known.due = self._elapsed() + (_FRESH if known.complete else _AGAIN)
            if known.base:
                return self._definitions.get(access, known.base)
            if not known.complete:
                raise Unexamined(
                    f"the {len(known.ours)} newest revisions of {family} are trueup's own; older ones are still "
                    f"being read to find the base of its task definition"
                )
            return None

    def _examine(self, access: Access, family: str, known: _Family) -> bool:
        """Describe what is newer, newest first, until one is foreign; tells whether all that counts was read."""
        newest, left = known.floor, _AT_ONCE
        for arn in self._listed(access, family):
            number = number_of(arn)
            newest = max(newest, number)
            if number <= known.floor:
                break
            if number in known.ours:
                continue
            if not left:
                return False
            left -= 1
            if self._definitions.get(access, arn).tags is None:
                known.base = arn
                break
            known.ours.add(number)
        known.floor = newest
        known.ours.clear()
        return True

    @staticmethod
    def _listed(access: Access, family: str) -> Iterator[str]:
        more: dict[str, str] = {}
        while True:
            answer = access.read(
                "ListTaskDefinitions", familyPrefix=family, status="ACTIVE", sort="DESC", maxResults=_PAGE, **more
            )
            yield from texts(answer, "taskDefinitionArns")
            token = text(answer, "nextToken")
            if not token:
                return
            more = {"nextToken": token}
