"""What blocks, as a line for people and as the data of a row: `why` and messages say the same."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from controller.model.decision import Blocker, OpenGate
from controller.model.instants import instant

_BLOCKED: Final = "blocked"


def line_of(blocker: Blocker) -> str:
    """Say what stands in the way, why, since when, when it opens by itself, and whose people can open it."""
    since = f"since {instant(blocker.since)}" if blocker.since else ""
    until = f"until {instant(blocker.until)}" if blocker.until else ""
    unsaid = not any(group in blocker.why for group in blocker.groups)
    by = f"{' or '.join(blocker.groups)} can open it" if blocker.groups and unsaid else ""
    told = ", ".join(filter(None, (since, until, by)))
    return f"{blocker.gate}: {blocker.why}" + (f" ({told})" if told else "")


def open_line(gate: OpenGate) -> str:
    """Say what is open, what opened it, and when it shuts by itself."""
    return f"{gate.gate}: {gate.why}{until_of(gate.until)}"


def until_of(at: datetime | None) -> str:
    """Say until when, after what that is said of; empty if it is not known."""
    return f" (until {instant(at)})" if at else ""


def blocked_data(blockers: Iterable[Blocker]) -> dict[str, str]:
    """Write what blocks as the data of a row, in order."""
    data: dict[str, str] = {}
    for at, blocker in enumerate(blockers):
        facts = {
            "gate": blocker.gate,
            "why": blocker.why,
            "since": blocker.since.isoformat() if blocker.since else "",
            "until": blocker.until.isoformat() if blocker.until else "",
            "groups": ",".join(blocker.groups),
            "items": ",".join(blocker.items),
        }
        data |= {f"{_BLOCKED}{at}.{key}": value for key, value in facts.items() if value}
    return data


def blocked_in(data: Mapping[str, str]) -> tuple[Blocker, ...]:
    """Read what blocks from the data of a row."""
    return tuple(_read(data))


def _read(data: Mapping[str, str]) -> Iterator[Blocker]:
    at = 0
    while gate := data.get(f"{_BLOCKED}{at}.gate"):
        facts = {key: data.get(f"{_BLOCKED}{at}.{key}", "") for key in ("why", "since", "until", "groups", "items")}
        since, until = (datetime.fromisoformat(facts[key]) if facts[key] else None for key in ("since", "until"))
        groups, items = (tuple(filter(None, facts[key].split(","))) for key in ("groups", "items"))
        yield Blocker(gate=gate, why=facts["why"], since=since, until=until, groups=groups, items=items)
        at += 1
