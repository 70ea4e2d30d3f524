"""How long a source that failed is left alone: long enough to spare it and not to be locked out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.sources.snapshot import NoSnapshot, Reason

_AT_ONCE = timedelta(0)
_USUAL = (timedelta(seconds=2), timedelta(minutes=5))
_OTHERS = {
    Reason.DENIED: (timedelta(minutes=5), timedelta(minutes=5)),
    Reason.REFUSED: (timedelta(minutes=1), timedelta(minutes=15)),
}
_ANSWERS = frozenset({Reason.EMPTY, Reason.BRANCH_GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What failed last, with what, and until when the same is not tried again.

    The first failure of the usual kind is tried again at the next poll, then 2 s doubling to 5 min; a source that
    does not let us in, after 5 min; one whose content was refused, after 1 min doubling to 15. Something new to
    try it with, a rotated token or a newer commit, is tried at once.
    """

    failures: int = 0
    since: datetime | None = None
    wait: timedelta = _AT_ONCE
    tried: object = None
    failure: NoSnapshot | None = None

    def still(self, now: datetime, tried: object) -> NoSnapshot | None:
        """Give the last failure again while it is too early to try; a clock that went back makes nobody wait."""
        if self.since is None or tried != self.tried:
            return None
        return self.failure if self.since <= now < self.since + self.wait else None

    def after(self, outcome: object, now: datetime, tried: object) -> "Patience":
        """Learn from one more try; a server that answers, be it that there is nothing, has not failed."""
        if not isinstance(outcome, NoSnapshot) or outcome.reason in _ANSWERS:
            return Patience()
        failures = self.failures + 1 if tried == self.tried else 1
        least, most = _OTHERS.get(outcome.reason, _USUAL)
        steps = failures - 1 if outcome.reason in _OTHERS else failures - 2
        wait = min(most, least * 2 ** min(steps, 20)) if steps >= 0 else _AT_ONCE
        return Patience(failures=failures, since=now, wait=wait, tried=tried, failure=outcome)
