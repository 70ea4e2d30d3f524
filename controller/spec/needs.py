"""What is wrong in the order of targets: one that needs itself, by others too, or one that there is not. Pure."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from controller.model.names import TargetName
from controller.spec.scalars import show, suggest

Needs: TypeAlias = Mapping[TargetName, tuple[TargetName, ...]]


def misplaced(needs: Needs, known: Collection[TargetName] | None) -> Iterator[tuple[TargetName, TargetName, str]]:
    """Give each target, the need of it that is wrong, and what is; `known` are all targets, None if not all are."""
    circling = _circling(needs)
    for name, others in sorted(needs.items()):
        for other in others:
            way = way_between(other, name, needs) if name in circling else None
            if known is not None and other not in known:
                yield name, other, f"{show(other)} is not a target of this environment{suggest(other, known)}"
            elif other == name:
                yield name, other, "needs itself"
            elif way:
                yield name, other, f"is a circle: {name} needs {', which needs '.join(way)}"


def _circling(needs: Needs) -> frozenset[TargetName]:
    """Take away again and again what needs nothing that is left; circles, and what leads into them, remain."""
    left = dict(needs)
    while ended := [name for name, others in left.items() if not any(other in left for other in others)]:
        for name in ended:
            del left[name]
    return frozenset(left)


def way_between(begin: TargetName, end: TargetName, needs: Needs) -> tuple[TargetName, ...] | None:
    """Find the shortest way from one target to another along what is needed."""
    ways: deque[tuple[TargetName, ...]] = deque([(begin,)])
    seen = {begin}
    while ways:
        way = ways.popleft()
        if way[-1] == end:
            return way
        for other in needs.get(way[-1], ()):
            if other not in seen:
                seen.add(other)
                ways.append((*way, other))
    return None
