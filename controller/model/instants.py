"""How people read an instant, and how far their clocks are believed."""

from datetime import UTC, datetime, timedelta
from typing import Final

AHEAD: Final = timedelta(minutes=5)
"""How far the clock of whoever said something may be ahead of ours."""


def instant(at: datetime) -> str:
    """Write an instant in UTC, to the second (RFC 3339)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
