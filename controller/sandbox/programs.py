"""What a one-off task's container does is written in its command and in the tag of its image.

`exit 3` in the command ends it with that code, `sleep 90` takes so many seconds (`sleep infinity` never ends),
`echo` says something in its log. A tag with `exit-3` in it ends every command with that code. Without a command the
image's own one runs, which is a server's: it never ends by itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TAKES: Final = 5.0  # simulated seconds, if the command does not say
_EXIT: Final = re.compile(r"\bexit (\d{1,3})\b")
_SLEEP: Final = re.compile(r"\bsleep (\d{1,6}|infinity)\b")
_ECHO: Final = re.compile(r"\becho +(?:\"([^\"]*)\"|'([^']*)'|([^;&|]*[^;&|\s]))")
_TAGGED: Final = re.compile(r"exit-(\d{1,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How long it takes in simulated seconds (None: for ever), how it ends, and what it says."""

    takes: float | None
    code: int = 0
    says: tuple[str, ...] = ()


def program_of(command: Sequence[str], tag: str) -> Program:
    """Read what a command does in an image of this tag."""
    tagged, line = _TAGGED.search(tag), " ".join(command)
    if not command and tagged is None:
        return Program(takes=None)
    says = tuple("".join(found) for found in _ECHO.findall(line))
    asked, slept = _EXIT.search(line), _SLEEP.search(line)
    code = int((asked or tagged or ["", "0"])[1]) % 256
    if slept is None:
        return Program(takes=_TAKES, code=code, says=says)
    return Program(takes=None if slept[1] == "infinity" else float(slept[1]), code=code, says=says)
