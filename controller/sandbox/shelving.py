"""What people and lifecycle policies do to images, as orders in JSON: moved, deleted, built anew, lost."""

from collections.abc import Callable, Mapping, Sequence

from controller.sandbox.native import Native, text, texts
from controller.sandbox.registry import Registry

_KEYS: Mapping[str, frozenset[str]] = {
    "move": frozenset({"to", "keep"}),
    "delete": frozenset(),
    "platforms": frozenset({"are"}),
    "lose": frozenset(),
    "find": frozenset(),
}
_TAKES = (
    "an order is {move: IMAGE:TAG, to: IMAGE or DIGEST, keep: true}, {delete: IMAGE}, "
    "{platforms: IMAGE:TAG, are: [linux/arm64]}, {lose: REPOSITORY} or {find: REPOSITORY}"
)


def change(registry: Registry, document: object, at: float) -> None:
    """Carry out one order or a list of them; ValueError says what is wrong, and nothing is changed by its form.

    `lose` makes a repository missing, `find` brings it back as it was.
    """
    listed: Sequence[object] = document if isinstance(document, list) else [document]
    orders = [_order(one) for one in listed]
    for what, order in orders:
        _DO[what](registry, order, at)


def _order(document: object) -> tuple[str, Native]:
    if not isinstance(document, Mapping):
        raise ValueError(_TAKES)  # noqa: TRY004 - one error for a document that is wrong
    named = [key for key in _KEYS if key in document]
    if len(named) != 1 or not set(document) <= {*named, *_KEYS[named[0]]} or not text(document, named[0]):
        raise ValueError(_TAKES)
    return named[0], document


def _move(registry: Registry, order: Native, at: float) -> None:
    keep = order.get("keep", True)
    if not text(order, "to") or not isinstance(keep, bool):
        raise ValueError(_TAKES)
    registry.move(text(order, "move"), text(order, "to"), keep=keep, at=at)


def _delete(registry: Registry, order: Native, at: float) -> None:
    del at
    registry.delete(text(order, "delete"))


def _platforms(registry: Registry, order: Native, at: float) -> None:
    registry.runs_on(text(order, "platforms"), texts(order, "are"), at=at)


def _lose(registry: Registry, order: Native, at: float) -> None:
    del at
    registry.shelf(text(order, "lose")).lost = True


def _find(registry: Registry, order: Native, at: float) -> None:
    del at
    registry.shelf(text(order, "find")).lost = False


_DO: Mapping[str, Callable[[Registry, Native, float], None]] = {
    "move": _move,
    "delete": _delete,
    "platforms": _platforms,
    "lose": _lose,
    "find": _find,
}
