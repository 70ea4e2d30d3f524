"""One signal and why it was read."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from controller.plan.readings import Signal

S_co = TypeVar("S_co", bound=Signal, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Generic[S_co]):
    """What a look means; `cause` is why it is not well, in one word for counting."""

    signal: S_co
    detail: str = ""
    cause: str = ""

    @property
    def why(self) -> str:
        """Say it in words."""
        return f"{self.signal.value}: {self.detail}" if self.detail else str(self.signal.value)


S = TypeVar("S", bound=Signal)


def say(signal: S, detail: str = "", cause: str = "") -> Said[S]:
    """Say a signal, with what was seen and, if it is not well, why in one word."""
    return Said(signal=signal, detail=detail, cause=cause)
