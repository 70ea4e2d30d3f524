"""How people read an instant."""

from datetime import UTC, datetime


def instant(at: datetime) -> str:
    """Write an instant in UTC, to the second (RFC 3339)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
