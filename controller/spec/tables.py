"""What the spec is told from outside: the kinds there are, and the files it may read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controller.model.application import Application
from controller.model.gate import Gate
from controller.model.names import Commit
from controller.shaping import Shaping


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The kinds of targets, each with its reading of what a spec declares, and the dataclasses of guards and gates.

    `not_before` makes the gate that a target's own `notBefore` is, `signed` that of an application whose tags have
    to be signed.
    """

    targets: Mapping[str, Shaping]
    guards: Mapping[str, type[Gate]]
    gates: Mapping[str, type[Gate]]
    not_before: Callable[[datetime], Gate]
    signed: Callable[[Application], Gate]


class View(Protocol):
    """The folder of specs at one commit; a source's snapshot is one.

    `files` and `rejected` (with the reason) are keyed by the name below the folder, `path` is the folder's own.
    """

    @property
    def commit(self) -> Commit:
        """The commit it was read at."""
        ...

    @property
    def path(self) -> str:
        """The folder's name for people."""
        ...

    @property
    def files(self) -> Mapping[str, bytes]:
        """What may be read."""
        ...

    @property
    def rejected(self) -> Mapping[str, str]:
        """What is there and may not be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """A view of files that are at hand."""

    files: Mapping[str, bytes]
    commit: Commit
    path: str = ""
    rejected: Mapping[str, str] = field(default_factory=dict)


def shown(view: View, name: str) -> str:
    """Give a file's name as people know it."""
    return f"{view.path}/{name}" if view.path else name


class Shelf:
    """Gives the files that one target refers to, and remembers which; `folder` is the environment's."""

    def __init__(self, view: View, folder: str) -> None:
        self._view = view
        self.folder = folder
        self.seen: dict[str, bytes | str | None] = {}

    def find(self, name: str) -> tuple[str, bytes | str] | None:
        """Find a file in the environment's own folder, else in the folder of specs: its name, and its content.

        What is there and may not be read gives the reason instead of the content.
        """
        for candidate in (f"{self.folder}/{name}", name) if self.folder else (name,):
            found = look_up(self._view, candidate)
            self.seen[candidate] = found
            if found is not None:
                return candidate, found
        return None

    def read(self, env: str) -> Iterator[str]:
        """Name for people what a target is made of beside its own file: its environment's, and what it found."""
        yield from (shown(self._view, name) for name in self.own(env))
        yield from (shown(self._view, name) for name, found in self.seen.items() if found is not None)

    def own(self, env: str) -> Iterator[str]:
        """Name the file of an environment itself, below the folder of specs."""
        yield from (name for name in (f"{env}.yaml", f"{env}/environment.yaml") if name in self._view.files)

    @property
    def path(self) -> str:
        """The name of the folder of specs for people."""
        return self._view.path

    def names(self) -> Iterator[str]:
        """Name the files that could have been meant, as a spec would."""
        for name in self._view.files:
            yield name.removeprefix(f"{self.folder}/") if self.folder else name


def look_up(view: View, name: str) -> bytes | str | None:
    """Give a file's content, or why it may not be read, or None."""
    content = view.files.get(name)
    return view.rejected.get(name) if content is None else content
