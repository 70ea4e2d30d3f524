"""Numbers as a spec may write them, as text too: they are fitted to AWS's types later."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from controller.shaping import Fault
from controller.targets.ecs.native import Native
from controller.targets.ecs.shapes import Path

_WHOLE: Final = re.compile(r"-?\d{1,4000}")
_DECIMAL: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?")


def out_of_bounds(native: Native, bounds: Mapping[str, tuple[int, int]], at: Path) -> Iterator[Fault]:
    """Say which whole numbers under these names are less or more than may be."""
    for name, (least, most) in bounds.items():
        value = whole(native.get(name))
        if value is not None and not least <= value <= most:
            yield Fault(path=(*at, name), what=f"{value} is not between {least} and {most}")


def whole(value: object) -> int | None:
    """Give a whole number; None for anything else."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def decimal(value: object) -> float | None:
    """Give a number, whole or not; None for anything else."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
