"""What is wrong with a version as it is written, and which one was probably meant."""

import re
from typing import Final

from controller.model.version import LATEST, read_version

_NEARLY: Final = re.compile(
    r"v?\.?([0-9]{1,9})(?:[.,]([0-9]{1,9}))?(?:[.,]([0-9]{1,9}))?"
    r"(?:[-._+ ]?(stag(?:e|ing)|rc[-._]?([0-9]{1,9})))?",
    re.IGNORECASE,
)


def explain_version(text: str) -> str:
    """Say what is wrong with a version; nothing if it is one."""
    if read_version(text):
        return ""
    meant = _meant(text)
    return "is not vMAJOR.MINOR.PATCH[-stage|-rc.N]" + (f"; did you mean {meant}?" if meant else "")


def _meant(text: str) -> str:
    if text.strip().lower() == LATEST:
        return LATEST
    hit = _NEARLY.fullmatch(text.strip())
    if not hit:
        return ""
    numbers = ".".join(str(int(hit[part] or 0)) for part in (1, 2, 3))
    candidate = f"-rc.{int(hit[5])}" if hit[5] else "-stage"
    return f"v{numbers}{candidate if hit[4] else ''}"
