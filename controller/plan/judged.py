"""A gate or guard that is not open."""

from dataclasses import dataclass
from datetime import datetime

from controller.model.decision import Blocker
from controller.model.gate import NotOpen, OnShut, Shut


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A gate or guard that is not open, by its kind; of a guard also what it does when it is shut."""

    kind: str
    verdict: NotOpen
    action: OnShut = OnShut.ROLLBACK
    shadow: bool = False

    @property
    def until(self) -> datetime | None:
        """When it opens by itself, if that is known."""
        return self.verdict.until if isinstance(self.verdict, Shut) else None

    @property
    def blocker(self) -> Blocker:
        """What it is to whoever asks what stands in the way."""
        shut = self.verdict if isinstance(self.verdict, Shut) else Shut(why=self.verdict.why)
        return Blocker(
            gate=self.kind,
            why=shut.why,
            since=shut.since,
            until=shut.until,
            groups=shut.groups,
            items=shut.items,
        )

    @property
    def counts(self) -> bool:
        """Whether the rollout heeds it; else it is only told of."""
        return not self.shadow and self.action is not OnShut.WARN
