"""Reading AWS's native structures without guessing their types."""

from collections.abc import Mapping
from typing import Final, TypeAlias

Native: TypeAlias = Mapping[str, object]

# Tuples for isinstance, made once: an answer has thousands of values.
MAPS: Final = (dict, Mapping)  # asked in this order: nearly all of them are the first, and it is known much sooner
LISTS: Final = (list, tuple)
NUMBERS: Final = (int, float)  # a bool is an int
_MICROS = 1_000_000


def part(native: Native, key: str) -> Native:
    """Give the structure under a key, or an empty one."""
    value = native.get(key)
    return value if isinstance(value, MAPS) else {}


def parts(native: Native, key: str) -> list[Native]:
    """Give the structures in the list under a key."""
    value = native.get(key)
    return [item for item in value if isinstance(item, MAPS)] if isinstance(value, LISTS) else []


def text(native: Native, key: str) -> str:
    """Give the string under a key, or an empty one."""
    value = native.get(key)
    return value if isinstance(value, str) else ""


def texts(native: Native, key: str) -> list[str]:
    """Give the strings in the list under a key."""
    value = native.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, LISTS) else []


def number(native: Native, key: str) -> int:
    """Give the whole number under a key, or 0."""
    value = native.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def micros(native: Native, key: str) -> int:
    """Give the instant under a key in microseconds since the epoch, or 0.

    Instants are seconds since the epoch, as the JSON protocol carries them: the clients do not parse them.
    """
    value = native.get(key)
    return round(value * _MICROS) if isinstance(value, NUMBERS) and not isinstance(value, bool) else 0


def last(arn: str) -> str:
    """Give what stands behind the last slash of an ARN."""
    return arn.rsplit("/", 1)[-1]
