"""A target as it is written, kept with it, so that it can be read again with the version that it follows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from controller.model.names import Commit, EnvName
from controller.model.packed import Packed
from controller.spec.head import Ground
from controller.spec.nodes import Entry, Fields, Items, Mark, Node, Text
from controller.spec.tables import Files, Shelf

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | None"
_PLAIN: Final = "plain"
_ITEMS: Final = "items"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All that a target was read from: its lines over what is laid under them, and the files that it names."""

    name: str
    ground: Ground
    lines: Fields
    shelf: Shelf
    view: Files
    file: str
    commit: Commit


def write_words(name: str, ground: Ground, lines: Fields, shelf: Shelf, file: str, commit: Commit) -> Packed:
    """Write it down."""
    said = {
        "name": name,
        "ground": [ground.env, ground.account, ground.region, ground.role],
        "tags": ground.tags,
        "lines": _written(lines),
        "folder": shelf.folder,
        "path": shelf.path,
        "own": list(shelf.own(str(ground.env))),
        "files": {path: content.decode() for path, content in shelf.seen.items() if isinstance(content, bytes)},
        "file": file,
        "commit": commit,
    }
    return Packed.of(json.dumps(said, separators=(",", ":")))


def read_words(words: Packed) -> Words:
    """Read it back; where in its file a line stood is not known any more."""
    said = json.loads(str(words))
    env, account, region, role = said["ground"]
    at = Mark(said["file"], 0, 0)
    lines = _read(said["lines"], at)
    files = dict.fromkeys(said["own"], b"")  # who wrote it counts; what it says is in the lines
    files |= {path: content.encode() for path, content in cast(Mapping[str, str], said["files"]).items()}
    view = Files(files=files, commit=Commit(said["commit"]), path=said["path"])
    ground = Ground(
        env=EnvName(env), account=account, region=region, role=role, base=Fields(at, {}), tags=said["tags"]
    )
    return Words(
        name=said["name"],
        ground=ground,
        lines=lines if isinstance(lines, Fields) else Fields(at, {}),
        shelf=Shelf(view, said["folder"]),
        view=view,
        file=said["file"],
        commit=view.commit,
    )


def _written(node: Node) -> Tree:
    if isinstance(node, Text):
        return [_PLAIN, node.value] if node.plain or node.value is None else node.value
    if isinstance(node, Items):
        return [_ITEMS, *map(_written, node.items)]
    return {key: _written(entry.value) for key, entry in node.entries.items()}


def _read(tree: Tree, at: Mark) -> Node:
    if isinstance(tree, dict):
        return Fields(at, {key: Entry(at, _read(value, at)) for key, value in tree.items()})
    if isinstance(tree, list) and tree[0] == _ITEMS:
        return Items(at, tuple(_read(item, at) for item in tree[1:]))
    if isinstance(tree, list):
        value = tree[1]
        return Text(at, value if isinstance(value, str) else None, plain=True)
    return Text(at, tree)
