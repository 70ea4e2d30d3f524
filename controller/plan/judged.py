"""A gate or guard that is not open."""

from dataclasses import dataclass

from controller.model.gate import NotOpen, OnShut


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A gate or guard that is not open, by its kind; of a guard also what it does when it is shut."""

    kind: str
    verdict: NotOpen
    action: OnShut = OnShut.ROLLBACK
    shadow: bool = False

    @property
    def counts(self) -> bool:
        """Whether the rollout heeds it; else it is only told of."""
        return not self.shadow and self.action is not OnShut.WARN
