"""Durations and times as people type them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from controller.errors import SpecError

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN: Final = re.compile(r"(\d{1,7})([smhd])")


def duration(text: str) -> timedelta:
    """Read `90s`, `10m`, `1h` or `7d`; raises SpecError."""
    found = _SPAN.fullmatch(text)
    if not found:
        raise SpecError(f"{text!r} is not a duration; write 90s, 10m, 2h or 7d")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def moment(text: str) -> datetime:
    """Read an RFC 3339 time with its offset; raises SpecError."""
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError:
        raise SpecError(f"{text!r} is not a time; write 2026-12-31T18:00:00Z") from None
    if at.tzinfo is None:
        raise SpecError(f"{text!r} has no offset; write {text}Z for UTC")
    return at.astimezone(UTC)


def end_of(now: datetime, span: str | None, until: str | None) -> datetime | None:
    """Say when something ends that was given either a duration or a time; None for neither."""
    if span and until:
        raise SpecError("--for and --until exclude each other")
    ends = now + duration(span) if span else moment(until) if until else None
    if ends is not None and ends <= now:
        raise SpecError(f"it would end at {ends:%Y-%m-%dT%H:%M:%SZ}, which is over")
    return ends
