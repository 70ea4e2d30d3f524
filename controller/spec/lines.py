"""What stands in the lines of a target, read before there is a model of it."""

from collections.abc import Mapping

from controller.spec.nodes import Fields, Items, Mark, Node, Text, mark_of
from controller.spec.target_schema import Follow


def service_mark(at: Mark, node: Node) -> Mark:
    """Find where a target names its service, or where its own name stands if the service is a default."""
    return mark_of(node, ("service",)) if isinstance(node, Fields) and "service" in node.entries else at


def need_marks(node: Node) -> Mapping[str, Mark]:
    """Find where a target names each that it needs; nothing if that is a default."""
    needs = node.get("needs") if isinstance(node, Fields) else None
    items = needs.items if isinstance(needs, Items) else ()
    return {item.value: item.at for item in items if isinstance(item, Text) and item.value is not None}


def images_of(node: Node | None) -> Mapping[str, str]:
    """Give the image of each container, written alone or beside what is kept of its tag."""
    entries = node.entries if isinstance(node, Fields) else {}
    given = {key: text_at(entry.value, "image") or text_at(entry.value) for key, entry in entries.items()}
    return {key: image for key, image in given.items() if image}


def on_tags(node: Node | None) -> frozenset[str]:
    """Name the containers whose images are run by their tags."""
    entries = node.entries if isinstance(node, Fields) else {}
    return frozenset(key for key, entry in entries.items() if text_at(entry.value, "follow") == Follow.TAG)


def paths_in(node: Node | None) -> tuple[str, ...]:
    """Give the path of each thing that is passed over."""
    items = node.items if isinstance(node, Items) else ()
    return tuple(text_at(item, "path") for item in items)


def text_at(node: Node, *path: str) -> str:
    """Give the text at a path, or nothing."""
    found = node.get(*path) if isinstance(node, Fields) else None if path else node
    return found.value or "" if isinstance(found, Text) else ""


def is_true(node: Node | None) -> bool:
    """Whether it says true."""
    return isinstance(node, Text) and node.value == "true"
