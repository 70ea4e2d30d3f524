"""How the small things are written: instants, spans of time, sets, and the names of fields."""

from dataclasses import MISSING, Field
from datetime import UTC, datetime, timedelta


def write_instant(value: datetime) -> str:
    """Write an instant as RFC 3339 in UTC; raise ValueError if it does not say where it was read from a clock."""
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(text: object, _kind: object = None) -> datetime:
    """Read an instant; raise ValueError for one without an offset."""
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is not an instant")
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return value.astimezone(UTC)


def write_span(value: timedelta) -> float:
    """Write a span of time in seconds, whole ones without a point."""
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def read_span(seconds: object, _kind: object = None) -> timedelta:
    """Read a span of time in seconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"{seconds!r} is not a number of seconds")
    return timedelta(seconds=seconds)


def camel(name: str) -> str:
    """Turn the name of a field into the name that is written."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def may_be_left_out(field: "Field[object]") -> bool:
    """Whether a field is left out when it has its default.

    Only if that default is none, nothing or zero. Another default is somebody's choice (a bake of ten minutes), and
    may change with a later version: what was recorded under it may not change with it.
    """
    if field.default is not MISSING:
        return not field.default
    return field.default_factory is not MISSING and not field.default_factory()
