"""What was gathered of a release that failed, for people: short in `why`, whole in `history --evidence`. Pure."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from controller.cli.show import instant
from controller.model.story import EVIDENCE_TEXT
from controller.telemetry.visible import visible

if TYPE_CHECKING:
    from controller.model.record import Memory, Quarantined
    from controller.model.status import TargetStatus
    from controller.model.story import Entry

_LINES: Final = 10
_INDENT: Final = " " * 10


def shown(lines: Iterable[str]) -> str:
    """Join lines that others may have written; whatever in them cannot be seen is spelled out."""
    return "\n".join(map(visible, lines))


def piece(row: "Entry") -> str:
    """Print all the evidence of one failure, line by line, under a line that says what it is of."""
    where = f"{row.env}/{row.target}" if row.target else row.env
    head = f"{instant(row.at)}  {where}  {row.version}  rollout {row.rollout}: {row.text}"
    return shown((head, *(f"  {line}" for line in row.data.get(EVIDENCE_TEXT, "").splitlines())))


def failed(status: "TargetStatus", memory: "Memory | None") -> list[str]:
    """Say shortly what was seen of what is wanted and failed here, and where the rest is."""
    one = _quarantined(status, memory) if status.quarantined and memory is not None else None
    if one is None:
        return []
    more = len(one.evidence) - _LINES
    return [
        f"  failed  {instant(one.since)}: {one.why}",
        *(f"{_INDENT}{line}" for line in one.evidence[:_LINES]),
        *([f"{_INDENT}and {more} more lines"] if more > 0 else []),
        f"{_INDENT}all of it: trueup history {status.env} {status.target} --evidence",
    ]


def _quarantined(status: "TargetStatus", memory: "Memory") -> "Quarantined | None":
    """Find what failed: by the words of the spec, else the newest that is called as what is wanted."""
    every: Sequence[Quarantined] = sorted(memory.quarantine.values(), key=lambda one: one.since, reverse=True)
    said = (one for one in every if status.spec_digest and status.spec_digest in {one.digest, one.asked})
    called = (one for one in every if one.version == status.wanted)
    return next(said, None) or next(called, None)
