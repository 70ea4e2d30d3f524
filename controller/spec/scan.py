"""The strict reader: bytes to a tree that knows where everything stands, or to complaints; no other way in.

YAML is read as a stream of events, and the tree is built from them in one pass, only as far as the limits allow:
libyaml's parser is iterative, while PyYAML's composer recurses and dies of 30,000 opening brackets. Every scalar
stays the text that was written: `no`, 1_2, 22:22 and 012345670123 mean nothing here. See YAML 1.2.2 §3.1 (stages).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from controller.model.desired import Complaint
from controller.spec.nodes import Entry, Fields, Items, Mark, Node, Text, kind_of

LARGEST: Final = 256 * 1024
DEEPEST: Final = 32
MOST_EVENTS: Final = 20_000
_MOST_COMPLAINTS: Final = 50
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_YAML_TAG: Final = "tag:yaml.org,2002:"
_LFS: Final = b"version https://git-lfs.github.com/spec/"

# What nobody sees: control characters, zero-width and bidirectional marks, line breaks that only YAML knows,
# characters that no text holds. In a diff they hide what a reviewer approves (CVE-2021-42574).
_UNSEEN: Final = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff\\U000e0000-\\U000e007f]|\\r(?!\\n)"
)
_DIRECTIVE: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a file holds; with complaints, `root` is only what could be made of the rest."""

    root: Fields | None
    complaints: tuple[Complaint, ...] = ()


def scan(content: bytes, file: str) -> Scanned:
    """Read one YAML document that is a mapping; `file` is its name for people. Never raises."""
    text = _decode(content, file)
    if isinstance(text, Complaint):
        return Scanned(root=None, complaints=(text,))
    unseen = _unseen(text, file)
    if unseen:
        return Scanned(root=None, complaints=unseen)
    tree = _Tree(file)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if not tree.take(event):
                break
    except yaml.YAMLError as problem:
        tree.complain(*_explain(problem, text))
    return tree.done()


def _decode(content: bytes, file: str) -> str | Complaint:
    what = ""
    if len(content) > LARGEST:
        what = f"has {len(content)} bytes, and at most {LARGEST} are read"
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        what = "is UTF-16; specs are UTF-8 without a byte order mark"
    elif content.startswith(b"\xef\xbb\xbf"):
        what = "begins with a byte order mark; save it as UTF-8 without one"
    elif content.startswith(_LFS):
        what = "is a pointer of git LFS, not the file itself"
    if what:
        return Complaint(path=file, line=1, column=1, what=what)
    try:
        return content.decode("utf-8", "strict")
    except UnicodeDecodeError as problem:
        before = content[: problem.start].decode("utf-8")
        line, column = _position(before, len(before))
        what = f"is not UTF-8: byte 0x{content[problem.start]:02x}"
        return Complaint(path=file, line=line, column=column, what=what)


def _unseen(text: str, file: str) -> tuple[Complaint, ...]:
    found: list[Complaint] = []
    for hit in _UNSEEN.finditer(text):
        line, column = _position(text, hit.start())
        what = f"{name_character(hit.group())} is refused: it cannot be seen"
        found.append(Complaint(path=file, line=line, column=column, what=what))
        if len(found) == _MOST_COMPLAINTS:
            break
    directive = _DIRECTIVE.match(text)
    if not found and directive:
        line, column = _position(text, directive.end() - 1)
        found.append(Complaint(path=file, line=line, column=column, what="directives (%) are refused"))
    return tuple(found)


def printable(text: str, longest: int = 60) -> str:
    """Give a text as a message may hold it: on one line, nothing hidden, not too long."""
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    return cut if cut.isprintable() else repr(cut)[1:-1]


def name_character(character: str) -> str:
    """Name a character that cannot be shown or looks like another."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def _position(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1


def _explain(problem: yaml.YAMLError, text: str) -> tuple[str, int, int]:
    mark = getattr(problem, "problem_mark", None)
    what = getattr(problem, "problem", None) or "cannot be read"
    if mark is None:
        return f"is not YAML: {what}", 1, 1
    lines = text.split("\n", mark.line + 1)
    if mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t":
        what = "a tab cannot indent; use spaces"
    return f"is not YAML: {what}", mark.line + 1, mark.column + 1


class _Frame:
    """A list or a mapping that is still being read."""

    __slots__ = ("at", "entries", "items", "key")

    def __init__(self, at: Mark, *, is_mapping: bool) -> None:
        self.at = at
        self.entries: dict[str, Entry] | None = {} if is_mapping else None
        self.items: list[Node] = []
        self.key: tuple[Mark, str | None] | None = None

    def node(self) -> Node:
        return Items(self.at, tuple(self.items)) if self.entries is None else Fields(self.at, self.entries)


class _Tree:
    """The tree so far. What is refused is named and left out, so that one reading names all of it."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._frames: list[_Frame] = []
        self._root: Node | None = None
        self._documents = 0
        self._events = 0
        self._complaints: list[Complaint] = []
        self._takes: Mapping[type[yaml.Event], Callable[..., None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: yaml.Event) -> bool:
        """Take one event; False when it is enough."""
        self._events += 1
        takes = self._takes.get(type(event))
        if takes:
            takes(event)
        if self._events > MOST_EVENTS:
            self._complain_at(event, f"holds too much: at most {MOST_EVENTS} values, keys and brackets are read")
        if len(self._frames) > DEEPEST:
            self._complain_at(event, f"is nested more than {DEEPEST} levels deep")
        fits = self._events <= MOST_EVENTS and len(self._frames) <= DEEPEST and self._documents <= 1
        return fits and len(self._complaints) < _MOST_COMPLAINTS

    def done(self) -> Scanned:
        """Give what was read."""
        root = self._root
        if not self._complaints and (root is None or (isinstance(root, Text) and root.value is None)):
            self.complain("is empty: an empty file does not mean that nothing is wanted", 1, 1)
        elif not self._complaints and root and not isinstance(root, Fields):
            self.complain(f"must be a mapping, not {kind_of(root)}", root.at.line, root.at.column)
        return Scanned(root=root if isinstance(root, Fields) else None, complaints=tuple(self._complaints))

    def complain(self, what: str, line: int, column: int) -> None:
        """Note what is wrong."""
        self._complaints.append(Complaint(path=self._file, line=line, column=column, what=what))

    def _complain_at(self, event: yaml.Event, what: str) -> None:
        at = self._mark(event)
        self.complain(what, at.line, at.column)

    def _mark(self, event: yaml.Event) -> Mark:
        mark = event.start_mark
        return Mark(self._file, mark.line + 1, mark.column + 1) if mark else Mark(self._file, 1, 1)

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self._complain_at(event, "a second document is refused")

    def _refuse_marks(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._complain_at(event, f"anchors (&{event.anchor}) are refused")
        if event.tag is not None:
            self._complain_at(event, f"tags ({printable(event.tag.replace(_YAML_TAG, '!!'))}) are refused")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_marks(event)
        is_plain = bool(event.implicit[0])
        hidden = None if is_plain else _UNSEEN.search(event.value)
        if hidden:
            self._complain_at(event, f"holds {name_character(hidden.group())}, which is refused: it cannot be seen")
        is_null = is_plain and event.value in _NULLS
        self._place(Text(self._mark(event), None if is_null else event.value, is_plain))

    def _alias(self, event: yaml.AliasEvent) -> None:
        self._complain_at(event, f"aliases (*{event.anchor}) are refused")
        self._place(Text(self._mark(event), None))

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        self._refuse_marks(event)
        self._frames.append(_Frame(self._mark(event), is_mapping=isinstance(event, yaml.MappingStartEvent)))

    def _close(self, event: yaml.CollectionEndEvent) -> None:
        del event
        self._place(self._frames.pop().node())

    def _place(self, node: Node) -> None:
        if not self._frames:
            self._root = node
            return
        frame = self._frames[-1]
        if frame.entries is None:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = (node.at, self._key(frame.entries, node))
        else:
            at, name = frame.key
            frame.key = None
            if name is not None:
                frame.entries[name] = Entry(at, node)

    def _key(self, entries: Mapping[str, Entry], node: Node) -> str | None:
        """Give the key's name, or None after saying why it is none."""
        if not isinstance(node, Text):
            self.complain(f"a key must be text, not {kind_of(node)}", node.at.line, node.at.column)
        elif node.value is None:
            self.complain("a key is empty", node.at.line, node.at.column)
        elif node.value == "<<" and node.plain:
            self.complain("merge keys (<<) are refused", node.at.line, node.at.column)
        elif node.value in entries:
            first = entries[node.value].at.line
            self.complain(f"duplicate key {node.value!r} (first at line {first})", node.at.line, node.at.column)
        else:
            return node.value
        return None
