"""Leave out of a native structure what says nothing by the table of rules: what is left is still native. Pure.

What is left means the very same: written as pairs, it gives the pairs that the whole gives.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from controller.targets.ecs.canon import NOWHERE, Bag, Free, Named, Pairs, Place, flatten
from controller.targets.ecs.native import Native

_SOMETHING: Final = ""  # any path will do to see whether there is anything to write


def trim(node: Native, place: Place) -> dict[str, object]:
    """Give the members of a structure that say something, lists without an order in one that is always the same."""
    return dict(_members(node, place))


def _members(node: Native, place: Place, but: frozenset[str] = frozenset()) -> Iterator[tuple[str, object]]:
    for key, value in node.items():
        below = place.at(key)
        if key in but:
            if value is not None and value != "":
                yield key, value
        elif flatten(value, _SOMETHING, below):
            yield key, _value(value, below)


def _value(value: object, place: Place) -> object:
    if isinstance(value, Mapping):
        if isinstance(place.rule, Free):
            return {key: inner for key, inner in sorted(value.items()) if inner is not None}
        return trim(value, place)
    return _items(value, place) if isinstance(value, list | tuple) else value


def _items(items: Sequence[object], place: Place) -> list[object]:
    inside, structures = place.item or NOWHERE, [item for item in items if isinstance(item, Mapping)]
    match place.rule:
        case Bag():
            return sorted({item for item in items if isinstance(item, str | int) and item != ""}, key=str)
        case Pairs(key=key, value=value):
            pairs = {str(one[key]): one.get(value) for one in structures if one.get(key) not in {None, ""}}
            return [{key: name, value: said} for name, said in sorted(pairs.items()) if said is not None]
        case Named(key=name, by=by):
            chosen = {name(one): one for one in structures}
            return [dict(_members(one, inside, by)) for _, one in sorted(chosen.items())]
        case _:
            kept = (item for item in items if item == "" or flatten(item, _SOMETHING, inside))
            return [_value(item, inside) for item in kept]
