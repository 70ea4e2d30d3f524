"""Plans as a comment on a pull request, in GitHub's Markdown; whatever a value holds, it stays a value.

Everything that was read from somewhere is inside a code span or a fenced block, where neither Markdown nor HTML,
links or mentions mean anything; a fence is longer than any run of backticks within it (GitHub Flavored Markdown
Spec, "Code spans" and "Fenced code blocks").
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.cli.differing import masked
from controller.model.manifest import Scalar
from controller.plan.compare import Difference
from controller.telemetry.redact import redactor
from controller.telemetry.visible import visible

LONGEST: Final = 65_536
"""What GitHub takes of one comment, in characters; counted here in bytes, which are never fewer."""

MARK: Final = "<!-- trueup plan -->"
"""What a job finds its earlier comment by, to put the new one in its place."""

_KEPT_BACK: Final = 400
_DIFF: Final = 12_000
_VALUE: Final = 500
_TEXT: Final = 1_000
_PROBLEMS: Final = 50
_TICKS: Final = re.compile(r"`+")
_REDACT: Final = redactor()


class State(StrEnum):
    """How a target stands, in the word of the summary."""

    CHANGES = "changes"
    WAITS = "waits"
    BLOCKED = "blocked"
    UNREAD = "unread"
    REMOVED = "removed"
    RESTS = "as it should be"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One list of differences under a title."""

    title: str
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One target; `always` says that it is told of although nothing would be done."""

    name: str
    state: State
    cause: str
    blocks: tuple[Block, ...] = ()
    calls: tuple[str, ...] = ()
    waits: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    always: bool = False

    @property
    def is_told(self) -> bool:
        """Whether there is anything to say of it."""
        return self.always or self.state is not State.RESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One environment; `unread` says why nothing is known of it, `spec` what its files say otherwise of it all."""

    env: str
    about: str = ""
    unread: str = ""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    spec: tuple[Difference, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def is_told(self) -> bool:
        """Whether there is anything to say of it."""
        return bool(self.unread or self.problems or self.spec or any(entry.is_told for entry in self.entries))


def markdown(
    sections: Sequence[Section], *, about: str = "", again: str = "trueup plan", longest: int = LONGEST
) -> str:
    """Write a comment of at most `longest` bytes; `again` is the command that shows what was left out."""
    told = [section for section in sections if section.is_told]
    first = "\n\n".join(part for part in (MARK, about) if part)
    if not told:
        targets = sum(len(section.entries) for section in sections)
        looked = f"; {_count(targets, 'target')} looked at" if targets else ""
        return f"{first}\n\n**trueup plan:** nothing to do{looked}."
    page = _Page(first, longest - _KEPT_BACK)
    left = 0
    for section in told:
        if not page.add(_head(section)):
            left += 1
            continue
        entries = [entry for entry in section.entries if entry.is_told]
        for place, entry in enumerate(entries):
            if not page.add(_entry(entry)):
                page.end(f"… and {_count(len(entries) - place, 'more target')}; run `{again} {section.env}`")
                break
    if left:
        page.end(f"… and {_count(left, 'more environment')}; run `{again}`")
    return page.text


class _Page:
    """A text that takes parts while there is room for them."""

    def __init__(self, first: str, room: int) -> None:
        self.text = first
        self._room = room
        self._size = len(first.encode())

    def add(self, part: str) -> bool:
        """Add a part if it fits; once one did not, none does, so that what is left out is the end."""
        size = len(part.encode()) + 2
        if self._size + size > self._room:
            self._room = 0
            return False
        self.end(part)
        return True

    def end(self, part: str) -> None:
        """Add a part that room was kept back for."""
        self.text += f"\n\n{part}"
        self._size += len(part.encode()) + 2


def _head(section: Section) -> str:
    about = f" at {code(section.about)}" if section.about else ""
    parts = [f"### trueup: {code(section.env)}{about}", _summary(section)]
    if section.problems:
        more = len(section.problems) - _PROBLEMS
        lines = [f"- {code(problem)}" for problem in section.problems[:_PROBLEMS]]
        parts.append("\n".join([*lines, *([f"- … and {_count(more, 'more problem')}"] if more > 0 else [])]))
    parts += [code(note) for note in section.notes]
    if section.spec:
        parts.append(_diff(section.spec))
    return "\n\n".join(parts)


def _summary(section: Section) -> str:
    if section.unread:
        return f"Could not be read: {code(section.unread)}"
    counts = Counter(entry.state for entry in section.entries)
    said = ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state] or state in _ALWAYS)
    broken = f" **{_count(len(section.problems), 'problem')} in the specs.**" if section.problems else ""
    return f"{_count(len(section.entries), 'target')}: {said}.{broken}"


_ALWAYS: Final = (State.CHANGES, State.WAITS, State.BLOCKED, State.UNREAD)


def _entry(entry: Entry) -> str:
    parts = [f"#### {code(entry.name)}: {entry.state.value}", code(entry.cause)]
    for block in entry.blocks:
        if block.differences:
            title = f"{block.title[:1].upper()}{block.title[1:]}:" if block.title else ""
            parts += [*([title] if title else []), _diff(block.differences)]
    calls = ", then ".join(map(code, entry.calls))
    lines = [f"- would call {calls or 'nothing'}"] if entry.state is not State.REMOVED else []
    lines += [f"- waits for {code(gate)}: {code(why)}" for gate, why in entry.waits]
    lines += [f"- {code(note)}" for note in entry.notes]
    return "\n\n".join([*parts, "\n".join(lines)])


def _diff(differences: Sequence[Difference]) -> str:
    """Write a fenced block of - and + lines; what would make it too long is counted only."""
    lines: list[str] = []
    size, left = 0, 0
    for difference in differences:
        pair = list(_pair(difference))
        size += sum(len(line.encode()) + 1 for line in pair)
        if left or size > _DIFF:
            left += 1
        else:
            lines += pair
    if left:
        lines.append(f"# … and {_count(left, 'more difference')}")
    text = "\n".join(lines)
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}diff\n{text}\n{fence}"


def _pair(difference: Difference) -> Iterator[str]:
    path = _line(difference.path, _VALUE)
    there, then = (_value(difference.path, one) for one in (difference.live, difference.wanted))
    hint = " (another value)" if there == then else ""
    if difference.live is not None:
        yield f"- {path}: {there}"
    if difference.wanted is not None:
        yield f"+ {path}: {then}{hint}"


def _value(path: str, value: Scalar) -> str:
    shown = masked(path, value)
    if isinstance(shown, bool):
        return str(shown).lower()
    return _line(str(shown), _VALUE) or '""'


def code(text: str) -> str:
    """Put foreign text into a code span: one line, and none of it is Markdown, HTML, a link or a mention."""
    shown = _line(_REDACT(text), _TEXT)
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if not shown or "`" in {shown[0], shown[-1]} or shown[0] == shown[-1] == " " else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown else "` `"


def _line(text: str, longest: int) -> str:
    return visible(text, longest)


def _longest_run(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def states(blockers: Iterable[str]) -> State:
    """Tell what only a person or the spec moves from what moves by itself once it may, by the names of blockers."""
    held = {"pause", "quarantine", "stalled", "held", "source", "mode"}
    return State.BLOCKED if held.intersection(blockers) else State.WAITS
