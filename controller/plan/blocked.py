"""What blocks, as a line for people and as the data of a row: `why` and messages say the same."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from controller.model.decision import Blocker, OpenGate
from controller.model.instants import instant

_BLOCKED: Final = "blocked"


def line_of(blocker: Blocker | OpenGate) -> str:
    """Say what stands in the way, or is open, why, and when that ends by itself."""
    return f"{blocker.gate}: {blocker.why}" + (f" (until {instant(blocker.until)})" if blocker.until else "")


def blocked_data(blockers: Iterable[Blocker]) -> dict[str, str]:
    """Write what blocks as the data of a row, in order."""
    data: dict[str, str] = {}
    for at, blocker in enumerate(blockers):
        until = blocker.until.isoformat() if blocker.until else ""
        facts = {"gate": blocker.gate, "why": blocker.why, "until": until}
        data |= {f"{_BLOCKED}{at}.{key}": value for key, value in facts.items() if value}
    return data


def blocked_in(data: Mapping[str, str]) -> tuple[Blocker, ...]:
    """Read what blocks from the data of a row."""
    return tuple(_read(data))


def _read(data: Mapping[str, str]) -> Iterator[Blocker]:
    at = 0
    while gate := data.get(f"{_BLOCKED}{at}.gate"):
        until = data.get(f"{_BLOCKED}{at}.until")
        why = data.get(f"{_BLOCKED}{at}.why", "")
        yield Blocker(gate=gate, why=why, until=datetime.fromisoformat(until) if until else None)
        at += 1
