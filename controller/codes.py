"""Exit codes, the same in every command (design §10)."""

from collections.abc import Iterable
from typing import Final

DONE: Final = 0
NEGATIVE: Final = 1
WRONG: Final = 2
TIMED_OUT: Final = 3
BLOCKED: Final = 4
UNREACHABLE: Final = 5
INTERRUPTED: Final = 130

_WORST_FIRST: Final = (WRONG, UNREACHABLE, TIMED_OUT, BLOCKED, NEGATIVE, DONE)


def worst(codes: Iterable[int]) -> int:
    """Of several environments' codes, the one that matters most."""
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), DONE)
