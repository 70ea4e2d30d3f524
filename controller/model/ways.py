"""What there is to go back to, and whether the platform could still run it."""

from dataclasses import dataclass
from enum import StrEnum

from controller.model.images import ImageAnswer, Missing, Unreachable
from controller.model.place import Place
from controller.model.release import Kept


class Left(StrEnum):
    """What is left of a revision: of one that is not active any more, the recorded shape is registered again."""

    ACTIVE = "active"
    DEREGISTERED = "deregistered"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAt:
    """A release that ran at a place."""

    place: Place
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Exists:
    """What is left of a release that ran: its revision, and each of its images as its registry answers.

    `why` says why the revision is unknown. `unreadable` says why what was recorded of it is of no use to the
    platform; then nothing can bring it back.
    """

    revision: Left
    images: tuple[tuple[str, ImageAnswer], ...] = ()
    why: str = ""
    unreadable: str = ""

    @property
    def can_run(self) -> bool | None:
        """Whether it could run again; None if that could not be found out."""
        answers = [answer for _, answer in self.images]
        if self.unreadable or any(isinstance(answer, Missing) for answer in answers):
            return False
        unknown = self.revision is Left.UNKNOWN or any(isinstance(answer, Unreachable) for answer in answers)
        return None if unknown else True


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """A release that there is to go back to, or was: `good` survived its bake here, others are what was found.

    `runs` is None if that could not be seen. `barred` says why it is not gone back to, whatever is left of it.
    """

    kept: Kept
    good: bool
    runs: bool | None
    exists: Exists
    barred: str = ""

    @property
    def usable(self) -> bool | None:
        """Whether going back would take it; None if that is not known."""
        return False if self.barred else self.exists.can_run
