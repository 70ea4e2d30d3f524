"""The series of every target, written by hand: a client library needs half a second for what takes this a few ms.

Each series name with its fixed label is one column over all targets. Most targets have the same value in most of
them (0 rollouts failed, 1 synced), so a column keeps only what differs, and stays compressed until it changes.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from threading import Lock
from typing import Final, TypeAlias

from controller.model.names import EnvName, TargetName
from controller.model.status import TargetStatus
from controller.telemetry.families import FAMILIES, RESULTS, THE_INFO, Column, Family, escape, labels_of
from controller.telemetry.squeeze import Part, squeeze

Key: TypeAlias = tuple[EnvName, TargetName]
Labels: TypeAlias = Mapping[Key, bytes]


class _Series:
    """One column: what follows the common labels, for each target that has not the usual value."""

    def __init__(self, family: Family, column: Column) -> None:
        self._head = f"{family.name}{{".encode()
        self._usual = _rest(column.label, column.usual)
        self._odd: dict[Key, bytes] = {}
        self._part: Part | None = None
        self.column = column

    def put(self, key: Key, rest: bytes | None) -> None:
        """Set what one target has; None is the usual."""
        wanted = None if rest == self._usual else rest
        if self._odd.get(key) == wanted:
            return
        if wanted is None:
            del self._odd[key]
        else:
            self._odd[key] = wanted
        self._part = None

    def touch(self) -> None:
        """Forget what was compressed: there are other targets now."""
        self._part = None

    def lines(self, labels: Labels) -> list[bytes]:
        """Write a line for each target, in a few pieces."""
        usual = [label for key, label in labels.items() if key not in self._odd] if self._odd else labels.values()
        found = [self._head + labels[key] + rest for key, rest in self._odd.items()]
        return [*found, self._head, (self._usual + self._head).join(usual), self._usual] if usual else found

    def squeezed(self, labels: Labels) -> Part:
        """Compress these lines, unless that was done and nothing changed since."""
        if self._part is None:
            self._part = squeeze(b"".join(self.lines(labels)))
        return self._part


class Table:
    """The newest status of every target, as series. Any thread may call any method."""

    def __init__(self) -> None:
        """Begin with no targets."""
        self._lock: Final = Lock()
        self._labels: dict[Key, bytes] = {}
        self._counts: dict[Key, dict[str, int]] = {}
        self._series = tuple(
            (family, tuple(_Series(family, column) for column in family.columns)) for family in FAMILIES
        )
        self._all = tuple(series for _, family in self._series for series in family)

    def show(self, statuses: Iterable[TargetStatus]) -> None:
        """Take over the newest status of these targets; a new one has all its series at once."""
        with self._lock:
            for status in statuses:
                self._show(status)

    def count(self, key: Key, result: str) -> None:
        """Count a rollout that ended; one of a target that was never shown counts from when it is."""
        with self._lock:
            counts = self._counts.setdefault(key, dict.fromkeys(RESULTS, 0))
            counts[result] += 1
            if key in self._labels:
                self._show_counts(key)

    def keep(self, env: EnvName, targets: Iterable[TargetName]) -> None:
        """Drop every series of this environment's targets but these."""
        kept = {(env, target) for target in targets}
        with self._lock:
            for key in [key for key in self._labels if key[0] == env and key not in kept]:
                self._drop(key)
            self._counts = {key: n for key, n in self._counts.items() if key[0] != env or key in kept}

    def text(self, *, openmetrics: bool) -> bytes:
        """Write everything, uncompressed."""
        found: list[bytes] = []
        with self._lock:
            for family, columns in self._series:
                found.append(family.head(openmetrics=openmetrics))
                for series in columns:
                    found += series.lines(self._labels)
        return b"".join(found)

    def parts(self, *, openmetrics: bool) -> list[Part]:
        """Write everything, compressed; columns that did not change are not written again."""
        found: list[Part] = []
        with self._lock:  # for all of them: a target must not be seen in two phases
            for family, columns in self._series:
                found.append(_head(family, openmetrics=openmetrics))
                found += [series.squeezed(self._labels) for series in columns]
        return found

    def _show(self, status: TargetStatus) -> None:
        key = (status.env, status.target)
        if key not in self._labels:
            self._labels[key] = f'environment="{escape(status.env)}",target="{escape(status.target)}"'.encode()
            self._touch()
        for series in self._all:
            if series.column is THE_INFO:
                series.put(key, f"{labels_of(status)}}} 1\n".encode())
            elif series.column.of is not None:
                series.put(key, _rest(series.column.label, series.column.of(status)))
        if key in self._counts:
            self._show_counts(key)

    def _show_counts(self, key: Key) -> None:
        for series in self._all:
            if series.column.counts:
                counted = self._counts[key][series.column.counts]
                series.put(key, _rest(series.column.label, str(counted)))

    def _drop(self, key: Key) -> None:
        del self._labels[key]
        for series in self._all:
            series.put(key, None)
        self._touch()

    def _touch(self) -> None:
        for series in self._all:
            series.touch()


@lru_cache(maxsize=4096)
def _rest(label: str, value: str) -> bytes:
    return f"{label}}} {value}\n".encode()


@lru_cache(maxsize=64)
def _head(family: Family, *, openmetrics: bool) -> Part:
    return squeeze(family.head(openmetrics=openmetrics))
